"""Takes a Gram matrix of rows, gives a small square design with the same scores and norms; knows no features, no loss.

Every least value lies in the span of the rows: ``w = X'b``. With the pivoted Cholesky factorisation ``X X' = L L'`` of
rank ``r``, rows in the order of the pivots, ``a = L_1' b`` for the first ``r`` rows ``L_1`` of ``L`` has ``X w = L a``
and ``|w| = |a|``. So ``L`` (N, r) stands for the features, and ``b = L_1'^-1 a`` leads back.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg


@dataclass(frozen=True)
class RowSpan:
    """Coordinates of rows in an orthonormal basis of their span."""

    coordinates: np.ndarray
    """float64 (N, r)."""
    pivots: np.ndarray
    """The rows that span the others, (r,)."""

    @classmethod
    def of(cls, gram: np.ndarray) -> "RowSpan":
        """Factorise a Gram matrix, float64 (N, N), which may be singular; it stays as it is."""
        lower, pivots, rank, _ = scipy.linalg.lapack.dpstrf(gram, lower=1)
        pivots = pivots.astype(np.int64) - 1
        coordinates = np.zeros((len(gram), max(rank, 1)))  # rows that are all zero keep one empty coordinate
        coordinates[pivots, :rank] = np.tril(lower[:, :rank])
        return cls(coordinates, pivots[:rank])

    def dual(self, weights: np.ndarray) -> np.ndarray:
        """Give ``b`` (J, N) with ``w = X'b``, zero outside the pivots, for weights ``a`` (J, r)."""
        result = np.zeros((len(weights), len(self.coordinates)))
        rank = len(self.pivots)
        if rank:
            corner, inner = self.coordinates[self.pivots, :rank], weights[:, :rank].T
            solved = scipy.linalg.solve_triangular(corner, inner, lower=True, trans="T", check_finite=False)
            result[:, self.pivots] = solved.T
        return result
