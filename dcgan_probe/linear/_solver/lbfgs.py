"""Takes gradients and past steps, gives L-BFGS directions; knows no line search and no stopping rule.

Every problem keeps its own history. The shared preconditioner stands where L-BFGS has its first guess of the inverse
curvature, so the history has only to learn how the active rows of a problem differ from all rows.

Source: Nocedal and Wright, "Numerical optimization", 2006, algorithm 7.4.
"""

import numpy as np

from .losses import Array, vectors
from .objective import Problems
from .preconditioners import Preconditioner, precondition
from .searches import LINE_SEARCH_TOLERANCE
from .state import State

MEMORY = 8
SOUND = 1e-6
"""Least cosine of a step and its change of the gradient: under it rounding decides."""


class LBFGS:
    """Limited-memory BFGS, ``MEMORY`` pairs a problem in the design's dtype."""

    patience = 12
    progress = 1.0
    tolerance = LINE_SEARCH_TOLERANCE

    def __init__(self, preconditioner: Preconditioner, levels: np.ndarray):
        """Start without history; levels are the preconditioner's, of each problem, float64 (J,)."""
        self._preconditioner, self._levels = preconditioner, levels
        self._steps: list[Array] = []
        self._changes: list[Array] = []

    def directions(self, problems: Problems, state: State) -> Array:
        """Give minus the inverse curvature times the gradient: the two-loop recursion.

        A pair whose change does not agree with its step, by rounding, counts for nothing.
        """
        design, xp = problems.design, problems.design.xp
        result = vectors(xp.astype(state.gradients, design.dtype))
        inverses = []
        for step, change in zip(self._steps, self._changes, strict=True):
            product = xp.vecdot(step, change)
            lengths = xp.linalg.vector_norm(step, axis=1) * xp.linalg.vector_norm(change, axis=1)
            sound = (product > SOUND * lengths) & (product > 1.0 / xp.finfo(product.dtype).max ** 0.5)
            inverses.append(xp.where(sound, 1.0 / xp.where(sound, product, 1.0), 0.0))
        pairs = list(zip(self._steps, self._changes, inverses, strict=True))
        shares = []
        for step, change, inverse in reversed(pairs):
            shares.append(inverse * xp.vecdot(step, result))
            result = result - shares[-1][:, None] * change
        shape = state.gradients.shape
        result = vectors(precondition(self._preconditioner, self._levels, result.reshape(shape)))
        for (step, change, inverse), share in zip(pairs, reversed(shares), strict=True):
            result = result + (share - inverse * xp.vecdot(change, result))[:, None] * step
        return -result.reshape(shape)

    def update(self, moved: Array, changes: Array) -> None:
        """Add a pair, drop the oldest."""
        self._steps = [*self._steps, vectors(moved)][-MEMORY:]
        self._changes = [*self._changes, vectors(changes)][-MEMORY:]

    def keep(self, kept: np.ndarray) -> None:
        """Forget the other problems."""
        self._levels = self._levels[kept]
        self._steps, self._changes = [each[kept] for each in self._steps], [each[kept] for each in self._changes]
