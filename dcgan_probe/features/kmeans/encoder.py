"""Encoder of images by a dictionary of patches: codes of all patches, summed over a grid.

For the patch ``x`` at each position, with its distances ``z_j`` to the centroids and their mean ``m``::

    triangle   f_j = max(0, m - z_j)        hard   f_j = 1 for the nearest centroid, else 0

summed over each cell of a grid (quadrants for a grid of 2). The sum of ``max(0, m - z_j)`` is the sum of ``m`` minus
the sum of ``min(z_j, m)``, which saves one pass over the distances. On a CPU, one cell of one image is encoded at a
time, so that its distances stay in the cache of one core. Source: Coates, Lee and Ng, "An analysis of single-layer
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
from .patches import PatchGrid, normalize

CPU_IMAGES, GPU_BYTES = 4, 1 << 30
"""On a CPU, images that are cut into patches at once; on a GPU, bytes of distances."""
BATCH = 128


class KMeansEncoder:
    """Codes of every patch of an image, summed over the cells of a grid."""

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
        """Copy a dictionary to a device, and lay out the patches and cells.

        Parameters
        ----------
        trained_on
            Images that the dictionary was learned from; images of the same shape can be encoded.
        stride
            Pixels between the corners of neighboring patches.
        activation
            ``triangle`` or ``hard``, as defined above.
        grid
            Cells along a side; their borders are positions rounded half up (13.5 becomes 14).
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
        self.origin = EncoderOrigin.from_images(
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
        """Raise ``UserError`` for images of another shape than the training images."""
        check_shape(images, self._shape, "the centroids come from")

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Encode uint8 images (n, channels, H, W) as float32 (n, centroids * grid^2), in the order centroid, cell."""
        pixels = torch.from_numpy(np.ascontiguousarray(images))
        if self._device.type == "cpu":
            parts = map_on_cores(self._encode, pixels.split(CPU_IMAGES))
        else:
            together = max(1, GPU_BYTES // (4 * self._cells.largest * self._products.shape[1]))
            parts = [self._encode(some.to(self._device)).cpu() for some in pixels.split(together)]
        return torch.cat(parts).numpy()

    def _encode(self, images: torch.Tensor) -> torch.Tensor:
        """Encode images on the encoder's device, (n, centroids * grid^2)."""
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
        """Return the number of images of which a cell is encoded at once."""
        return 1 if images.device.type == "cpu" else len(images)

    def _extended_patches(self, images: torch.Tensor) -> torch.Tensor:
        """Compute ``[x, |x|^2, 1]`` of the whitened patches, (n, rows, columns, d + 2)."""
        patches = self._whitening(normalize(self._patches.of(images)))
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
    """Compute the matrix (d + 2, k) that maps ``[x, |x|^2, 1]`` to squared distances from x to centroids (k, d)."""
    squares = (centroids * centroids).sum(dim=1)
    return torch.cat([-2.0 * centroids.T, torch.ones_like(squares)[None], squares[None]])


@dataclass(frozen=True)
class Cells:
    """Cells of a grid over an image's patches."""

    rows: int
    """Number of rows of patches."""
    columns: int
    """Number of columns of patches."""
    bounds: tuple[tuple[int, int, int, int], ...]
    """Top, bottom, left and right of each cell, row by row; bottom and right are exclusive."""

    @classmethod
    def of(cls, rows: int, columns: int, grid: int) -> "Cells":
        """Divide rows x columns positions into cells; borders are rounded half up (13.5 becomes 14)."""
        if not 1 <= grid <= min(rows, columns):
            raise UserError(
                f"a grid of {grid} does not fit {rows} x {columns} patch positions; use 1 to {min(rows, columns)}",
                parameter="grid",
            )
        down, across = (
            [math.floor(positions * border / grid + 0.5) for border in range(grid + 1)] for positions in (rows, columns)
        )
        pairs = itertools.product(itertools.pairwise(down), itertools.pairwise(across))
        return cls(rows, columns, tuple((*vertical, *horizontal) for vertical, horizontal in pairs))

    @property
    def largest(self) -> int:
        """Number of patches in the largest cell."""
        return max((bottom - top) * (right - left) for top, bottom, left, right in self.bounds)
