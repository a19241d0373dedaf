"""Takes a dictionary of patches, gives features of whole images: the dense triangle encoding, pooled; knows no file.

For each patch ``x`` at each position, with its distances ``z_j`` to the centroids and their mean ``m``::

    triangle   f_j = max(0, m - z_j)        hard   f_j = 1 for the nearest centroid, else 0

summed over each cell of a grid (quadrants for a grid of 2). The sums of ``max(0, m - z_j)`` are those of ``m`` less
those of ``min(z_j, m)``: one pass over the distances less. Source: Coates, Lee and Ng, "An analysis of single-layer
networks in unsupervised feature learning", 2011, sections 3.2.2 and 3.3.
"""

import itertools
import math
from typing import Any, Literal, get_args

import numpy as np
import torch

from ..images import ImageSet
from ..runtime import UserError
from ..storage import fingerprint_tensors
from .dictionaries import Dictionary
from .encoders import Layers, check_shape
from .feature_set import EncoderOrigin
from .patches import PatchGrid, normalise

Activation = Literal["triangle", "hard"]
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
CPU_IMAGES, GPU_BYTES = 1, 1 << 30
"""Images whose distances are held at once: on a CPU one, so that they stay in its cache."""
PATCH_IMAGES, BATCH = 16, 128


class KMeansEncoder:
    """One layer of centroids over every patch of an image, summed over the cells of a grid."""

    def __init__(
        self,
        dictionary: Dictionary,
        trained_on: ImageSet,
        *,
        stride: int = 1,
        activation: Activation = "triangle",
        grid: int = 2,
        device: torch.device,
    ):
        """Take a dictionary to a device.

        Parameters
        ----------
        trained_on
            The images that the dictionary was learnt from; others of their shape can be encoded.
        stride
            Pixels between the corners of neighbouring patches.
        grid
            Cells along a side; their borders lie at rounded positions, a half upwards (13.5 is 14).
        """
        if activation not in ACTIVATIONS:
            raise UserError(f"got activation {activation!r}, expected {' or '.join(ACTIVATIONS)}", option="activation")
        self._shape = trained_on.images.shape[1:]
        self._patches = PatchGrid(dictionary.config.patch, stride)
        rows, columns = (self._patches.positions(side) for side in self._shape[1:])
        if not 1 <= grid <= min(rows, columns):
            raise UserError(
                f"a grid of {grid} does not fit {rows} x {columns} patch positions; take 1 to {min(rows, columns)}",
                option="grid",
            )
        self._positions = rows, columns
        self._bounds = cell_bounds(rows, grid), cell_bounds(columns, grid)
        self._whitening, self._activation, self._device = dictionary.whitening.to(device), activation, device
        centroids = dictionary.centroids.to(device)
        squares = (centroids * centroids).sum(dim=1)
        # [x, |x|^2, 1] times this is |x - c|^2.
        self._products = torch.cat([-2.0 * centroids.T, torch.ones_like(squares)[None], squares[None]])
        self._count = len(centroids)
        one = 4 * rows * columns * self._count
        self._together = CPU_IMAGES if device.type == "cpu" else max(1, min(PATCH_IMAGES, GPU_BYTES // one))
        self.layers: Layers = {"kmeans": (0, self._count * grid**2)}
        config, weights = dictionary.config, fingerprint_tensors(dictionary.tensors)
        self.origin = EncoderOrigin(
            features="kmeans",
            network=f"{self._count}",
            trained_on=trained_on.name,
            trained_on_images=len(trained_on),
            images_seen=len(trained_on),
            run="",
            seed=config.seed,
            weights=weights,
        )
        self.batch = BATCH
        self.settings: dict[str, Any] = {
            "encoder": "kmeans",
            "weights": weights,
            "learning": config.learning,
            "whiten": config.whiten,
            "patch": config.patch,
            "stride": stride,
            "activation": activation,
            "grid": grid,
            "layers": ["kmeans"],
        }

    def check(self, images: ImageSet) -> None:
        """Raise ``UserError`` for images of another shape than those that the dictionary was learnt from."""
        check_shape(images, self._shape, "the centroids come from")

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Give float32 (n, centroids * grid^2), centroid by centroid, of uint8 (n, channels, H, W)."""
        features = np.empty((len(images), self.layers["kmeans"][1]), np.float32)
        distances = torch.empty((self._together, *self._positions, self._count), device=self._device)
        with torch.inference_mode():
            for start in range(0, len(images), PATCH_IMAGES):
                pixels = torch.from_numpy(np.ascontiguousarray(images[start : start + PATCH_IMAGES]))
                patches = self._extended_patches(pixels.to(self._device))
                for number, some in enumerate(patches.split(self._together)):
                    first = start + number * self._together
                    features[first : first + len(some)] = self._pooled(some, distances).cpu().numpy()
        return features

    def _extended_patches(self, images: torch.Tensor) -> torch.Tensor:
        """Give ``[x, |x|^2, 1]`` of the whitened patches, (n, positions, d + 2)."""
        patches = self._whitening(normalise(self._patches.of(images)))
        squares = (patches * patches).sum(dim=2, keepdim=True)
        return torch.cat([patches, squares, torch.ones_like(squares)], dim=2)

    def _pooled(self, patches: torch.Tensor, distances: torch.Tensor) -> torch.Tensor:
        """Encode patches (n, positions, d + 2) and pool the codes, (n, centroids * cells); distances are scratch."""
        distances = distances[: len(patches)]
        flat = distances.view(-1, self._count)
        torch.mm(patches.flatten(0, 1), self._products, out=flat)
        if self._activation == "hard":
            nearest = flat.argmin(dim=1, keepdim=True)
            flat.zero_().scatter_(1, nearest, 1.0)
            cells = self._sums(distances)
        else:
            # Rounding may leave the square of a small distance negative.
            means = flat.clamp_(min=0.0).sqrt_().mean(dim=1, keepdim=True)
            torch.minimum(flat, means, out=flat)
            cells = self._sums(means.view(*distances.shape[:3], 1)) - self._sums(distances)
        return cells.transpose(1, 2).flatten(1)

    def _sums(self, maps: torch.Tensor) -> torch.Tensor:
        """Sum maps (n, rows, columns, m) over the cells, (n, cells, m)."""
        rows, columns = self._bounds
        bands = [maps[:, top:bottom].sum(dim=1) for top, bottom in itertools.pairwise(rows)]
        sums = [band[:, left:right].sum(dim=1) for band in bands for left, right in itertools.pairwise(columns)]
        return torch.stack(sums, dim=1)


def cell_bounds(positions: int, grid: int) -> list[int]:
    """Give where the cells of a side begin and end: at rounded positions, a half upwards (13.5 is 14)."""
    return [math.floor(positions * border / grid + 0.5) for border in range(grid + 1)]
