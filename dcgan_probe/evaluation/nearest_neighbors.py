"""Nearest-neighbor classifiers for several k from one search, scikit-learn's brute force."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from sklearn.neighbors import NearestNeighbors

from .settings import Neighbors


class Neighborhood:
    """Scaled training rows, searched for neighbors."""

    def __init__(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        metric: Neighbors,
        *,
        standardise: bool = False,
        added_variance: float = 0.0,
    ):
        """Scale rows (n, D) in float32, and store them with their labels int64 (n,)."""
        self.labels, self._cosine, self._scaling = labels, metric == "knn-cosine", None
        if standardise:
            deviation = np.sqrt(features.var(axis=0, dtype=np.float64) + added_variance)
            deviation = np.where(features.min(axis=0) == features.max(axis=0), 1.0, deviation)
            mean = features.mean(axis=0, dtype=np.float64)
            self._scaling = mean.astype(np.float32), deviation.astype(np.float32)
        self._search = NearestNeighbors(algorithm="brute").fit(self._scaled(features))

    def nearest(self, X: np.ndarray, k: int) -> np.ndarray:
        """Return the labels of the k nearest rows of each row of X (N, D), nearest first, int64 (N, k)."""
        return self.labels[self._search.kneighbors(self._scaled(X), k, return_distance=False)]

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        """Standardize if set; for cosines, divide by the length: on the unit sphere, distances rise with angles."""
        X = X.astype(np.float32, copy=False)
        if self._scaling is not None:
            X = (X - self._scaling[0]) / self._scaling[1]
        if self._cosine:
            lengths = np.linalg.norm(X, axis=1, keepdims=True)
            X = X / np.where(lengths > 0.0, lengths, 1.0)
        return X


@dataclass(frozen=True)
class NeighborClassifier:
    """Majority vote of the k nearest training rows; the first class wins a tie."""

    neighborhood: Neighborhood
    k: int
    objective: float = nan
    """Not defined, since a vote minimizes no objective; the gap is 0 since it is exact."""
    gradient_norm: float = nan
    gap: float = 0.0
    iterations: int = 0
    status: str = "converged"
    converged: bool = True

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predict the labels int64 (N,) of features (N, D)."""
        return predict_neighbors([self], X)[0]


def fit_neighbors(
    features: np.ndarray,
    labels: np.ndarray,
    values: Sequence[float],
    *,
    metric: Neighbors,
    standardise: bool = False,
    added_variance: float = 0.0,
    gram: np.ndarray | None = None,
) -> list[NeighborClassifier]:
    """Store training rows (n, D) for several k, the whole numbers in ``values``; a k above n becomes n.

    ``standardise`` and ``added_variance`` mean the same as for linear classifiers; ``gram`` is ignored.
    """
    around = Neighborhood(features, labels, metric, standardise=standardise, added_variance=added_variance)
    return [NeighborClassifier(around, min(int(value), len(labels))) for value in values]


def predict_neighbors(fits: Sequence[NeighborClassifier], X: np.ndarray) -> np.ndarray:
    """Predict the labels int64 (M, N) of X (N, D) with M values of k on the same training rows, from one search."""
    around = fits[0].neighborhood
    found = around.nearest(X, max(fit.k for fit in fits))
    classes = np.unique(around.labels)
    own = np.searchsorted(classes, found)
    votes = np.zeros((len(X), len(classes)), np.int64)
    result = np.empty((len(fits), len(X)), np.int64)
    counted, rows = 0, np.arange(len(X))
    for m in np.argsort([fit.k for fit in fits], kind="stable"):
        for column in range(counted, fits[m].k):
            votes[rows, own[:, column]] += 1
        counted = max(counted, fits[m].k)
        result[m] = classes[votes.argmax(axis=1)]
    return result
