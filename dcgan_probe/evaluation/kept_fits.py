"""Takes what trainings of a network gave, keeps each in a file of its own and gives it back; knows no network.

::

    FOLDER/select-0-setting-017.npz     one training: predictions of the rows that it was scored on, steps, seconds
"""

from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Literal

import numpy as np

from ..storage import read_arrays, write_arrays


@dataclass(frozen=True)
class Training:
    """Which training it is."""

    stage: Literal["select", "report"]
    draw: int
    number: int
    """Of the setting."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one training gave; nothing is claimed of its objective."""

    predictions: np.ndarray
    """int64 (n,)."""
    iterations: int
    """Steps of the optimiser."""
    converged: bool
    """Whether all weights were finite at the end of the planned length."""
    seconds: float
    """With the predictions."""
    objective: float = nan
    gradient_norm: float = nan
    gap: float = nan

    @property
    def status(self) -> str:
        """Tell how the training ended."""
        return "trained" if self.converged else "diverged"


class KeptFits:
    """A folder of trainings that all numbers but setting, stage and draw are the same for."""

    def __init__(self, folder: Path):
        self.folder = folder

    def path(self, training: Training) -> Path:
        """Give the file of a training."""
        return self.folder / f"{training.stage}-{training.draw}-setting-{training.number:03d}.npz"

    def read(self, training: Training) -> Outcome | None:
        """Give what a training gave; None if it was not made.

        Raises
        ------
        UserError
            If its file is damaged.
        """
        try:
            stored = read_arrays(self.path(training), ("predictions", "iterations", "converged", "seconds"))
        except FileNotFoundError:
            return None
        return Outcome(
            predictions=stored["predictions"].astype(np.int64),
            iterations=int(stored["iterations"]),
            converged=bool(stored["converged"]),
            seconds=float(stored["seconds"]),
        )

    def write(self, training: Training, outcome: Outcome) -> None:
        """Keep what a training gave, whole or not at all."""
        write_arrays(
            self.path(training),
            predictions=outcome.predictions.astype(np.uint16),
            iterations=outcome.iterations,
            converged=outcome.converged,
            seconds=outcome.seconds,
        )
