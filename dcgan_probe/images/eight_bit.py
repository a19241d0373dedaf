"""Conversion of deep or transparent images to 8-bit pixels, with its settings."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor

from ..runtime import UserError
from .settings import Depth, Layout

FULL_RANGES = {"b1": (0.0, 1.0), "u1": (0.0, 255.0), "u2": (0.0, 65535.0), "f2": (0.0, 1.0), "f4": (0.0, 1.0)}


@dataclass(frozen=True)
class Reading:
    """Settings of the conversion."""

    depth: Depth | None = None
    """Values that become 0 and 255 in images with more than 8 bits per channel; None refuses such images."""
    background: str = "white"
    """Color under transparent pixels: a name or ``#rrggbb``."""
    layout: Layout | None = None
    """Order of the axes of images in an HDF5 file; None for the only order that fits."""
    converts: bool = False
    """Whether HDF5 files of other layouts are accepted, as for ``prepare``."""

    def __post_init__(self) -> None:
        """Check the values.

        Raises
        ------
        UserError
            If the background is not an opaque color, or the depth is not an increasing pair.
        """
        try:
            opaque = len(ImageColor.getrgb(self.background)) == 3
        except ValueError:
            opaque = False
        if not opaque:
            raise UserError(
                f"got the background {self.background!r}, expected a color such as white or #7f7f7f",
                parameter="background",
            )
        if isinstance(self.depth, tuple) and not self.depth[0] < self.depth[1] < np.inf:
            raise UserError(f"got the depth {self.depth}, expected two increasing numbers", parameter="depth")

    @property
    def color(self) -> tuple[int, int, int]:
        """Background as red, green and blue, each 0 to 255."""
        red, green, blue, *_ = ImageColor.getrgb(self.background)
        return red, green, blue

    @property
    def gray_background(self) -> bool:
        """True if a grayscale image stays grayscale when composited."""
        return len(set(self.color)) == 1

    def value_range(self, dtype: np.dtype) -> tuple[float, float] | None:
        """Return the values of a dtype that become 0 and 255; None if no depth is set or the dtype has no range."""
        if self.depth == "scale":
            return FULL_RANGES.get(np.dtype(dtype).str[1:], (0.0, 1.0) if dtype.kind == "f" else None)
        return self.depth


def to_eight_bits(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Map numbers from ``low`` to ``high`` to uint8 0 to 255, rounded to the nearest, for any shape.

    Raises
    ------
    ValueError
        If a number is out of range or not finite.
    """
    numbers = np.asarray(values, np.float64)
    if not (numbers >= low).all() or not (numbers <= high).all():
        raise ValueError(f"got values from {numbers.min():g} to {numbers.max():g}, expected {low:g} to {high:g}")
    return np.rint((numbers - low) * (255.0 / (high - low))).astype(np.uint8)


def composited(image: Image.Image, reading: Reading, remarks: Counter[str], *, gray: bool) -> Image.Image:
    """Composite an 8-bit image on the background, and convert it to grayscale (``gray``) or RGB.

    Images with transparent pixels are counted in ``remarks``.
    """
    if image.has_transparency_data:
        layers = image.convert("RGBA")
        if np.asarray(layers.getchannel("A")).min() < 255:
            remarks[f"with transparent pixels, composited on {reading.background}"] += 1
            gray = gray and reading.gray_background
        image = Image.alpha_composite(Image.new("RGBA", layers.size, (*reading.color, 255)), layers).convert("RGB")
    return image.convert("L" if gray else "RGB")
