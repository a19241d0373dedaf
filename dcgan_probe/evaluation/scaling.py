"""Takes features and the rows that a fit trains on, gives column statistics and scaled blocks; knows no label."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ..runtime import UserError
from .draws import Rows

Scale = Literal["none", "standardise"]
SCALES: tuple[Scale, ...] = get_args(Scale)
BLOCK_ROWS = 1024


def blocks(features: np.ndarray, rows: Rows) -> Iterator[np.ndarray]:
    """Give the chosen rows in consecutive blocks; those of a slice are views, those of an index copies."""
    if isinstance(rows, slice):
        chosen = features[rows]
        for start in range(0, len(chosen), BLOCK_ROWS):
            yield chosen[start : start + BLOCK_ROWS]
    else:
        for start in range(0, len(rows), BLOCK_ROWS):
            yield features[rows[start : start + BLOCK_ROWS]]


@dataclass(frozen=True)
class Scaler:
    """Column statistics of the rows that one fit trains on: a column becomes ``(x - mean) / deviation``."""

    mean: np.ndarray
    """float32 (D,)."""
    deviation: np.ndarray
    """float32 (D,), of the population; 1 for a constant column."""

    @classmethod
    def of(cls, features: np.ndarray) -> "Scaler":
        """Measure features float32 (n, D), with sums in float64."""
        whole = slice(0, len(features))
        total, squares = np.zeros(features.shape[1]), np.zeros(features.shape[1])
        for block in blocks(features, whole):
            total += block.sum(axis=0, dtype=np.float64)
        mean = total / len(features)
        for block in blocks(features, whole):
            squares += np.square(block - mean).sum(axis=0)
        # Rounding leaves a constant column a deviation that is not quite zero, so it is found by its range.
        constant = features.min(axis=0) == features.max(axis=0)
        deviation = np.where(constant, 1.0, np.sqrt(squares / len(features)))
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def scaled(self, features: np.ndarray) -> np.ndarray:
        """Give scaled features (n, D); the argument stays as it is."""
        result = features - self.mean
        result /= self.deviation
        return result

    def apply(self, features: np.ndarray) -> None:
        """Scale features (n, D) where they are."""
        features -= self.mean
        features /= self.deviation

    def undo(self, features: np.ndarray) -> None:
        """Turn scaled features back where they are, up to rounding."""
        features *= self.deviation
        features += self.mean


@contextmanager
def training_features(features: np.ndarray, rows: Rows, scale: Scale) -> Iterator[tuple[np.ndarray, Scaler | None]]:
    """Give the features of the rows that a fit trains on, and the scaler fitted on them.

    The rows of a slice are a view, scaled where they are for as long as the block runs: no second copy of a large set.
    All other rows stay unscaled; score them with the scaler.

    Raises
    ------
    UserError
        If the scaling is unknown.
    """
    if scale not in SCALES:
        raise UserError(f"got scale {scale!r}, expected {' or '.join(SCALES)}", option="scale")
    chosen = features[rows]
    if scale == "none":
        yield chosen, None
        return
    scaler = Scaler.of(chosen)
    scaler.apply(chosen)
    try:
        yield chosen, scaler
    finally:
        if isinstance(rows, slice):
            scaler.undo(chosen)
