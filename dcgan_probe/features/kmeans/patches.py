"""Square patches of images, their normalization and whitening.

Pixels are from 0 to 255. Source: Coates and Ng, "Learning feature representations with k-means", 2012, sections 2 and
4.1.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch

from ...images import ImageSet
from ...runtime import UserError

PATCH_VARIANCE = 10.0
"""Added to the variance of a patch's pixels before the division by its square root."""
EIGENVALUE = 0.1
"""Added to each eigenvalue of the covariance in whitening."""
READ_IMAGES = 4096


@dataclass(frozen=True)
class PatchGrid:
    """Positions of an image's patches."""

    size: int = 6
    """Side of a patch in pixels."""
    stride: int = 1
    """Pixels between the corners of neighboring patches."""

    def __post_init__(self) -> None:
        for name, value in (("patch", self.size), ("stride", self.stride)):
            if value < 1:
                raise UserError(f"{name} is {value}; expected at least 1 pixel", parameter=name)

    def positions(self, side: int) -> int:
        """Count the patches along a side of an image.

        Raises
        ------
        UserError
            If the image is smaller than a patch.
        """
        if side < self.size:
            raise UserError(f"a patch of {self.size} pixels is larger than a side of {side}", parameter="patch")
        return (side - self.size) // self.stride + 1

    def of(self, images: torch.Tensor) -> torch.Tensor:
        """Cut all patches of images (N, channels, H, W), float32 (N, positions, channels * size^2), row by row."""
        windows = images.to(torch.float32).unfold(2, self.size, self.stride).unfold(3, self.size, self.stride)
        ordered = windows.permute(0, 2, 3, 1, 4, 5)  # (N, rows, columns, channels, size, size)
        return ordered.reshape(len(images), ordered.shape[1] * ordered.shape[2], -1)


def random_patches(images: ImageSet, count: int, size: int, generator: np.random.Generator) -> np.ndarray:
    """Cut patches at random places of random images, float32 (count, channels * size^2), pixels from 0 to 255."""
    PatchGrid(size).positions(min(images.height, images.width))
    limits = (len(images), images.height - size + 1, images.width - size + 1)
    image, top, left = (generator.integers(0, limit, count) for limit in limits)
    patches = np.empty((count, images.channels, size, size), np.uint8)
    for start in range(0, len(images), READ_IMAGES):
        block = np.asarray(images.images[start : start + READ_IMAGES])
        windows = np.lib.stride_tricks.sliding_window_view(block, (size, size), axis=(2, 3))
        own = np.flatnonzero((image >= start) & (image < start + len(block)))
        patches[own] = windows[image[own] - start, :, top[own], left[own]]
    return patches.reshape(count, -1).astype(np.float32)


def normalize(patches: torch.Tensor, added: float = PATCH_VARIANCE) -> torch.Tensor:
    """Divide each patch (..., d) minus its mean by the square root of its variance (over d - 1) plus ``added``."""
    width = patches.shape[-1]
    # Layer normalization, in one pass, divides by the square root of the variance over d plus eps.
    factor = (width - 1) / width
    weight = torch.full((width,), math.sqrt(factor), dtype=patches.dtype, device=patches.device)
    return torch.nn.functional.layer_norm(patches, (width,), weight, eps=factor * added)


@dataclass(frozen=True)
class Whitening:
    """Linear transform ``(x - mean) matrix`` with a covariance close to the identity."""

    mean: torch.Tensor
    """float32 (d,)."""
    matrix: torch.Tensor
    """float32 (d, d), symmetric; or (d, components)."""

    @classmethod
    def fit(cls, patches: np.ndarray, components: int | None = None) -> "Whitening":
        """Compute the whitening of patches (n, d) in float64, from their covariance ``V L V'``.

        Parameters
        ----------
        components
            None: ZCA, ``V (L + EIGENVALUE)^-1/2 V'``. A number: PCA, ``V (L + EIGENVALUE)^-1/2``, on this number of
            axes with the largest variances; distances between patches equal those of ZCA without the other axes.
        """
        mean = patches.mean(axis=0, dtype=np.float64)
        moments = np.zeros((patches.shape[1], patches.shape[1]))
        for start in range(0, len(patches), 1 << 14):
            centered = patches[start : start + (1 << 14)] - mean
            moments += centered.T @ centered
        values, vectors = np.linalg.eigh(moments / (len(patches) - 1))
        matrix = vectors / np.sqrt(np.maximum(values, 0.0) + EIGENVALUE)
        matrix = matrix @ vectors.T if components is None else np.ascontiguousarray(matrix[:, ::-1][:, :components])
        return cls(torch.from_numpy(mean).float(), torch.from_numpy(matrix).float())

    @classmethod
    def none(cls, width: int) -> "Whitening":
        """Return the identity transform."""
        return cls(torch.zeros(width), torch.eye(width))

    def to(self, device: torch.device) -> "Whitening":
        """Return a copy on a device."""
        return Whitening(self.mean.to(device), self.matrix.to(device))

    def __call__(self, patches: torch.Tensor) -> torch.Tensor:
        """Whiten normalized patches (..., d)."""
        return (patches - self.mean) @ self.matrix
