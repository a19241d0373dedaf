"""Takes the rows of a run's statistics, gives TensorBoard events where TensorBoard is installed; knows no network."""

from pathlib import Path
from typing import Any

import numpy as np

GRAPHS = {
    "training": ("d_loss", "g_loss", "d_real", "d_fake", "d_gradient_norm", "g_gradient_norm"),
    "health": ("diversity", "dead_filters", "oscillating_filters", "collapsed_since"),
    "probe": ("probe_accuracy",),
    "machine": ("images_per_second", "memory_mb", "gpu_memory_mb"),
}
"""Group of graphs to the names of its numbers."""


class Events:
    """Writes scalars and grids under ``RUN/events``; does nothing without TensorBoard or without a folder.

    What an earlier session has written after ``position`` is hidden: its steps are made again.
    """

    def __init__(self, folder: Path | None, position: int):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self._writer = None
        else:
            self._writer = SummaryWriter(str(folder / "events"), purge_step=position + 1) if folder else None

    def add_row(self, row: dict[str, Any]) -> None:
        """Add the scalars of one tick, at its ``images_seen``; what is None was not measured."""
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
        """Write what is still in memory."""
        if self._writer is not None:
            self._writer.close()
