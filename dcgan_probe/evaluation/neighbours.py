"""Takes features and labels, gives nearest-neighbour classifiers for several k; knows no protocol.

The search is scikit-learn's, in products of blocks; one search serves every k.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from sklearn.neighbors import NearestNeighbors

from .settings import Neighbours


class Neighbourhood:
    """Training rows, scaled, among which neighbours are looked up."""

    def __init__(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        metric: Neighbours,
        *,
        standardise: bool = False,
        added_variance: float = 0.0,
    ):
        """Keep rows (n, D) as float32, and their labels int64 (n,)."""
        self.labels, self._cosine, self._scaling = labels, metric == "knn-cosine", None
        if standardise:
            deviation = np.sqrt(features.var(axis=0, dtype=np.float64) + added_variance)
            deviation = np.where(features.min(axis=0) == features.max(axis=0), 1.0, deviation)
            mean = features.mean(axis=0, dtype=np.float64)
            self._scaling = mean.astype(np.float32), deviation.astype(np.float32)
        self._search = NearestNeighbors(algorithm="brute").fit(self._scaled(features))

    def nearest(self, X: np.ndarray, k: int) -> np.ndarray:
        """Give the labels of the k nearest rows of each row of X (N, D), the nearest first, (N, k)."""
        return self.labels[self._search.kneighbors(self._scaled(X), k, return_distance=False)]

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        """Standardise if asked; rows of length 1 have the order of angles for that of distances."""
        X = X.astype(np.float32, copy=False)
        if self._scaling is not None:
            X = (X - self._scaling[0]) / self._scaling[1]
        if self._cosine:
            lengths = np.linalg.norm(X, axis=1, keepdims=True)
            X = X / np.where(lengths > 0.0, lengths, 1.0)
        return X


@dataclass(frozen=True)
class NeighbourClassifier:
    """The vote of the k nearest training rows; of several classes with as many votes, the first."""

    neighbourhood: Neighbourhood
    k: int
    objective: float = nan
    """Nothing is minimised, and the vote is exact."""
    gradient_norm: float = nan
    gap: float = 0.0
    iterations: int = 0
    status: str = "converged"
    converged: bool = True

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Give the labels (N,) of features (N, D)."""
        return predict_neighbours([self], X)[0]


def fit_neighbours(
    features: np.ndarray,
    labels: np.ndarray,
    values: Sequence[float],
    *,
    metric: Neighbours,
    standardise: bool = False,
    added_variance: float = 0.0,
    gram: np.ndarray | None = None,
) -> list[NeighbourClassifier]:
    """Keep training rows (n, D) for several k, the whole numbers of ``values``; a k beyond n takes all rows.

    ``standardise`` and ``added_variance`` mean the same as for linear classifiers; ``gram`` is not used.
    """
    around = Neighbourhood(features, labels, metric, standardise=standardise, added_variance=added_variance)
    return [NeighbourClassifier(around, min(int(value), len(labels))) for value in values]


def predict_neighbours(fits: Sequence[NeighbourClassifier], X: np.ndarray) -> np.ndarray:
    """Give the labels (M, N) by M values of k on the same training rows, from one search."""
    around = fits[0].neighbourhood
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
