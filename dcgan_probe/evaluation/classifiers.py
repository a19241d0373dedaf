"""Fit functions, grids and predictions of classifiers by name."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

import numpy as np

from ..linear import LinearClassifier, fit_path, predict_path
from .draws import Rows
from .nearest_neighbors import NeighborClassifier, fit_neighbors, predict_neighbors
from .penalty_grid import NEIGHBOR_NUMBERS, PENALTIES, Grid
from .settings import NEIGHBORS, ProbeClassifier

TOLERANCE = 1e-5
"""Tolerance of a recorded fit: its largest relative duality gap."""
BLOCK_ROWS = 2048


class Fit(Protocol):
    """Fit of all classes, with the quantities that a record holds."""

    @property
    def objective(self) -> float:
        """Sum over the classes."""

    @property
    def gradient_norm(self) -> float:
        """Maximum over the classes."""

    @property
    def gap(self) -> float:
        """Relative duality gap, maximum over the classes."""

    @property
    def iterations(self) -> int:
        """Iterations of the solver, maximum over the classes."""

    @property
    def status(self) -> str:
        """Status of the solver at its end."""

    @property
    def converged(self) -> bool:
        """True if every class reached the solver's tolerance."""


class FittedClassifier(Fit, Protocol):
    """Classifier fitted with one C."""

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predict labels int64 (n,) for features float32 (n, D)."""


class FitPath(Protocol):
    """Function that fits one classifier for each C, such as ``linear.fit_path``."""

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
        """Fit features (n, D) and labels int64 (n,); ``gram`` is ``F F'`` (n, n), or None if not computed yet."""


def grid_of(classifier: ProbeClassifier) -> Grid:
    """Return the grid of a classifier: of k for nearest neighbors, else of C."""
    return NEIGHBOR_NUMBERS if classifier in NEIGHBORS else PENALTIES


def fit_of(classifier: ProbeClassifier, memory: int | None, on_iteration: Callable[[int, float], None]) -> FitPath:
    """Return the function that fits a classifier with several C, within a memory bound in bytes.

    See ``linear.fit_path`` for ``memory`` and ``on_iteration``, which nearest neighbors ignore.
    """
    if classifier == "knn-cosine" or classifier == "knn-euclidean":
        return partial(fit_neighbors, metric=classifier)
    return partial(fit_path, classifier=classifier, tol=TOLERANCE, memory=memory, on_iteration=on_iteration)


def predict_rows(fits: Sequence[FittedClassifier], features: np.ndarray, rows: Rows) -> np.ndarray:
    """Predict the labels of some rows of features (N, D), block by block.

    Linear classifiers need one matrix product for all values of C, nearest neighbors one search for all values of k.

    Returns
    -------
    numpy.ndarray
        Labels int64 (number of classifiers, number of rows).
    """
    return np.concatenate([_predict(fits, block) for block in blocks(features, rows)], axis=1)


def _predict(fits: Sequence[FittedClassifier], block: np.ndarray) -> np.ndarray:
    """Predict labels (number of classifiers, n), with all classifiers at once if they are of one known type."""
    linear = [fit for fit in fits if isinstance(fit, LinearClassifier)]
    near = [fit for fit in fits if isinstance(fit, NeighborClassifier)]
    if len(linear) == len(fits):
        return predict_path(linear, block)
    if len(near) == len(fits):
        return predict_neighbors(near, block)
    return np.stack([fit.predict(block) for fit in fits])


def blocks(features: np.ndarray, rows: Rows) -> Iterator[np.ndarray]:
    """Yield consecutive blocks of the chosen rows: views for a slice, copies for an index array."""
    if isinstance(rows, slice):
        chosen = features[rows]
        for start in range(0, len(chosen), BLOCK_ROWS):
            yield chosen[start : start + BLOCK_ROWS]
    else:
        for start in range(0, len(rows), BLOCK_ROWS):
            yield features[rows[start : start + BLOCK_ROWS]]
