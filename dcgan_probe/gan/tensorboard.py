"""TensorBoard events of a run's statistics, if TensorBoard is installed."""

from pathlib import Path
from typing import Any

import numpy as np

GRAPHS = {
    "training": ("d_loss", "g_loss", "d_real", "d_fake", "d_gradient_norm", "g_gradient_norm"),
    "health": ("diversity", "dead_filters", "oscillating_filters", "collapsed_since"),
    "probe": ("probe_accuracy",),
    "machine": ("images_per_second", "memory_mb", "gpu_memory_mb"),
}
"""Names of the numbers in each group of graphs."""


class Events:
    """Writer of scalars and grids under ``RUN/events``; does nothing without TensorBoard or without a folder.

    Events of an earlier session after ``position`` are hidden, since their steps are repeated.
    """

    def __init__(self, folder: Path | None, position: int):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self._writer = None
        else:
            self._writer = SummaryWriter(str(folder / "events"), purge_step=position + 1) if folder else None

    def add_row(self, row: dict[str, Any]) -> None:
        """Add the scalars of one tick, at its ``images_seen``; None means that a number was not measured."""
        if self._writer is None:
            return
        for group, names in GRAPHS.items():
            for name in names:
                if row[name] is not None:
                    self._writer.add_scalar(f"{group}/{name}", row[name], row["images_seen"])

    def add_grid(self, name: str, grid: np.ndarray, position: int) -> None:
        """Add a grid, uint8 (H, W, 3), at ``position`` images seen."""
        if self._writer is not None:
            self._writer.add_image(name, grid, position, dataformats="HWC")

    def close(self) -> None:
        """Write the events that are still in memory."""
        if self._writer is not None:
            self._writer.close()
