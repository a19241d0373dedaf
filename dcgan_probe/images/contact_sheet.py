"""Contact sheets: many pictures in one, with a labeled row for each name."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..storage import whole_file
from .grids import image_grid

TEXT_SIZE, MARGIN, BACKGROUND = 14, 8, "white"
SIDE = 64
WEBP_QUALITY = 85  # 0 to 100


def enlarged(images: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Enlarge images by repeating pixels until both sides are at least ``side`` pixels.

    Parameters
    ----------
    images
        uint8 (N, channels, H, W).

    Returns
    -------
    numpy.ndarray
        uint8 (N, channels, k H, k W), with the smallest sufficient integer k.
    """
    times = -(-side // min(images.shape[2:]))
    return images.repeat(times, axis=2).repeat(times, axis=3)


def tiled(images: np.ndarray, columns: int = 0, captions: Sequence[str] | None = None) -> np.ndarray:
    """Lay out enlarged images as one picture, uint8 (height, width, 3).

    Parameters
    ----------
    images
        uint8 (N, channels, H, W).
    columns
        Images per row; 0 for a single row.
    captions
        Text below each image.
    """
    return image_grid(enlarged(images), columns or len(images), captions=captions)


def contact_sheet(rows: Sequence[tuple[str, Sequence[np.ndarray]]], headings: Sequence[str] = ()) -> np.ndarray:
    """Draw a contact sheet, uint8 (height, width, 3).

    Parameters
    ----------
    rows
        At least one row: a name and its pictures, uint8 (height, width, 3), from left to right; sizes may differ.
    headings
        Text above each picture of the first row; the sheet is wide enough for all headings.
    """
    font = ImageFont.load_default(TEXT_SIZE)
    left = 2 * MARGIN + max(round(font.getlength(name)) for name, _ in rows)
    widths = [sum(picture.shape[1] + MARGIN for picture in pictures) for _, pictures in rows]
    heights = [MARGIN + max((picture.shape[0] for picture in pictures), default=TEXT_SIZE) for _, pictures in rows]
    heading = MARGIN + TEXT_SIZE if headings else 0
    columns = [left + sum(picture.shape[1] + MARGIN for picture in rows[0][1][:i]) for i in range(len(headings))]
    ends = [x + round(font.getlength(text)) + MARGIN for x, text in zip(columns, headings, strict=True)]
    width = max([left + max(widths), *ends])
    sheet = Image.new("RGB", (width, heading + sum(heights) + MARGIN), BACKGROUND)
    draw, top = ImageDraw.Draw(sheet), MARGIN
    for x, text in zip(columns, headings, strict=True):
        draw.text((x, top), text, fill="black", font=font)
    top += heading
    for (name, pictures), height in zip(rows, heights, strict=True):
        draw.text((MARGIN, top), name, fill="black", font=font)
        x = left
        for picture in pictures:
            sheet.paste(Image.fromarray(picture), (x, top))
            x += picture.shape[1] + MARGIN
        top += height
    return np.asarray(sheet)


def save_contact_sheet(
    path: str | Path, rows: Sequence[tuple[str, Sequence[np.ndarray]]], headings: Sequence[str] = ()
) -> None:
    """Write a contact sheet as a picture file; see ``contact_sheet`` and ``save_picture``."""
    save_picture(path, contact_sheet(rows, headings))


def save_picture(path: str | Path, picture: np.ndarray) -> None:
    """Write a picture as a compressed file, atomically.

    Parameters
    ----------
    path
        File that ends in ``.png``, or in ``.webp`` for a smaller lossy file.
    picture
        uint8 (height, width, 3).

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    image = Image.fromarray(picture)
    with whole_file(path) as temporary:
        if Path(path).suffix == ".webp":
            image.save(temporary, format="WEBP", quality=WEBP_QUALITY, method=6)
        else:
            image.save(temporary, format="PNG", optimize=True)
