"""Gram matrices of draws, as parts of one matrix of the pool.

A draw of fewer rows than columns is fitted in the span of its rows, from its Gram matrix. All draws come from one pool
of rows. If the pool is small, its Gram matrix is computed once, and contains that of each draw.
"""

import numpy as np

from ..linear import gram_matrix
from .draws import Layout, Rows

LARGEST_POOL = 8192
"""Greatest number of rows of a pool: 0.5 GB in float64."""


class DrawGrams:
    """Gram matrices of draws."""

    def __init__(self, features: np.ndarray, layout: Layout, draws: int, *, useful: bool):
        """Compute the matrix of the pool if it costs less than those of all draws together.

        Parameters
        ----------
        features
            Features (N, D) of the training split in the layout's order.
        draws
            Number of draws in all stages.
        useful
            Whether the fits use Gram matrices. Fits of standardized rows and nearest neighbors do not.
        """
        drawn, pool = layout.protocol.labels or len(layout.order), layout.rest
        cheaper = drawn < features.shape[1] and pool <= LARGEST_POOL and pool**2 < draws * drawn**2
        self._pool = gram_matrix(features[:pool]) if useful and cheaper else None

    def of(self, rows: Rows) -> np.ndarray | None:
        """Return ``F F'`` float64 (n, n) of drawn rows, or None if the solver computes it."""
        if self._pool is None or isinstance(rows, slice):
            return None
        return self._pool[np.ix_(rows, rows)]
