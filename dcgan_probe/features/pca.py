"""Principal components and whitening of pixels.

``pca`` keeps the projections on the axes of the largest variances. ``whitened`` divides each projection by the square
root of its variance, so that a linear classifier penalizes all directions alike.
"""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy.linalg
import torch

from ..images import ImageSet, to_signed
from ..runtime import UserError
from ..storage import fingerprint_settings, fingerprint_tensors
from .encoders import Layers, check_shape
from .feature_set import EncoderOrigin
from .stored_tensors import load_or_compute

READ_IMAGES = 2048
BATCH = 2048
LEAST_VARIANCE = 1e-2
"""Added to each variance before the division, for pixels in [-1, 1]; compression artifacts have far less variance."""

Projection = Literal["pca", "whitened"]


@dataclass(frozen=True)
class PrincipalConfig:
    """Number of principal axes, and scaling of the projections on them."""

    projection: Projection = "whitened"
    """``pca`` or ``whitened``."""
    components: int | None = None
    """Number of axes; None keeps all."""

    def __post_init__(self) -> None:
        if self.components is not None and self.components < 1:
            raise UserError(f"components is {self.components}; expected at least 1", parameter="components")

    def columns(self, width: int) -> int:
        """Count the axes that are kept for images of ``width`` numbers.

        Raises
        ------
        UserError
            If ``components`` exceeds ``width``.
        """
        count = width if self.components is None else self.components
        if count > width:
            raise UserError(
                f"components is {count}; expected at most {width}, the numbers of an image", parameter="components"
            )
        return count


@dataclass(frozen=True)
class PrincipalAxes:
    """Mean, principal axes and variances of pixels in [-1, 1]."""

    mean: torch.Tensor
    """float32 (D,)."""
    axes: torch.Tensor
    """float32 (D, D), orthonormal columns in the order of decreasing variance."""
    variances: torch.Tensor
    """float32 (D,), decreasing, at least 0."""


def principal_axes(images: ImageSet) -> PrincipalAxes:
    """Compute the principal axes of all images in float64, reading the images in blocks."""
    width = images.channels * images.height * images.width
    total, moments = np.zeros(width), np.zeros((width, width), order="F")
    for start in range(0, len(images), READ_IMAGES):
        pixels = _signed(images.images[start : start + READ_IMAGES]).astype(np.float64)
        total += pixels.sum(axis=0)
        moments = scipy.linalg.blas.dsyrk(1.0, pixels.T, beta=1.0, c=moments, lower=1, overwrite_c=1)
    mean = total / len(images)
    covariance = moments / len(images) - np.outer(mean, mean)
    variances, axes = scipy.linalg.eigh(covariance, lower=True, overwrite_a=True, driver="evd")
    falling = [torch.from_numpy(np.ascontiguousarray(each)).float() for each in (axes[:, ::-1], variances[::-1])]
    return PrincipalAxes(torch.from_numpy(mean).float(), falling[0], falling[1].clamp(min=0.0))


def kept_axes(images: ImageSet, folder: Path) -> PrincipalAxes:
    """Return the axes of these images from a folder; compute and store them if they are missing."""
    path = folder / f"axes-{fingerprint_settings({'images': images.fingerprint})}.pt"
    names = [each.name for each in fields(PrincipalAxes)]
    return PrincipalAxes(**load_or_compute(path, names, lambda: vars(principal_axes(images))))


class PrincipalEncoder:
    """Projections of pixels on principal axes of training images."""

    def __init__(self, axes: PrincipalAxes, config: PrincipalConfig, trained_on: ImageSet, device: torch.device):
        """Scale the axes, and copy them to a device."""
        count = config.columns(len(axes.mean))
        matrix = axes.axes[:, :count]
        if config.projection == "whitened":
            matrix = matrix / torch.sqrt(axes.variances[:count] + LEAST_VARIANCE)
        self._shape = trained_on.images.shape[1:]
        self._mean, self._matrix, self._device = axes.mean.to(device), matrix.to(device), device
        weights = fingerprint_tensors({"mean": axes.mean, "matrix": matrix})
        name = "" if config.components is None else f"{count} components"
        self.origin = EncoderOrigin.from_images(config.projection, name, trained_on, weights)
        self.layers: Layers = {config.projection: (0, count)}
        self.settings: dict[str, Any] = {"encoder": "principal", **asdict(config), "weights": weights}
        self.batch = BATCH

    def check(self, images: ImageSet) -> None:
        """Raise ``UserError`` for images of another shape than the training images."""
        check_shape(images, self._shape, "the axes come from")

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Encode uint8 images (n, channels, H, W) as float32 features (n, components)."""
        pixels = torch.from_numpy(_signed(images)).to(self._device)
        return ((pixels - self._mean) @ self._matrix).cpu().numpy()


def _signed(images: np.ndarray) -> np.ndarray:
    """Scale uint8 images to [-1, 1] and flatten them, float32 (n, D)."""
    return to_signed(torch.from_numpy(np.ascontiguousarray(images))).flatten(1).numpy()
