"""Grids and animations of uint8 images."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..runtime import UserError
from ..storage import whole_file

BACKGROUND = 255
CAPTION_HEIGHT = 13
ANIMATION_QUALITY = 80
"""Quality of WebP, 0 to 100."""


def image_grid(images: np.ndarray, columns: int, padding: int = 2, captions: Sequence[str] | None = None) -> np.ndarray:
    """Lay out images row by row, with white lines between and around them.

    Parameters
    ----------
    images
        uint8 (N, channels, H, W), 1 or 3 channels.
    columns
        Images per row; the last row may be shorter.
    padding
        Width of the lines in pixels.
    captions
        Text below each image, cut to the width of the image and the line beside it.

    Returns
    -------
    numpy.ndarray
        uint8 (height, width, 3).

    Raises
    ------
    UserError
        If there are no images, the images are not uint8 of that shape, or ``columns`` is not positive.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3) or len(images) == 0:
        raise UserError(f"got images {images.dtype} {images.shape}, expected uint8 (N, 1 or 3, H, W) with N > 0")
    if columns < 1:
        raise UserError(f"got {columns} columns, expected at least 1")
    count, _, height, width = images.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    down, right = height + padding + (CAPTION_HEIGHT if captions else 0), width + padding
    grid = np.full((rows * down + padding, columns * right + padding, 3), BACKGROUND, np.uint8)
    for index, image in enumerate(images):
        top, left = padding + index // columns * down, padding + index % columns * right
        grid[top : top + height, left : left + width] = image.transpose(1, 2, 0)
        if captions:
            grid[top + height : top + down, left : left + right] = _caption(captions[index], right, down - height)
    return grid


def _caption(text: str, width: int, height: int) -> np.ndarray:
    """Draw a text, uint8 (height, width, 3)."""
    picture = Image.new("RGB", (width, height), (BACKGROUND,) * 3)
    ImageDraw.Draw(picture).text((0, 0), text, fill="black", font=ImageFont.load_default(CAPTION_HEIGHT - 2))
    return np.asarray(picture)


def save_grid(
    path: str | Path, images: np.ndarray, *, columns: int, padding: int = 2, captions: Sequence[str] | None = None
) -> None:
    """Write a grid of images as a PNG file, atomically; parameters as for ``image_grid``.

    Raises
    ------
    UserError
        As for ``image_grid``, or if the file cannot be written.
    """
    picture = Image.fromarray(image_grid(images, columns, padding, captions))
    with whole_file(path) as temporary:
        picture.save(temporary, format="PNG")


def save_animation(path: str | Path, frames: Sequence[np.ndarray], *, seconds: float) -> None:
    """Write an animated WebP file that loops endlessly, atomically.

    Parameters
    ----------
    frames
        At least one picture, uint8 (height, width, 3), all of the same shape.
    seconds
        Duration of each frame. Consecutive identical frames are stored as one frame of their total duration.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    first, *others = (Image.fromarray(frame) for frame in frames)
    with whole_file(path) as temporary:
        first.save(
            temporary,
            format="WEBP",
            save_all=True,
            append_images=others,
            duration=round(1000 * seconds),
            loop=0,
            quality=ANIMATION_QUALITY,
        )


def read_grid(path: str | Path, rows: int, side: int, padding: int = 2) -> np.ndarray:
    """Read the first rows of a grid without captions from a file of ``save_grid``.

    Parameters
    ----------
    rows
        Rows of images; all rows if the grid has fewer.
    side
        Height of the images in pixels.
    padding
        Width of the lines in pixels.

    Returns
    -------
    numpy.ndarray
        uint8 (height, width, 3), including the white lines.

    Raises
    ------
    UserError
        If the file is missing or cannot be read as a picture.
    """
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))[: rows * (side + padding) + padding]
    except OSError as error:
        raise UserError(f"{path} cannot be read as a picture ({error}); move it away, then rerun") from error
