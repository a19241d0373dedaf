"""Distances between pairs of pictures, relative to the change in either picture under a small shift.

A fixed threshold on pixel differences fails for pictures with little content: pictures of two flutes on white paper, or
of two plains under a gray sky, differ less than a photograph and its JPEG copy. But such a picture also differs little
from a copy of itself shifted along the flute or the horizon. The difference between two pictures is therefore divided
by the difference between either picture and its own shifted copy.
"""

import torch

from .views import MIDDLE, MOST_SHIFT, View, cut_view, local_detail, standardized

MOVES = (View(MOST_SHIFT, 0), View(0, MOST_SHIFT), View(MOST_SHIFT, MOST_SHIFT), View(MOST_SHIFT, -MOST_SHIFT))
LEAST = 1e-6  # lower bound of the change by a move, for blank pictures


def relative_distances(first: torch.Tensor, second: torch.Tensor, view: View) -> torch.Tensor:
    """Compare a view of each first picture with the middle of the second.

    Let a and b be the standardized local detail of two views, and d(a, b) = mean((a - b)^2) / 2, which is one minus
    their correlation. The distance is d(a, b) / min(own(a), own(b)), where own is the least d between a picture's
    middle and its views two pixels down, right, or both.

    Parameters
    ----------
    first, second
        float32 (n, 3, 32, 32) each, 0 to 255.
    view
        View of the first pictures.

    Returns
    -------
    torch.Tensor
        float32 (n,), at least 0: 0 for pictures that are equal up to brightness and contrast, 1 for pictures that
        differ as much as a picture differs from itself when moved.
    """
    first, second = local_detail(first), local_detail(second)
    between = _differences(cut_view(first, view), cut_view(second, MIDDLE))
    return between / torch.minimum(_own_differences(first), _own_differences(second)).clamp_min(LEAST)


def _own_differences(detail: torch.Tensor) -> torch.Tensor:
    """Return the least change of each picture under moves of two pixels, float32 (n,)."""
    middle = cut_view(detail, MIDDLE)
    return torch.stack([_differences(middle, cut_view(detail, move)) for move in MOVES]).amin(0)


def _differences(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return (standardized(first) - standardized(second)).square().mean((1, 2, 3)) / 2
