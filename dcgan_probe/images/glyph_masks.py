"""Masks of the ten digits in the typefaces that matplotlib ships."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

TYPEFACES = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-BoldOblique",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralBolIta",
    "cmr10",
    "cmss10",
    "cmtt10",
    "cmb10",
)
DIGITS = "0123456789"
BLANK = len(TYPEFACES) * len(DIGITS)  # index of the blank mask
SIDE = 48  # of a mask, in pixels
DIGIT_HEIGHT = 36  # of the digit 0 in a mask
SMOOTHING = 0.5  # blur in mask pixels, since images sample the masks at a coarser step


@dataclass(frozen=True)
class GlyphMasks:
    """Masks of the ten digits of every typeface, each digit centered in its mask."""

    masks: np.ndarray
    """float32 (typefaces * 10 + 1, SIDE, SIDE), from 0 outside a digit to 1 inside; the last mask is blank."""

    advances: np.ndarray
    """float32 (typefaces,): width of the widest digit in mask pixels, the smallest distance between neighbors."""


@lru_cache(maxsize=1)
def glyph_masks() -> GlyphMasks:
    """Draw all digits of all typefaces, once per process."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    drawn = [_draw_typeface(folder / f"{name}.ttf") for name in TYPEFACES]
    blank = np.zeros((1, SIDE, SIDE), np.float32)
    masks = np.concatenate([*(masks for masks, _ in drawn), blank])
    return GlyphMasks(masks, np.array([width for _, width in drawn], np.float32))


def _draw_typeface(path: Path) -> tuple[np.ndarray, int]:
    """Draw masks float32 (10, SIDE, SIDE) on one baseline; also return the width of the widest digit, in pixels."""
    _, top, _, bottom = ImageFont.truetype(str(path), 100).getbbox("0")
    font = ImageFont.truetype(str(path), round(100 * DIGIT_HEIGHT / (bottom - top)))
    _, top, _, bottom = font.getbbox("0")
    masks, widths = [], []
    for digit in DIGITS:
        left, _, right, _ = font.getbbox(digit)
        picture = Image.new("L", (SIDE, SIDE))
        position = ((SIDE - left - right) / 2, (SIDE - top - bottom) / 2)
        ImageDraw.Draw(picture).text(position, digit, fill=255, font=font)
        smooth = picture.filter(ImageFilter.GaussianBlur(SMOOTHING))
        masks.append(np.asarray(smooth, np.float32) / 255)
        widths.append(round(right - left))
    return np.stack(masks), max(widths)
