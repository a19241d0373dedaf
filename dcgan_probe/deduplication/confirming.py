"""Takes pictures in pairs and the view that brought each together, gives how far apart they are; knows no hash.

A fixed limit on the difference of pixels fails where there is little to see: two flutes on white paper, or two plains
under a grey sky, differ less than a photograph and its JPEG file. But such a picture also differs little from itself
moved along the flute or the horizon. So a difference is measured by what either picture's own becomes when it moves.
"""

import torch

from .pictures import MIDDLE, MOST_SHIFT, View, cut_view, local_detail, standardised

MOVES = (View(MOST_SHIFT, 0), View(0, MOST_SHIFT), View(MOST_SHIFT, MOST_SHIFT), View(MOST_SHIFT, -MOST_SHIFT))
LEAST = 1e-6  # of what a move changes, where nothing is to be seen


def relative_distances(first: torch.Tensor, second: torch.Tensor, view: View) -> torch.Tensor:
    """Compare a view of each first picture with the middle of the second.

    With a and b the local detail of two views, standardised, d(a, b) = mean((a - b)^2) / 2, which is one minus their
    correlation. The distance is d(a, b) / min(own(a), own(b)), where own is the least d between a picture's middle and
    its views two pixels down, right, or both.

    Parameters
    ----------
    first, second
        float32 (n, 3, 32, 32) each, 0 to 255.

    Returns
    -------
    torch.Tensor
        float32 (n,): 0 (the same but for brightness and contrast), about 1 (as unlike as one picture moved), and above.
    """
    first, second = local_detail(first), local_detail(second)
    between = _differences(cut_view(first, view), cut_view(second, MIDDLE))
    return between / torch.minimum(_own_differences(first), _own_differences(second)).clamp_min(LEAST)


def _own_differences(detail: torch.Tensor) -> torch.Tensor:
    """Give the least that a move of two pixels changes."""
    middle = cut_view(detail, MIDDLE)
    return torch.stack([_differences(middle, cut_view(detail, move)) for move in MOVES]).amin(0)


def _differences(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return (standardised(first) - standardised(second)).square().mean((1, 2, 3)) / 2
