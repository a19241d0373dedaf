"""Takes uint8 images of any size, gives 32x32 pictures, their views and what the autoencoder reads; knows no network.

A view is the 28x28 middle of a picture, moved by at most two pixels either way, and mirrored or not. A copy that was
shifted or mirrored has a view whose pixels are those of the original's middle, so looking every view up finds it.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, pad

SIDE = 32
MOST_SHIFT = 2
CORE = SIDE - 2 * MOST_SHIFT  # side of a view
INPUTS = 3 * SIDE * SIDE
SURROUND = 9  # side of the square whose mean is removed from its middle pixel
ADDED_VARIANCE = 1.0  # squared grey levels; keeps the contrast of blank pictures from becoming noise


class View(NamedTuple):
    """Where a view lies: rows down, columns right, and whether it is mirrored."""

    down: int = 0
    right: int = 0
    mirrored: bool = False

    def __str__(self) -> str:
        """Say what makes a picture its copy: ``flip``, then the pixels it moves down and right; nothing if neither."""
        moved = f"{self.down:+d} {self.right:+d}" if self.down or self.right else ""
        return " ".join(filter(None, ("flip" if self.mirrored else "", moved)))

    def inverse(self) -> "View":
        """Give the view of the second picture whose middle is the first's."""
        return View(-self.down, self.right if self.mirrored else -self.right, self.mirrored)


MIDDLE = View()
_SHIFTS = range(-MOST_SHIFT, MOST_SHIFT + 1)
ALL_VIEWS = tuple(View(down, right, mirrored) for mirrored in (False, True) for down in _SHIFTS for right in _SHIFTS)
HALF_OF_VIEWS = tuple(
    view for view in ALL_VIEWS if (view.down >= 0 if view.mirrored else (view.down, view.right) >= (0, 0))
)
"""One of each view and its inverse: (-down, -right), mirrored (-down, right); enough where a set meets itself.

There each of two copies is looked up, so that a pair has its one chance; between two sets only the first's images are,
in all views, and planted copies, which are a set of their own, have that one chance too.
"""


def to_pictures(images: np.ndarray) -> torch.Tensor:
    """Cut out the middle square of uint8 images (n, 1 or 3, H, W) and average it down to 32x32.

    Returns
    -------
    torch.Tensor
        float32 (n, 3, 32, 32), 0 to 255; greyscale three times.
    """
    side = min(images.shape[2:])
    top, left = (images.shape[2] - side) // 2, (images.shape[3] - side) // 2
    square = torch.from_numpy(np.ascontiguousarray(images[:, :, top : top + side, left : left + side])).float()
    if side != SIDE:
        square = adaptive_avg_pool2d(square, SIDE)
    return square.expand(-1, 3, -1, -1)


def local_detail(pictures: torch.Tensor) -> torch.Tensor:
    """Remove from each pixel the mean of the 9x9 square around it, as far as it lies inside; at the same shape.

    What is left tells pictures apart: the slow changes are alike in many, as in all skies.
    """
    reach = SURROUND // 2
    columns = avg_pool2d(pictures, (SURROUND, 1), 1, (reach, 0), count_include_pad=False)
    return pictures - avg_pool2d(columns, (1, SURROUND), 1, (0, reach), count_include_pad=False)


def cut_view(pictures: torch.Tensor, view: View) -> torch.Tensor:
    """Cut a view out of pictures (n, 3, 32, 32): (n, 3, 28, 28)."""
    top, left = MOST_SHIFT + view.down, MOST_SHIFT + view.right
    cut = pictures[:, :, top : top + CORE, left : left + CORE]
    return cut.flip(3) if view.mirrored else cut


def standardised(pictures: torch.Tensor) -> torch.Tensor:
    """Remove each picture's mean and contrast, over all pixels and colours; (n, 3, h, w) stays (n, 3, h, w)."""
    centred = pictures - pictures.mean((1, 2, 3), keepdim=True)
    return centred / (centred.square().mean((1, 2, 3), keepdim=True) + ADDED_VARIANCE).sqrt()


def whole_inputs(pictures: torch.Tensor) -> torch.Tensor:
    """Give what the paper's autoencoder reads, float32 (n, 3072): the whole pictures, standardised."""
    return standardised(pictures).flatten(1)


def detail_inputs(pictures: torch.Tensor) -> torch.Tensor:
    """Give what ours reads, float32 (n, 3072): the middle view of the local detail."""
    return view_inputs(local_detail(pictures), MIDDLE)


def view_inputs(detail: torch.Tensor, view: View) -> torch.Tensor:
    """Cut a view out of local detail (n, 3, 32, 32), standardise it, and surround it by zeros: (n, 3072)."""
    return pad(standardised(cut_view(detail, view)), [MOST_SHIFT] * 4).flatten(1)
