"""Means and standard deviations of columns, and the standardization of row blocks without loss of digits."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import array_namespace, device
from .losses import Array

FAR = 100.0
"""Distance of a mean from 0, in deviations, above which products of uncentered features lose digits."""
NEGLIGIBLE = 4.0
"""Size of the negligible part of a mean, in roundings of a standardized number."""


@dataclass(frozen=True)
class Scaling:
    """Shift and scale of each column, ``(F - (mean + rest)) / deviation``; all float64 (D,)."""

    mean: np.ndarray
    rest: np.ndarray
    """Exact mean minus ``mean``, which matters if the mean is far above the deviation."""
    deviation: np.ndarray
    """Standard deviation of the population; 1 for a constant column."""

    @classmethod
    def centered(cls, center: np.ndarray) -> "Scaling":
        """Build a scaling that subtracts a center float64 (D,) only."""
        return cls(center, np.zeros_like(center), np.ones_like(center))

    def unscaled(self) -> "Scaling":
        """Return the scaling that subtracts the mean only."""
        return Scaling(self.mean, self.rest, np.ones_like(self.deviation))

    def scaled(self, coefficients: np.ndarray, intercepts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Convert coefficients (..., K, D) and intercepts (..., K) for original columns to standardized columns."""
        return coefficients * self.deviation, intercepts + coefficients @ self.mean + coefficients @ self.rest

    def raw(self, coefficients: np.ndarray, intercepts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Convert coefficients (..., K, D) and intercepts (..., K) for standardized columns to original columns."""
        coefficients = coefficients / self.deviation
        return coefficients, intercepts - coefficients @ self.mean - coefficients @ self.rest


class Standardize:
    """Scaling of blocks (n, D) of one dtype and device, in place.

    The mean is subtracted in two parts, each a number of the dtype. If it is far above the deviation, the first
    difference is exact (Sterbenz, 1974), so blocks are rounded as if computed in higher precision.
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
    """Compute the scaling of rows given in parts, updated part by part (Chan et al., 1979).

    A part is rows (n, D) and their weights (n,), above 0, or None for 1. The deviation is the square root of the
    variance plus ``added_variance``. Differences from the first row are summed, so that a large mean costs no digits.
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
    # Rounding can make the deviation of a constant column nonzero, so such columns are found by their range.
    deviation = np.where(low == high, 1.0, np.sqrt(squares / count + added_variance))
    total = first + mean
    own = total - first
    return Scaling(total, (first - (total - own)) + (mean - own), deviation)
