"""Seeded feature sets, and objectives written out row by row, for tests of linear classifiers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def blobs(
    rows: int, columns: int, classes: int, *, seed: int = 0, spread: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    labels = np.arange(rows) % classes
    means = draw.standard_normal((classes, columns))
    return spread * draw.standard_normal((rows, columns)) + means[labels] + 0.5, labels


def tall() -> tuple[np.ndarray, np.ndarray]:
    return blobs(200, 12, 4, spread=2.0)


def wide() -> tuple[np.ndarray, np.ndarray]:
    return blobs(40, 90, 3)


def duplicate_rows() -> tuple[np.ndarray, np.ndarray]:
    features, labels = blobs(20, 30, 3)
    return np.repeat(features, 2, axis=0)[:28], np.repeat(labels, 2)[:28]


def duplicate_columns() -> tuple[np.ndarray, np.ndarray]:
    features, labels = blobs(36, 15, 3)
    return np.tile(features, (1, 4)), labels


def constant_columns() -> tuple[np.ndarray, np.ndarray]:
    features, labels = blobs(90, 10, 3, spread=2.0)
    features[:, 2] = 0.0
    features[:, 5] = 3.0
    return features, labels


def zero_block() -> tuple[np.ndarray, np.ndarray]:
    features, labels = blobs(90, 40, 3, spread=2.0)
    features[:, 10:] = 0.0
    return features, labels


def all_zero() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((30, 5)), np.arange(30) % 3


def all_zero_wide() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((12, 20)), np.arange(12) % 3


def tiny_class() -> tuple[np.ndarray, np.ndarray]:
    features, labels = blobs(120, 8, 3)
    labels = np.where(labels == 2, 1, labels)
    labels[7] = 2
    return features, labels


def imbalanced() -> tuple[np.ndarray, np.ndarray]:
    features, labels = blobs(220, 9, 2, spread=2.0)
    return features, ((labels == 1) & (np.arange(220) % 20 == 1)).astype(np.int64)


def two_classes() -> tuple[np.ndarray, np.ndarray]:
    return blobs(80, 6, 2, spread=2.0)


def badly_scaled() -> tuple[np.ndarray, np.ndarray]:
    features, labels = blobs(100, 8, 3, spread=2.0)
    return features * np.logspace(-3, 3, 8), labels


def badly_scaled_wide() -> tuple[np.ndarray, np.ndarray]:
    features, labels = blobs(25, 40, 3, spread=2.0)
    return features * np.logspace(-2, 2, 40), labels


CASES: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {
    case.__name__: case
    for case in (
        tall,
        wide,
        duplicate_rows,
        duplicate_columns,
        constant_columns,
        zero_block,
        all_zero,
        all_zero_wide,
        tiny_class,
        imbalanced,
        two_classes,
        badly_scaled,
        badly_scaled_wide,
    )
}


def one_vs_rest(labels: np.ndarray) -> np.ndarray:
    """Return targets +-1 (N, K), with two columns for two classes."""
    return np.where(labels[:, np.newaxis] == np.unique(labels), 1, -1)


def targets_of(classifier: str, labels: np.ndarray) -> np.ndarray:
    """Return the targets of ``solve``: class numbers (N,) for softmax, else signs (N, K)."""
    return labels if classifier == "logistic" else one_vs_rest(labels)


def with_constant(features: np.ndarray) -> np.ndarray:
    """Return float64 features (N, D + 1) with a constant column."""
    return np.hstack([np.asarray(features, dtype=np.float64), np.ones((len(features), 1))])


def objective(features: np.ndarray, target: np.ndarray, penalty: float, weights: np.ndarray) -> float:
    """Compute the objective of one L2-SVM in float64, row by row; the last weight is the intercept."""
    total = 0.5 * float(weights @ weights)
    for row, sign in zip(features.astype(np.float64), target, strict=True):
        total += penalty * max(0.0, 1.0 - sign * float(row @ weights[:-1] + weights[-1])) ** 2
    return total


def primal_and_dual(
    classifier: str,
    features: np.ndarray,
    target: np.ndarray,
    penalty: Any,
    weights: np.ndarray,
    *,
    free_intercept: bool = False,
) -> tuple[float, float]:
    """Compute the objective of a problem, and its dual objective at the residuals, which is a lower bound.

    Weights are (D + 1,) or (Q, D + 1); ``penalty`` is one number, or one for each row. With a free intercept the bound
    requires that the dual variables sum to 0.
    """
    rows = with_constant(features)
    weights = np.atleast_2d(weights)
    scores = rows @ weights.T  # (N, Q)
    each = np.broadcast_to(np.asarray(penalty, dtype=np.float64), len(rows))
    if classifier == "logistic":
        chosen = target[:, np.newaxis] == np.arange(len(weights))
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances = powers / powers.sum(axis=1, keepdims=True)
        losses = np.log(powers.sum(axis=1)) + scores.max(axis=1) - scores[chosen]
        duals = each[:, np.newaxis] * (chosen - chances)
        conjugate = -each @ np.sum(chances * np.log(np.maximum(chances, 1e-300)), axis=1)
    else:
        slack = target - scores[:, 0]
        if classifier == "svm":
            slack = np.where(slack * target > 0.0, slack, 0.0)
        losses = slack**2
        duals = 2.0 * (each * slack)[:, np.newaxis]
        conjugate = duals[:, 0] @ target - float(np.sum(each * slack**2))
    penalised = weights.copy()
    image = duals.T @ rows
    if free_intercept:
        penalised[:, -1] = image[:, -1] = 0.0
    return 0.5 * float(np.sum(penalised**2)) + float(each @ losses), float(conjugate) - 0.5 * float(np.sum(image**2))


def file_of(path: Path, features: np.ndarray) -> h5py.Dataset:
    """Write features to an HDF5 file and return the open data set."""
    with h5py.File(path / "features.h5", "w") as file:
        file["features"] = features
    return h5py.File(path / "features.h5", "r")["features"]
