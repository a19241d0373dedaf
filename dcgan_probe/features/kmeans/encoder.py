"""Takes a dictionary of patches, gives features of whole images: the dense triangle encoding, pooled; knows no file.

For each patch ``x`` at each position, with its distances ``z_j`` to the centroids and their mean ``m``::

    triangle   f_j = max(0, m - z_j)        hard   f_j = 1 for the nearest centroid, else 0

summed over each cell of a grid (quadrants for a grid of 2). The sums of ``max(0, m - z_j)`` are those of ``m`` less
those of ``min(z_j, m)``: one pass over the distances less. A cell of one image is encoded at once: on a CPU its
distances then stay in the cache of one core. Source: Coates, Lee and Ng, "An analysis of single-layer
networks in unsupervised feature learning", 2011, sections 3.2.2 and 3.3.
"""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ...images import ImageSet
from ...runtime import UserError, map_on_cores
from ...storage import fingerprint_tensors
from ..encoders import Layers, check_shape
from ..feature_set import EncoderOrigin
from ..settings import ACTIVATIONS, Activation
from .dictionaries import Dictionary
from .patches import PatchGrid, normalise

CPU_IMAGES, GPU_BYTES = 4, 1 << 30
"""Images that are cut into patches at once; on a GPU, bytes of distances."""
BATCH = 128


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
            raise UserError(
                f"got activation {activation!r}, expected {' or '.join(ACTIVATIONS)}", parameter="activation"
            )
        config, weights = dictionary.config, fingerprint_tensors(dictionary.tensors)
        self._shape = trained_on.images.shape[1:]
        self._patches = PatchGrid(config.patch, stride)
        rows, columns = (self._patches.positions(side) for side in self._shape[1:])
        self._cells = Cells.of(rows, columns, grid)
        self._whitening, self._activation, self._device = dictionary.whitening.to(device), activation, device
        self._products = distance_products(dictionary.centroids.to(device))
        self.layers: Layers = {"kmeans": (0, config.centroids * grid**2)}
        self.batch = BATCH
        self.origin = EncoderOrigin.learnt(
            "kmeans", f"{config.centroids}", trained_on, weights, seed=config.seed, recipe=config.recipe
        )
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
        pixels = torch.from_numpy(np.ascontiguousarray(images))
        if self._device.type == "cpu":
            parts = map_on_cores(self._encode, pixels.split(CPU_IMAGES))
        else:
            together = max(1, GPU_BYTES // (4 * self._cells.largest * self._products.shape[1]))
            parts = [self._encode(some.to(self._device)).cpu() for some in pixels.split(together)]
        return torch.cat(parts).numpy()

    def _encode(self, images: torch.Tensor) -> torch.Tensor:
        """Encode images of this device, (n, centroids * grid^2)."""
        with torch.inference_mode():
            patches = self._extended_patches(images)  # (n, rows, columns, d + 2)
            count = self._products.shape[1]
            together = self._together(images)
            scratch = torch.empty((together * self._cells.largest, count), device=self._device)
            features = torch.empty((len(images), count, len(self._cells.bounds)), device=self._device)
            for start in range(0, len(images), together):
                some = slice(start, start + together)
                for number, (top, bottom, left, right) in enumerate(self._cells.bounds):
                    features[some, :, number] = self._sums(patches[some, top:bottom, left:right], scratch)
            return features.flatten(1)

    def _together(self, images: torch.Tensor) -> int:
        """Give of how many images a cell is encoded at once."""
        return 1 if images.device.type == "cpu" else len(images)

    def _extended_patches(self, images: torch.Tensor) -> torch.Tensor:
        """Give ``[x, |x|^2, 1]`` of the whitened patches, (n, rows, columns, d + 2)."""
        patches = self._whitening(normalise(self._patches.of(images)))
        squares = (patches * patches).sum(dim=2, keepdim=True)
        extended = torch.cat([patches, squares, torch.ones_like(squares)], dim=2)
        return extended.view(len(images), self._cells.rows, self._cells.columns, -1)

    def _sums(self, patches: torch.Tensor, scratch: torch.Tensor) -> torch.Tensor:
        """Encode the patches of a cell (n, rows, columns, d + 2) and sum their codes, (n, centroids)."""
        rows = patches.flatten(0, 2)
        distances = torch.mm(rows, self._products, out=scratch[: len(rows)])
        if self._activation == "hard":
            nearest = distances.argmin(dim=1, keepdim=True)
            codes = distances.zero_().scatter_(1, nearest, 1.0)
            return codes.view(len(patches), -1, codes.shape[1]).sum(dim=1)
        # Rounding may leave the square of a small distance negative.
        means = distances.clamp_(min=0.0).sqrt_().mean(dim=1, keepdim=True)
        torch.minimum(distances, means, out=distances)
        below, mean = (each.view(len(patches), -1, each.shape[1]).sum(dim=1) for each in (distances, means))
        return mean - below


def distance_products(centroids: torch.Tensor) -> torch.Tensor:
    """Give the matrix (d + 2, k) by which ``[x, |x|^2, 1]`` gives the squared distances of x to centroids (k, d)."""
    squares = (centroids * centroids).sum(dim=1)
    return torch.cat([-2.0 * centroids.T, torch.ones_like(squares)[None], squares[None]])


@dataclass(frozen=True)
class Cells:
    """The cells of a grid over an image's patches."""

    rows: int
    """Patches down an image."""
    columns: int
    """Patches across an image."""
    bounds: tuple[tuple[int, int, int, int], ...]
    """Of each cell, row by row: top, bottom, left, right; bottom and right are the first beyond."""

    @classmethod
    def of(cls, rows: int, columns: int, grid: int) -> "Cells":
        """Divide rows x columns positions; borders lie at rounded positions, a half upwards (13.5 is 14)."""
        if not 1 <= grid <= min(rows, columns):
            raise UserError(
                f"a grid of {grid} does not fit {rows} x {columns} patch positions; take 1 to {min(rows, columns)}",
                parameter="grid",
            )
        down, across = (
            [math.floor(positions * border / grid + 0.5) for border in range(grid + 1)] for positions in (rows, columns)
        )
        pairs = itertools.product(itertools.pairwise(down), itertools.pairwise(across))
        return cls(rows, columns, tuple((*vertical, *horizontal) for vertical, horizontal in pairs))

    @property
    def largest(self) -> int:
        """Patches in the largest cell."""
        return max((bottom - top) * (right - left) for top, bottom, left, right in self.bounds)
