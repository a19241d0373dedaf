"""Takes training features and a layout, gives the Gram matrices of draws; knows no label, no C and no fit.

Draws of fewer rows than columns are fitted in the span of their rows, from their Gram matrix. All draws come from one
pool: where that is small, its Gram matrix is made once, and that of a draw is a part of it.
"""

import numpy as np

from ..linear import gram_matrix
from .draws import Layout, Rows

LARGEST_POOL = 8192
"""Rows: 0.5 GB in float64."""


class DrawGrams:
    """Gram matrices of draws."""

    def __init__(self, features: np.ndarray, layout: Layout, draws: int, *, useful: bool):
        """Make the pool's matrix where it costs less than those of all draws together.

        Parameters
        ----------
        features
            Of the training split in the layout's order, (N, D).
        draws
            How many are expected, in all stages.
        useful
            Whether the fits take one: those of standardised rows, and nearest neighbours, do not.
        """
        drawn, pool = layout.protocol.labels or len(layout.order), layout.rest
        cheaper = drawn < features.shape[1] and pool <= LARGEST_POOL and pool**2 < draws * drawn**2
        self._pool = gram_matrix(features[:pool]) if useful and cheaper else None

    def of(self, rows: Rows) -> np.ndarray | None:
        """Give ``F F'`` float64 (n, n) of drawn rows; None where the solver should see to it."""
        if self._pool is None or isinstance(rows, slice):
            return None
        return self._pool[np.ix_(rows, rows)]
