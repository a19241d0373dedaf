"""Curves of the test error of nearest neighbors at growing numbers of images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .generated_images import NeighborError

FITTED_ON = {"generated": "generated", "real": "real training images"}
INCHES, DOTS_PER_INCH = (7.0, 4.5), 110


def draw_neighbor_curves(errors: Sequence["NeighborError"], title: str, chance: float) -> np.ndarray:
    """Draw test error in % against the number of images, on a logarithmic axis: uint8 (height, width, 3).

    A line shows ``chance``, the error of guessing, 0 to 1.
    """
    # A late import, since matplotlib is slow to load; without pyplot, which has global state.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots()
    for fitted_on, name in FITTED_ON.items():
        own = [each for each in errors if each.fitted_on == fitted_on]
        axes.errorbar(
            [each.count for each in own],
            [100 * each.error for each in own],
            [100 * each.half_width for each in own],
            marker="o",
            capsize=3,
            label=f"fitted on {name}",
        )
    axes.axhline(100 * chance, color="grey", linestyle="--", label="guessing a class")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("images searched for the nearest neighbor")
    axes.set_ylabel("error on the test images, %")
    axes.set_title(title, fontsize="medium")
    axes.grid(alpha=0.3)
    axes.legend()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
