"""Columns' means and deviations, and the standardization of row blocks without loss of digits."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import array_namespace, device
from .losses import Array

FAR = 100.0
"""Deviations from 0 of a mean from which on products of features that are not centered lose digits."""
NEGLIGIBLE = 4.0
"""In roundings of a standardized number: a smaller part of the mean is left out."""


@dataclass(frozen=True)
class Scaling:
    """Shift and scale of each column, ``(F - (mean + rest)) / deviation``; all float64 (D,)."""

    mean: np.ndarray
    rest: np.ndarray
    """Difference of the exact mean and ``mean``, which matters where the mean is far above the deviation."""
    deviation: np.ndarray
    """Of the population; 1 for a constant column."""

    @classmethod
    def centered(cls, center: np.ndarray) -> "Scaling":
        """Build the shift by a center float64 (D,), without a scale."""
        return cls(center, np.zeros_like(center), np.ones_like(center))

    def unscaled(self) -> "Scaling":
        """Return the shift alone."""
        return Scaling(self.mean, self.rest, np.ones_like(self.deviation))

    def scaled(self, coefficients: np.ndarray, intercepts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients (..., K, D) and intercepts (..., K) for columns that are shifted and scaled."""
        return coefficients * self.deviation, intercepts + coefficients @ self.mean + coefficients @ self.rest

    def raw(self, coefficients: np.ndarray, intercepts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return coefficients (..., K, D) and intercepts (..., K) for columns as they are."""
        coefficients = coefficients / self.deviation
        return coefficients, intercepts - coefficients @ self.mean - coefficients @ self.rest


class Standardize:
    """A scaling applied in place to blocks (n, D) of one dtype and device.

    The mean is taken off in two parts, each a number of the dtype. Where it is far above the deviation the first
    difference is exact (Sterbenz, 1974), so that blocks are rounded as if they were computed in higher precision.
    """

    def __init__(self, scaling: Scaling, dtype: Any, where: Array):
        """Prepare for blocks in a dtype on the device of an array ``where``."""
        xp = array_namespace(where)
        at = device(where)
        double = xp.asarray(scaling.mean, dtype=xp.float64)
        self._high = xp.astype(double, dtype)
        low = np.asarray(xp.astype(double - xp.astype(self._high, xp.float64), xp.float64)) + scaling.rest
        needed = np.abs(low) > NEGLIGIBLE * float(xp.finfo(dtype).eps) * scaling.deviation
        self._high = xp.asarray(self._high, device=at)
        self._low = xp.asarray(low, dtype=dtype, device=at) if needed.any() else None
        self._inverse = None
        if (scaling.deviation != 1.0).any():
            self._inverse = xp.asarray(1.0 / scaling.deviation, dtype=dtype, device=at)

    def __call__(self, block: Array) -> None:
        """Standardize a block in place."""
        block -= self._high
        if self._low is not None:
            block -= self._low
        if self._inverse is not None:
            block *= self._inverse


def measure_columns(parts: Iterable[tuple[np.ndarray, np.ndarray | None]], added_variance: float = 0.0) -> Scaling:
    """Compute the scaling of rows that come in parts, updated part by part (Chan et al., 1979).

    A part is rows (n, D) and their weights (n,), above 0, or None for 1. The deviation is the root of the variance plus
    ``added_variance``. Sums are of differences from the first row, so that a large mean costs no digits.
    """
    count, first = 0.0, np.zeros(0)
    for part, weights in parts:
        if not len(part):
            continue
        if not count:
            first = part[0].astype(np.float64)
            mean, squares = np.zeros_like(first), np.zeros_like(first)
            low, high = np.full(len(first), np.inf), np.full(len(first), -np.inf)
        low, high = np.minimum(low, part.min(axis=0)), np.maximum(high, part.max(axis=0))
        block = part - first
        total = float(len(block) if weights is None else weights.sum())
        own = block.mean(axis=0) if weights is None else weights @ block / total
        block -= own
        step, share = own - mean, total / (count + total)
        squares += np.einsum("nd,nd->d", block, block if weights is None else block * weights[:, np.newaxis])
        squares += step**2 * count * share
        mean += step * share
        count += total
    # Rounding leaves a constant column a deviation that is not quite zero, so it is found by its range.
    deviation = np.where(low == high, 1.0, np.sqrt(squares / count + added_variance))
    total = first + mean
    own = total - first
    return Scaling(total, (first - (total - own)) + (mean - own), deviation)
