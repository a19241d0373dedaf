"""Takes classifiers that were fitted with several C, gives their predictions of rows; knows no solver, no protocol."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from .draws import Rows
from .scaling import Scaler, blocks


class FittedClassifier(Protocol):
    """What an evaluation asks of a classifier that was fitted with one C for all classes."""

    @property
    def objective(self) -> float:
        """Sum over the classes."""

    @property
    def gradient_norm(self) -> float:
        """Greatest of the classes."""

    @property
    def gap(self) -> float:
        """Relative duality gap, greatest of the classes."""

    @property
    def iterations(self) -> int:
        """Iterations of the solver, greatest of the classes."""

    @property
    def status(self) -> str:
        """The solver's word for how it ended."""

    @property
    def converged(self) -> bool:
        """Whether every class reached the solver's tolerance."""

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Give labels int64 (n,) for features float32 (n, D)."""


FitPath = Callable[[np.ndarray, np.ndarray, Sequence[float]], Sequence[FittedClassifier]]
"""Fits features float32 (n, D) and labels int64 (n,), one classifier for each C."""


def predict_rows(
    fits: Sequence[FittedClassifier], features: np.ndarray, rows: Rows, scaler: Scaler | None
) -> np.ndarray:
    """Predict the labels of some rows with each classifier, block by block.

    Parameters
    ----------
    features
        Unscaled, float32 (N, D).
    scaler
        Statistics of the rows that the classifiers were fitted on; None for no scaling.

    Returns
    -------
    Labels int64 (number of classifiers, number of rows).
    """
    parts = []
    for block in blocks(features, rows):
        scaled = block if scaler is None else scaler.scaled(block)
        parts.append(np.stack([fit.predict(scaled) for fit in fits]))
    return np.concatenate(parts, axis=1)
