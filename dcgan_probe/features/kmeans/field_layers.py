"""Layers of k-means within groups of maps of the layer below.

Each field covers a few maps of the layer below, in every window of 2 x 2 positions. Windows are normalized and
whitened like patches of pixels, and encoded by the field's centroids with the triangle activation, so F fields of K
centroids produce F K maps. Source: Coates and Ng, "Selecting receptive fields in deep networks", 2011.

Departure from the paper: whitening keeps only the leading principal axes. With 200 maps, a window has 800 numbers, and
whitening all of them would cost eight times as much as their products with 100 centroids. The default of 30 axes was
chosen among 15, 30 and 100, at a small size, on images held out from CIFAR-10's training split.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ...runtime import numpy_generator, torch_generator
from ..settings import WINDOW, FieldConfig, Start
from .lloyd import first_centroids, lloyd
from .patches import Whitening, normalize
from .receptive_fields import choose_fields

MAP_VARIANCE = 0.1
"""Added to the variance of a window's values before the division by its square root."""


@dataclass(frozen=True)
class FieldLayer:
    """F fields of T maps each, with their whitening to P axes and their K centroids."""

    maps: torch.Tensor
    """Indices of each field's maps, int64 (F, T)."""
    means: torch.Tensor
    """Means of normalized windows, float32 (F, 4 T)."""
    matrices: torch.Tensor
    """Whitening matrices, float32 (F, 4 T, P)."""
    centroids: torch.Tensor
    """Centroids of whitened windows, float32 (F, K, P)."""

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """Tensors that determine an encoding, by name."""
        return dict(vars(self))

    @property
    def count(self) -> int:
        """Number of output maps, F K."""
        return self.centroids.shape[0] * self.centroids.shape[1]

    def to(self, device: torch.device) -> "FieldLayer":
        """Return a copy on a device."""
        return FieldLayer(**{name: tensor.to(device) for name, tensor in vars(self).items()})

    def encode(self, maps: torch.Tensor) -> torch.Tensor:
        """Encode maps (n, rows, columns, m) as float32 (n, rows - 1, columns - 1, F K), field by field."""
        count, rows, columns = maps.shape[0], maps.shape[1] - WINDOW + 1, maps.shape[2] - WINDOW + 1
        fields, centroids = self.centroids.shape[:2]
        result = torch.empty((count * rows * columns, fields, centroids), device=maps.device)
        values = maps.flatten(0, 2).T.contiguous()  # (m, n rows columns), where a field's maps are whole rows
        for field, chosen in enumerate(self.maps):
            points = self._whitened_windows(values[chosen], maps.shape[:3], field)
            result[:, field] = triangle(points.flatten(0, 2), self.centroids[field])
        return result.view(count, rows, columns, fields * centroids)

    def _whitened_windows(self, own: torch.Tensor, shape: torch.Size, field: int) -> torch.Tensor:
        """Normalize and whiten every window of a field, (n, rows - 1, columns - 1, P), without copying windows.

        ``own`` is the field's maps, (T, n rows columns), and ``shape`` (n, rows, columns).

        A window ``x`` of ``d`` numbers, with mean ``m`` and deviation ``s``, becomes ``((x - m) / s - mean) W``, which
        is ``(x W - m 1'W) / s - mean W``. ``x W`` is the sum over the window's positions ``p`` of ``x_p W_p``, so one
        product serves all windows that contain a position.
        """
        matrix = self.matrices[field]  # (4 T, P)
        d, axes = matrix.shape
        mean = _window_sums(own.sum(dim=0).view(*shape, 1)) / d
        squares = _window_sums((own * own).sum(dim=0).view(*shape, 1))
        variance = (squares - d * mean * mean).clamp_(min=0.0) / (d - 1)
        beside = torch.cat(matrix.split(d // WINDOW**2), dim=1)  # (T, 4 P)
        parts = (own.T @ beside).view(*shape, WINDOW**2, axes)
        products = sum(part[..., place, :] for place, part in enumerate(_places(parts)))
        return (products - mean * matrix.sum(dim=0)) * torch.rsqrt(variance + MAP_VARIANCE) - self.means[field] @ matrix


def learn_field_layer(
    windows: torch.Tensor,
    config: FieldConfig,
    *,
    start: Start,
    iterations: int,
    seed: int,
    device: torch.device,
    on_field: Callable[[int], None] = lambda done: None,
) -> FieldLayer:
    """Choose the fields, and learn the whitening and the centroids of each.

    Parameters
    ----------
    windows
        float32 (n, 4, m) on the CPU, from ``random_windows``.
    start, iterations
        First centroids, and Lloyd's iterations; 0 iterations from ``points`` keep random windows as centroids.
    on_field
        Called with the number of fields done.
    """
    # Maps are compared at the same position of the window.
    chosen = choose_fields(
        windows[:, 0].numpy(), config.fields, config.field_maps, numpy_generator(seed, "receptive fields")
    )
    maps = torch.from_numpy(chosen)
    whitenings, centroids = [], []
    for number, field in enumerate(maps):
        points = normalize(windows[:, :, field].flatten(1), MAP_VARIANCE)
        whitenings.append(Whitening.fit(points.numpy(), config.field_components))
        generator = torch_generator(seed, "centroids of field", number)
        points = whitenings[-1](points).to(device)
        first = first_centroids(points, config.field_centroids, start, generator)
        centroids.append(lloyd(points, first, iterations=iterations).cpu())
        on_field(number + 1)
    means, matrices = (torch.stack([getattr(each, name) for each in whitenings]) for name in ("mean", "matrix"))
    return FieldLayer(maps, means, matrices, torch.stack(centroids))


def random_windows(maps: torch.Tensor, count: int, generator: np.random.Generator) -> torch.Tensor:
    """Cut ``count`` windows at random places of the maps (n, rows, columns, m) of each image, (n * count, 4, m)."""
    images, rows, columns = maps.shape[:3]
    image = np.repeat(np.arange(images), count)
    row, column = (generator.integers(0, side - WINDOW + 1, images * count) for side in (rows, columns))
    return torch.stack([maps[image, row + i, column + j] for i in range(WINDOW) for j in range(WINDOW)], dim=1)


def _places(maps: torch.Tensor) -> list[torch.Tensor]:
    """Return maps (n, rows, columns, ...) at each position of all windows, four (n, rows - 1, columns - 1, ...)."""
    rows, columns = (side - WINDOW + 1 for side in maps.shape[1:3])
    return [maps[:, i : i + rows, j : j + columns] for i in range(WINDOW) for j in range(WINDOW)]


def _window_sums(maps: torch.Tensor) -> torch.Tensor:
    """Sum maps over the positions of each window."""
    return torch.stack(_places(maps)).sum(dim=0)


def triangle(points: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """Compute ``max(0, m - z_j)``, (n, k), for distances z of points (n, d) to centroids (k, d) with mean m."""
    distances = torch.addmm((centroids * centroids).sum(dim=1), points, centroids.T, alpha=-2.0)
    distances += (points * points).sum(dim=1, keepdim=True)
    # Rounding may leave the square of a small distance negative.
    distances.clamp_(min=0.0).sqrt_()
    return torch.sub(distances.mean(dim=1, keepdim=True), distances, out=distances).clamp_(min=0.0)
