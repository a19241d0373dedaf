"""Pictures of 32x32 pixels from images of any size, their views, and the inputs to the autoencoders.

A view is the 28x28 center crop of a picture, shifted by at most two pixels along each axis, and optionally mirrored. A
shifted or mirrored copy has a view whose pixels match the center crop of the original, so it is found by looking up all
views.
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
ADDED_VARIANCE = 1.0  # squared gray levels; keeps the contrast of blank pictures from becoming noise


class View(NamedTuple):
    """Position of a view: rows down, columns right, and mirroring."""

    down: int = 0
    right: int = 0
    mirrored: bool = False

    def __str__(self) -> str:
        """Return the change of a picture into its copy: ``flip``, then pixels down and right; empty if unchanged."""
        moved = f"{self.down:+d} {self.right:+d}" if self.down or self.right else ""
        return " ".join(filter(None, ("flip" if self.mirrored else "", moved)))

    def inverse(self) -> "View":
        """Return the view of the second picture that equals the middle of the first."""
        return View(-self.down, self.right if self.mirrored else -self.right, self.mirrored)


MIDDLE = View()
_SHIFTS = range(-MOST_SHIFT, MOST_SHIFT + 1)
ALL_VIEWS = tuple(View(down, right, mirrored) for mirrored in (False, True) for down in _SHIFTS for right in _SHIFTS)
HALF_OF_VIEWS = tuple(
    view for view in ALL_VIEWS if (view.down >= 0 if view.mirrored else (view.down, view.right) >= (0, 0))
)
"""One of each view and its inverse, (-down, -right) or mirrored (-down, right); sufficient within one set.

Within one set, both images of a pair are looked up, so these views give each pair one chance. Between two sets, only
the first set's images are looked up, in all views. Planted copies form a separate set, and have one chance too.
"""


def to_pictures(images: np.ndarray) -> torch.Tensor:
    """Cut out the middle square of uint8 images (n, 1 or 3, H, W) and average it down to 32x32.

    Returns
    -------
    torch.Tensor
        float32 (n, 3, 32, 32), 0 to 255; the channel of grayscale images is repeated.
    """
    side = min(images.shape[2:])
    top, left = (images.shape[2] - side) // 2, (images.shape[3] - side) // 2
    square = torch.from_numpy(np.ascontiguousarray(images[:, :, top : top + side, left : left + side])).float()
    if side != SIDE:
        square = adaptive_avg_pool2d(square, SIDE)
    return square.expand(-1, 3, -1, -1)


def local_detail(pictures: torch.Tensor) -> torch.Tensor:
    """Subtract from each pixel the mean of the 9x9 square around it, cut at the border; the shape stays the same.

    The local detail distinguishes pictures, since many pictures share the slow changes, such as those of a sky.
    """
    reach = SURROUND // 2
    columns = avg_pool2d(pictures, (SURROUND, 1), 1, (reach, 0), count_include_pad=False)
    return pictures - avg_pool2d(columns, (1, SURROUND), 1, (0, reach), count_include_pad=False)


def cut_view(pictures: torch.Tensor, view: View) -> torch.Tensor:
    """Cut a view out of pictures (n, 3, 32, 32): (n, 3, 28, 28)."""
    top, left = MOST_SHIFT + view.down, MOST_SHIFT + view.right
    cut = pictures[:, :, top : top + CORE, left : left + CORE]
    return cut.flip(3) if view.mirrored else cut


def standardized(pictures: torch.Tensor) -> torch.Tensor:
    """Remove each picture's mean and contrast, over all pixels and colors; (n, 3, h, w) stays (n, 3, h, w)."""
    centered = pictures - pictures.mean((1, 2, 3), keepdim=True)
    return centered / (centered.square().mean((1, 2, 3), keepdim=True) + ADDED_VARIANCE).sqrt()


def whole_inputs(pictures: torch.Tensor) -> torch.Tensor:
    """Return the inputs of the paper's autoencoder, float32 (n, 3072): the whole pictures, standardized."""
    return standardized(pictures).flatten(1)


def detail_inputs(pictures: torch.Tensor) -> torch.Tensor:
    """Return the inputs of this search's autoencoder, float32 (n, 3072): the middle view of the local detail."""
    return view_inputs(local_detail(pictures), MIDDLE)


def view_inputs(detail: torch.Tensor, view: View) -> torch.Tensor:
    """Cut a view out of local detail (n, 3, 32, 32), standardize it, and pad it with zeros: (n, 3072)."""
    return pad(standardized(cut_view(detail, view)), [MOST_SHIFT] * 4).flatten(1)
