"""Takes a dictionary of patches, gives features of whole images: the dense triangle encoding, pooled; knows no file.

For each patch ``x`` at each position, with its distances ``z_j`` to the centroids and their mean ``m``::

    triangle   f_j = max(0, m - z_j)        hard   f_j = 1 for the nearest centroid, else 0

summed over each cell of a grid (quadrants for a grid of 2). The sums of ``max(0, m - z_j)`` are those of ``m`` less
those of ``min(z_j, m)``: one pass over the distances less. Source: Coates, Lee and Ng, "An analysis of single-layer
networks in unsupervised feature learning", 2011, sections 3.2.2 and 3.3.
"""

import math
from typing import Any, Literal, get_args

import numpy as np
import torch

from ..images import ImageSet
from ..runtime import UserError
from ..storage import fingerprint_tensors
from .dictionaries import Dictionary
from .encoders import Layers
from .feature_set import EncoderOrigin
from .patches import PatchGrid, normalise

Activation = Literal["triangle", "hard"]
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
LEAST_SQUARE = 1e-4
"""Added to squared distances, which are about the number of a patch's pixels, so that rounding leaves none negative."""
CPU_IMAGES, GPU_NUMBERS = 1, 1 << 28
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
            raise UserError(f"got activation {activation!r}, expected {' or '.join(ACTIVATIONS)}", option="activation")
        self._shape = trained_on.images.shape[1:]
        self._patches = PatchGrid(dictionary.config.patch, stride)
        rows, columns = (self._patches.positions(side) for side in self._shape[1:])
        if not 1 <= grid <= min(rows, columns):
            raise UserError(
                f"a grid of {grid} does not fit {rows} x {columns} patch positions; take 1 to {min(rows, columns)}",
                option="grid",
            )
        self._cells = torch.from_numpy(_cells(rows, columns, grid)).to(device)
        self._whitening, self._activation, self._device = dictionary.whitening.to(device), activation, device
        centroids = dictionary.centroids.to(device)
        squares = (centroids * centroids).sum(dim=1)
        # [x, |x|^2, 1] times this is |x - c|^2.
        self._products = torch.cat([-2.0 * centroids.T, torch.ones_like(squares)[None], squares[None] + LEAST_SQUARE])
        self._count = len(centroids)
        self.layers: Layers = {"kmeans": (0, self._count * grid**2)}
        weights = fingerprint_tensors(
            {
                "mean": dictionary.whitening.mean,
                "matrix": dictionary.whitening.matrix,
                "centroids": dictionary.centroids,
            }
        )
        config = dictionary.config
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
        if images.images.shape[1:] != self._shape:
            raise UserError(
                f"{images.name} has images of {images.images.shape[1:]} (channels, height, width), but the centroids "
                f"come from images of {self._shape}",
                option="dataset",
            )

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Give float32 (n, centroids * grid^2), centroid by centroid, of uint8 (n, channels, H, W)."""
        positions = self._cells.shape[1]
        together = CPU_IMAGES if self._device.type == "cpu" else max(1, GPU_NUMBERS // (4 * positions * self._count))
        features = np.empty((len(images), self._count * len(self._cells)), np.float32)
        distances = torch.empty((together * positions, self._count), device=self._device)
        with torch.inference_mode():
            for start in range(0, len(images), together):
                block = torch.from_numpy(np.ascontiguousarray(images[start : start + together])).to(self._device)
                features[start : start + len(block)] = self._encode(block, distances).cpu().numpy()
        return features

    def _encode(self, images: torch.Tensor, distances: torch.Tensor) -> torch.Tensor:
        number, positions = len(images), self._cells.shape[1]
        distances = distances[: number * positions]
        patches = self._whitening(normalise(self._patches.of(images))).flatten(0, 1)  # (n * positions, d)
        squares = (patches * patches).sum(dim=1, keepdim=True)
        torch.mm(torch.cat([patches, squares, torch.ones_like(squares)], dim=1), self._products, out=distances)
        if self._activation == "hard":
            nearest = distances.argmin(dim=1, keepdim=True)
            codes = distances.zero_().scatter_(1, nearest, 1.0).view(number, positions, -1)
            sums = self._cells @ codes
        else:
            means = distances.sqrt_().mean(dim=1, keepdim=True)
            torch.minimum(distances, means, out=distances)
            sums = self._cells @ means.view(number, positions, 1) - self._cells @ distances.view(number, positions, -1)
        return sums.transpose(1, 2).flatten(1)  # (n, centroids * cells)


def _cells(rows: int, columns: int, grid: int) -> np.ndarray:
    """Give 1 where a position lies in a cell, else 0, float32 (grid^2, rows * columns)."""

    def numbers(count: int) -> np.ndarray:
        bounds = [math.floor(count * border / grid + 0.5) for border in range(1, grid)]
        return np.searchsorted(bounds, np.arange(count), side="right")

    cell = numbers(rows)[:, np.newaxis] * grid + numbers(columns)
    return (np.arange(grid**2)[:, np.newaxis] == cell.reshape(-1)).astype(np.float32)
