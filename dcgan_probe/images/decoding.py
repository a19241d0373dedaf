"""Decoding of picture files to 8 bits without transparency, and detection of grayscale."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..runtime import UserError
from .eight_bit import Reading, composited, to_eight_bits
from .streams import UnreadableImageError

GRAY_MODES = ("1", "L", "LA", "La")
PALETTE_MODES = ("P", "PA")
DEEP_MODES = ("I", "F")  # more than 8 bits per channel, as all modes that start with "I;"
BROKEN = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)  # Pillow's errors of damaged files


def read_image(path: Path, reading: Reading, remarks: Counter[str]) -> Image.Image:
    """Decode an image file as grayscale (``L``) or RGB, rotated by its EXIF orientation.

    Parameters
    ----------
    remarks
        Counter of the conversions of images with several frames, transparency or more than 8 bits per channel.

    Raises
    ------
    UnreadableImageError
        If the file is not an image, is truncated or cannot be opened.
    UserError
        If the image has more than 8 bits per channel, and the depth is not set or does not cover the values.
    """
    try:
        with Image.open(path) as image:
            layout = _raw_layout(image)
            if getattr(image, "is_animated", False):
                remarks["of several frames, the first taken"] += 1
            png = image.format == "PNG"
            upright = ImageOps.exif_transpose(image)
            upright.load()
            gray = _is_gray(upright, layout)
            if not _is_deep(upright):
                if "16" in layout:
                    remarks["of 16 bits a color, read by their high bytes"] += 1
                return composited(upright, reading, remarks, gray=gray)
    except BROKEN as error:
        raise unreadable(path, error) from error
    return _reduce(upright, path, png, reading, remarks)


def find_channels(files: Iterable[Path], reading: Reading) -> int:
    """Return 1 if all images are grayscale, else 3; headers are read up to the first color image.

    Unreadable files are ignored.
    """
    for path in files:
        try:
            with Image.open(path) as image:
                gray = _is_gray(image, _raw_layout(image))
                if not gray or (image.has_transparency_data and not reading.gray_background):
                    return 3
        except BROKEN:  # reported when the pixels are read
            continue
    return 1


def unreadable(path: Path, error: Exception) -> UnreadableImageError:
    """Return the error of a file that cannot be decoded."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UnreadableImageError(str(path), reason or type(error).__name__)


def _raw_layout(image: Image.Image) -> str:
    """Return Pillow's name for the stored layout, such as ``RGB;16B``; empty if the format has none."""
    tiles = getattr(image, "tile", None)
    arguments = tiles[0][3] if tiles else ""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _is_deep(image: Image.Image) -> bool:
    return image.mode in DEEP_MODES or image.mode.startswith("I;")


def _is_gray(image: Image.Image, layout: str) -> bool:
    if image.mode in PALETTE_MODES:
        used = np.unique(np.asarray(image.getchannel(0) if image.mode == "PA" else image))
        palette = np.reshape(image.getpalette() or [], (-1, 3))
        colors = palette[used[used < len(palette)]]
        return bool((colors == colors[:, :1]).all())
    return image.mode in GRAY_MODES or layout.startswith("LA;16") or _is_deep(image)


def _reduce(image: Image.Image, path: Path, png: bool, reading: Reading, remarks: Counter[str]) -> Image.Image:
    """Map a grayscale image of more than 8 bits to 8 bits."""
    values = np.asarray(image)
    if png and values.dtype.kind == "i":  # older versions of Pillow widen the 16 bits
        values = values.astype(np.uint16)
    limits = reading.value_range(values.dtype)
    if limits is None:
        scale = "" if reading.depth else "`depth=scale` (the full range of its type) or "
        raise UserError(
            f"{path} has more than 8 bits per channel (mode {image.mode}, values {values.min():g} to "
            f"{values.max():g}), expected 8; make a copy with `dcgan-probe prepare` and {scale}`depth=LOW,HIGH` (the "
            "values that become 0 and 255)",
            parameter="depth",
        )
    try:
        reduced = Image.fromarray(to_eight_bits(values, *limits))
    except ValueError as error:
        raise UserError(f"{path}: {error}; set another `depth=LOW,HIGH`", parameter="depth") from error
    remarks[f"with {limits[0]:g} to {limits[1]:g} mapped to 0 to 255"] += 1
    return reduced
