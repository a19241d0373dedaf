"""Boxes on generated samples, from a JSON file or from saliency, and the map positions inside of them.

The file is a list with one entry per box; a sample may have several boxes::

    [{"sample": 17, "box": [4, 10, 14, 30]}, {"sample": 23, "box": [0, 8, 9, 32]}]

``sample`` is the number that ``sample --number`` writes below an image, with the same ``--seed``. ``box`` is left, top,
right and bottom in pixels, counted from 0 at the left and at the top; right and bottom are the first pixels outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..gan.sampling import MOST
from ..runtime import UserError
from ..storage import read_json

FORM = '{"sample": 17, "box": [left, top, right, bottom]}, right and bottom outside'


@dataclass(frozen=True)
class Box:
    """Rectangle of pixels on one sample."""

    sample: int
    left: int
    top: int
    right: int
    """First column outside."""
    bottom: int
    """First row outside."""


def read_boxes(path: str | Path, side: int) -> list[Box]:
    """Read the boxes of a file, for images of ``side`` x ``side`` pixels.

    Raises
    ------
    UserError
        If the file is missing or not a JSON list, the list is empty, or an entry is not a box, is empty or is not
        inside the image.
    """
    try:
        stored = read_json(path)
    except UserError as error:
        raise UserError(str(error), parameter="boxes") from error
    if not isinstance(stored, list) or not stored:
        got = "an empty list" if stored == [] else type(stored).__name__
        raise UserError(f"{path} holds {got}, expected a list of boxes, each {FORM}", parameter="boxes")
    return [_read_box(entry, f"{path}, entry {number}", side) for number, entry in enumerate(stored)]


def _read_box(entry: Any, place: str, side: int) -> Box:
    numbers = [entry.get("sample"), *_listed(entry.get("box"))] if isinstance(entry, dict) else []
    if len(numbers) != 5 or any(type(number) is not int for number in numbers):
        raise UserError(f"{place}: got {entry!r:.200}, expected {FORM}, whole numbers", parameter="boxes")
    box = Box(*numbers)
    if not 0 <= box.sample < MOST:
        raise UserError(
            f"{place}: got sample {box.sample:,}, expected a number from 0 to {MOST - 1:,}", parameter="boxes"
        )
    if not (0 <= box.left < box.right <= side and 0 <= box.top < box.bottom <= side):
        raise UserError(
            f"{place}: got the box {numbers[1:]}, expected 0 <= left < right <= {side} and 0 <= top < bottom <= {side} "
            f"in images of {side} x {side} pixels",
            parameter="boxes",
        )
    return box


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def box_entries(boxes: Sequence[Box]) -> list[dict[str, Any]]:
    """Return boxes as the JSON that ``read_boxes`` reads from a file."""
    return [{"sample": box.sample, "box": [box.left, box.top, box.right, box.bottom]} for box in boxes]


def boxed_samples(boxes: Sequence[Box]) -> np.ndarray:
    """Return the sorted numbers of the samples with a box, each once: int64 (n,)."""
    return np.unique([box.sample for box in boxes])


def inside(boxes: Sequence[Box], side: int, positions: int) -> np.ndarray:
    """Return which positions of a map lie in a box of their sample, bool (n, positions, positions).

    A map of ``positions`` per side divides an image of ``side`` pixels into squares; a position lies in a box if the
    center of its square does. With as many positions as pixels, the result is the box itself.

    Returns
    -------
    numpy.ndarray
        Row i belongs to the sample ``boxed_samples(boxes)[i]``.

    Raises
    ------
    UserError
        If a box contains no center.
    """
    centers = (np.arange(positions) + 0.5) * side / positions
    numbers = boxed_samples(boxes)
    found = np.zeros((len(numbers), positions, positions), bool)
    for box in boxes:
        across = (box.left <= centers) & (centers < box.right)
        down = (box.top <= centers) & (centers < box.bottom)
        if not across.any() or not down.any():
            raise UserError(
                f"the box [{box.left}, {box.top}, {box.right}, {box.bottom}] of sample {box.sample} contains the "
                f"center of none of the layer's {positions} x {positions} positions; draw it larger, or use a higher "
                "layer",
                parameter="boxes",
            )
        found[np.searchsorted(numbers, box.sample)] |= down[:, None] & across
    return found


def strongest_windows(saliency: np.ndarray, window: int, samples: Sequence[int]) -> list[Box]:
    """Return a square box on each sample, placed where the sum of the saliency inside is largest.

    Parameters
    ----------
    saliency
        float (n, H, W); larger values are more salient.
    window
        Side of the boxes in pixels, at most the side of the images.
    samples
        Numbers of the samples, (n,).
    """
    # The sum over a window is a difference of cumulative sums.
    sums = np.pad(saliency.astype(np.float64).cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0)))
    across = sums[:, :, window:] - sums[:, :, :-window]
    windows = across[:, window:] - across[:, :-window]
    tops, lefts = np.unravel_index(windows.reshape(len(windows), -1).argmax(axis=1), windows.shape[1:])
    return [
        Box(int(sample), int(left), int(top), int(left) + window, int(top) + window)
        for sample, left, top in zip(samples, lefts, tops, strict=True)
    ]


def outlined(images: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Draw a red line along the inner edge of boxes, uint8 (n, 3, H, W).

    Parameters
    ----------
    images
        uint8 (n, 1 or 3, H, W).
    within
        Pixels inside of boxes, bool (n, H, W).
    """
    padded = np.pad(within, ((0, 0), (1, 1), (1, 1)))
    around = padded[:, :-2, 1:-1] & padded[:, 2:, 1:-1] & padded[:, 1:-1, :-2] & padded[:, 1:-1, 2:]
    red = np.array([255, 0, 0], np.uint8)[:, None, None]
    return np.where((within & ~around)[:, None], red, images)
