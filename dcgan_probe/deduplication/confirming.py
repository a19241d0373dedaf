"""Takes pictures in pairs and the view that brought each together, gives their distance in pixels; knows no hash."""

import torch

from .pictures import MIDDLE, View, cut_view, standardised


def pixel_distances(first: torch.Tensor, second: torch.Tensor, view: View) -> torch.Tensor:
    """Compare a view of each first picture with the middle of the second, whatever their brightness and contrast.

    With a and b the two views' pixels and colours, standardised, the distance is mean((a - b)^2) / 2. That is one
    minus their correlation, except where nearly blank ones are compared.

    Parameters
    ----------
    first, second
        float32 (n, 3, 32, 32) each, 0 to 255.

    Returns
    -------
    torch.Tensor
        float32 (n,), 0 (the same) to 2 (the negative).
    """
    difference = standardised(cut_view(first, view)) - standardised(cut_view(second, MIDDLE))
    return difference.square().mean((1, 2, 3)) / 2
