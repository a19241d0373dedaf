"""Takes pictures in pairs and the view that brought each together, gives their distance in pixels; knows no hash."""

import torch

from .pictures import MIDDLE, View, cut_view, even_detail

LEAST_ENERGY = 1e-6  # of views that are blank


def pixel_distances(first: torch.Tensor, second: torch.Tensor, view: View) -> torch.Tensor:
    """Compare a view of each first picture with the middle of the second, whatever their brightness and contrast.

    With a and b the even detail of the two views, over all pixels and colours, the distance is
    sum (a - b)^2 / (sum a^2 + sum b^2). That is one minus their correlation where both have the same contrast.

    Parameters
    ----------
    first, second
        float32 (n, 3, 32, 32) each, 0 to 255.

    Returns
    -------
    torch.Tensor
        float32 (n,), 0 (the same, or both blank) to 2 (the negative).
    """
    a, b = cut_view(even_detail(first), view), cut_view(even_detail(second), MIDDLE)
    energy = _sum_of_squares(a) + _sum_of_squares(b)
    return _sum_of_squares(a - b) / energy.clamp_min(LEAST_ENERGY)


def _sum_of_squares(maps: torch.Tensor) -> torch.Tensor:
    return maps.square().sum((1, 2, 3))
