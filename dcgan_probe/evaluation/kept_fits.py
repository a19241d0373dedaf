"""Takes what trainings of a network gave, keeps each in a file of its own and gives it back; knows no network.

::

    FOLDER/select-0-setting-017.npz     one training: predictions of the rows that it was scored on, steps, seconds
"""

from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import numpy as np

from ..runtime import UserError
from ..storage import whole_file


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
        path = self.path(training)
        try:
            with open(path, "rb") as file, np.load(file) as stored:
                return Outcome(
                    predictions=stored["predictions"].astype(np.int64),
                    iterations=int(stored["iterations"]),
                    converged=bool(stored["converged"]),
                    seconds=float(stored["seconds"]),
                )
        except FileNotFoundError:
            return None
        except (BadZipFile, ValueError, KeyError, EOFError) as error:
            raise UserError(f"{path} cannot be read ({error}); it is damaged or foreign, so delete it") from error

    def write(self, training: Training, outcome: Outcome) -> None:
        """Keep what a training gave, whole or not at all."""
        with whole_file(self.path(training)) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(
                file,
                predictions=outcome.predictions.astype(np.uint16),
                iterations=outcome.iterations,
                converged=outcome.converged,
                seconds=outcome.seconds,
            )
