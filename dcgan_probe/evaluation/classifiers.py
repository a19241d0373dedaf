"""Takes the name of a classifier, gives its fit and its grid, and predictions of what was fitted; knows no protocol."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

import numpy as np

from ..linear import LinearClassifier, fit_path, predict_path
from .choice import NEIGHBOUR_NUMBERS, PENALTIES, Grid
from .draws import Rows
from .neighbours import NeighbourClassifier, fit_neighbours, predict_neighbours
from .settings import NEIGHBOURS, ProbeClassifier

TOLERANCE = 1e-5
"""Largest relative duality gap of a recorded fit."""
BLOCK_ROWS = 2048


class Fit(Protocol):
    """What a record tells of one fit of all classes."""

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


class FittedClassifier(Fit, Protocol):
    """What an evaluation asks of a classifier that was fitted with one C."""

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Give labels int64 (n,) for features float32 (n, D)."""


class FitPath(Protocol):
    """Fits one classifier for each C, as ``probe.fit_path`` does."""

    def __call__(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        penalties: Sequence[float],
        *,
        standardise: bool,
        added_variance: float,
        gram: np.ndarray | None,
    ) -> Sequence[FittedClassifier]:
        """Fit features (n, D) and labels int64 (n,); ``gram`` is ``F F'`` (n, n) where it is known."""


def grid_of(classifier: ProbeClassifier) -> Grid:
    """Give the values that a classifier chooses among."""
    return NEIGHBOUR_NUMBERS if classifier in NEIGHBOURS else PENALTIES


def fit_of(classifier: ProbeClassifier, memory: int | None, on_iteration: Callable[[int, float], None]) -> FitPath:
    """Give what fits a classifier with several C, within a bound of memory; see ``probe.fit_path``."""
    if classifier == "knn-cosine" or classifier == "knn-euclidean":
        return partial(fit_neighbours, metric=classifier)
    return partial(fit_path, classifier=classifier, tol=TOLERANCE, memory=memory, on_iteration=on_iteration)


def predict_rows(fits: Sequence[FittedClassifier], features: np.ndarray, rows: Rows) -> np.ndarray:
    """Predict the labels of some rows of features (N, D), block by block.

    Those of linear classifiers are one product with the features for all values of C, those of neighbours one search
    for all values of k.

    Returns
    -------
    Labels int64 (number of classifiers, number of rows).
    """
    return np.concatenate([_predict(fits, block) for block in blocks(features, rows)], axis=1)


def _predict(fits: Sequence[FittedClassifier], block: np.ndarray) -> np.ndarray:
    """Predict with all classifiers at once where that is known to be possible, (number of classifiers, n)."""
    linear = [fit for fit in fits if isinstance(fit, LinearClassifier)]
    near = [fit for fit in fits if isinstance(fit, NeighbourClassifier)]
    if len(linear) == len(fits):
        return predict_path(linear, block)
    if len(near) == len(fits):
        return predict_neighbours(near, block)
    return np.stack([fit.predict(block) for fit in fits])


def blocks(features: np.ndarray, rows: Rows) -> Iterator[np.ndarray]:
    """Give the chosen rows in consecutive blocks; those of a slice are views, those of an index copies."""
    if isinstance(rows, slice):
        chosen = features[rows]
        for start in range(0, len(chosen), BLOCK_ROWS):
            yield chosen[start : start + BLOCK_ROWS]
    else:
        for start in range(0, len(rows), BLOCK_ROWS):
            yield features[rows[start : start + BLOCK_ROWS]]
