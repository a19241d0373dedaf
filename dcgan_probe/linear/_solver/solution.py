"""Solutions, and results of problems during a fit."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .arrays import host64
from .losses import relative_gaps
from .memory_plan import Plan
from .state import State

CONVERGED, STALLED, ITERATION_LIMIT = "converged", "stalled", "iteration limit"
STATUSES = (CONVERGED, STALLED, ITERATION_LIMIT)
"""Status of a problem: gap below the tolerance, no further progress, or iteration limit reached."""
PROGRESS = 0.5
"""Largest share of the gap that a round from a float64 state may leave; otherwise it counts as stalled."""
LEAST_FALL = 1e-7
"""Least relative decrease of the objective with which a round is not stalled, even if the gap does not decrease."""


@dataclass(frozen=True)
class Solution:
    """Solved problems, of [F sets of row weights,] M penalties, K classes and D features.

    ``gap`` is the duality gap divided by the objective: a bound on the relative distance to the minimum. Coupled
    classes (logistic) share objective, gradient norm, gap, iterations and status, with K = 1. Two coupled classes have
    one weight vector ``v``, as in scikit-learn: the coefficients are ``-v/2`` and ``v/2``, and objective and gradient
    norm are those of ``v``.
    """

    coefficients: np.ndarray
    """float64 ([F,] M, K, D)."""
    intercepts: np.ndarray
    """float64 ([F,] M, K)."""
    objective: np.ndarray
    """float64 ([F,] M, K)."""
    gradient_norm: np.ndarray
    """float64 ([F,] M, K)."""
    gap: np.ndarray
    """float64 ([F,] M, K)."""
    iterations: np.ndarray
    """int64 ([F,] M, K)."""
    status: np.ndarray
    """str ([F,] M, K), of ``STATUSES``."""
    passes: int
    """Number of times the features were read, for all problems together."""
    plan: Plan
    """Route of the fit."""


@dataclass(frozen=True)
class Limits:
    """Limits of a fit, and the callback for its progress."""

    tol: float
    """Largest relative duality gap."""
    max_iter: int
    on_iteration: Callable[[int, float], None]


@dataclass
class ProblemResults:
    """Results of J problems in float64, filled group by group."""

    weights: np.ndarray
    values: np.ndarray
    norms: np.ndarray
    iterations: np.ndarray
    status: np.ndarray

    @classmethod
    def of(cls, count: int, outputs: int, width: int) -> "ProblemResults":
        """Build empty results: zero weights, and the status "iteration limit"."""
        return cls(
            np.zeros((count, outputs, width)),
            np.zeros(count),
            np.zeros(count),
            np.zeros(count, dtype=np.int64),
            np.full(count, ITERATION_LIMIT, dtype=f"<U{max(map(len, STATUSES))}"),
        )

    @property
    def gaps(self) -> np.ndarray:
        """Duality gaps relative to the values, (J,)."""
        return relative_gaps(self.norms**2, self.values)

    def record(
        self, group: np.ndarray, state: State, made: np.ndarray, before: np.ndarray, limits: "Limits"
    ) -> np.ndarray:
        """Record the float64 state of a group after ``made`` iterations; return the positions of unfinished problems.

        ``before`` holds the gaps at the previous call, (j,).
        """
        values_before = self.values[group]
        self.weights[group], self.values[group] = host64(state.weights), state.values
        self.norms[group] = np.sqrt(state.squared_norms)
        self.iterations[group] += made
        gaps = state.gaps
        converged, exhausted = gaps <= limits.tol, self.iterations[group] >= limits.max_iter
        fallen = state.values < (1.0 - LEAST_FALL) * values_before
        stalled = ~converged & ~exhausted & ~fallen & (gaps > PROGRESS * before)
        self.status[group[converged]], self.status[group[stalled]] = CONVERGED, STALLED
        return np.flatnonzero(~(converged | exhausted | stalled))
