"""Feature sets, seeded, that the probe's tests share: takes a name, gives features and labels."""

from collections.abc import Callable

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


def constant_columns() -> tuple[np.ndarray, np.ndarray]:
    features, labels = blobs(90, 10, 3, spread=2.0)
    features[:, 2] = 0.0
    features[:, 5] = 3.0
    return features, labels


def tiny_class() -> tuple[np.ndarray, np.ndarray]:
    features, labels = blobs(120, 8, 3)
    labels = np.where(labels == 2, 1, labels)
    labels[7] = 2
    return features, labels


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
        constant_columns,
        tiny_class,
        two_classes,
        badly_scaled,
        badly_scaled_wide,
    )
}


def one_vs_rest(labels: np.ndarray) -> np.ndarray:
    """Targets +-1 (N, K), all classes, two classes included."""
    return np.where(labels[:, np.newaxis] == np.unique(labels), 1, -1)


def objective(features: np.ndarray, target: np.ndarray, penalty: float, weights: np.ndarray) -> float:
    """Value of one problem in float64, written out row by row; the last weight is the intercept."""
    total = 0.5 * float(weights @ weights)
    for row, sign in zip(features.astype(np.float64), target, strict=True):
        total += penalty * max(0.0, 1.0 - sign * float(row @ weights[:-1] + weights[-1])) ** 2
    return total
