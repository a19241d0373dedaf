"""What solving gives: solutions, and the notes that are kept of problems on the way; knows no algorithm."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .arrays import host64
from .losses import relative_gaps
from .plan import Plan
from .state import State

CONVERGED, STALLED, ITERATION_LIMIT = "converged", "stalled", "iteration limit"
STATUSES = (CONVERGED, STALLED, ITERATION_LIMIT)
PROGRESS = 0.5
"""A round from a float64 state must bring the gap under this share of what it was."""
LEAST_FALL = 1e-7
"""A round in which the value falls by less than this share, and the gap does not, ends as stalled."""


@dataclass(frozen=True)
class Solution:
    """Solved problems: [F sets of row weights, if given, by] M penalties by K classes by D features.

    ``gap`` is the duality gap divided by the objective, a bound on how far the objective is above its least value.
    Coupled classes (logistic) share objective, gradient norm, gap, iterations and status: their K is 1. Two coupled
    classes have one weight vector ``v``, as in scikit-learn: their coefficients are ``-v/2`` and ``v/2``, objective and
    gradient norm those of ``v``.
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
    """How often the features were read, whatever the number of problems."""
    plan: Plan
    """The way it was solved."""


@dataclass(frozen=True)
class Limits:
    """When to stop, and whom to tell."""

    tol: float
    """Largest relative duality gap."""
    max_iter: int
    on_iteration: Callable[[int, float], None]


@dataclass
class ProblemResults:
    """What is known of J problems, in float64: filled group by group."""

    weights: np.ndarray
    values: np.ndarray
    norms: np.ndarray
    iterations: np.ndarray
    status: np.ndarray

    @classmethod
    def of(cls, count: int, outputs: int, width: int) -> "ProblemResults":
        """Know nothing yet: all weights are zero."""
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
        """Note where the problems of a group stand, after so many more iterations; give those to go on with.

        ``before`` holds their gaps at the last judgement.
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
