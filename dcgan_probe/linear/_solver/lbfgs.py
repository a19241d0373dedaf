"""Preconditioned L-BFGS directions of many problems at once.

Every problem has its own history. The shared preconditioner is the initial inverse Hessian of L-BFGS, so the history
only has to correct for the difference between a problem's active rows and all rows.

Source: Nocedal and Wright, "Numerical optimization", 2006, algorithm 7.4.
"""

import numpy as np

from .line_searches import LINE_SEARCH_TOLERANCE
from .losses import Array, vectors
from .objective import Problems
from .preconditioners import Preconditioner, precondition
from .state import State

MEMORY = 8
SOUND = 1e-6
"""Least cosine of a step and its change of the gradient; below it, rounding dominates."""


class LBFGS:
    """Limited-memory BFGS with ``MEMORY`` pairs per problem, in the design's dtype."""

    patience = 12
    progress = 1.0
    tolerance = LINE_SEARCH_TOLERANCE

    def __init__(self, preconditioner: Preconditioner, levels: np.ndarray):
        """Start without history, with the level of the preconditioner for each problem, float64 (J,)."""
        self._preconditioner, self._levels = preconditioner, levels
        self._steps: list[Array] = []
        self._changes: list[Array] = []

    def directions(self, problems: Problems, state: State) -> Array:
        """Return minus the inverse Hessian times the gradient, by the two-loop recursion.

        A pair is ignored if, by rounding, its change of the gradient is nearly orthogonal or opposed to its step.
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
        """Add a pair and drop the oldest."""
        self._steps = [*self._steps, vectors(moved)][-MEMORY:]
        self._changes = [*self._changes, vectors(changes)][-MEMORY:]

    def keep(self, kept: np.ndarray) -> None:
        """Keep only the problems of an index."""
        self._levels = self._levels[kept]
        self._steps, self._changes = [each[kept] for each in self._steps], [each[kept] for each in self._changes]
