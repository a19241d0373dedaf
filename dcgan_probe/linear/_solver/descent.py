"""Descent of many problems at once, until each duality gap is small.

An iteration makes one product with the rows and one with their transpose for all unfinished problems.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from .dominant_subspace import DominantSubspace
from .losses import Array
from .objective import Problems
from .state import State

GOOD_DESCENT = 1e-4
"""Relative decrease of the objective that counts as progress even if the gap does not decrease."""


class Method(Protocol):
    """Method that computes descent directions for the unfinished problems."""

    patience: int
    """Iterations without progress after which a problem is stopped."""
    progress: float
    """Share of the lowest gap so far below which a gap counts as progress."""

    tolerance: float
    """Tolerance of the line search."""

    def directions(self, problems: Problems, state: State) -> Array:
        """Return directions (J, Q, width) in the design's dtype."""

    def update(self, moved: Array, changes: Array) -> None:
        """Record changes of weights and gradients, (J, Q, width) in the design's dtype."""

    def keep(self, kept: np.ndarray) -> None:
        """Keep only the problems of an index."""


def descend(
    problems: Problems,
    state: State,
    method: Method,
    subspace: DominantSubspace | None,
    *,
    tol: float,
    max_iter: int,
    on_iteration: Callable[[int, float], None] = lambda left, gap: None,
) -> np.ndarray:
    """Iterate until the gap of every problem, as computed from the state, is at most ``tol``.

    The state is changed in place. At least one iteration is made: with a tiny ``C`` the relative gap of zero weights is
    small, but zero weights do not classify.

    Parameters
    ----------
    on_iteration
        Called with the number of unfinished problems and their largest relative gap.

    Returns
    -------
    Number of iterations of each problem, int64 (J,).
    """
    array = problems.design.array
    iterations = np.zeros(len(problems), dtype=np.int64)
    unfinished, current = np.arange(len(problems)), state
    lowest, values, waited = state.gaps, state.values, np.zeros(len(problems), dtype=np.int64)
    for _ in range(max_iter):
        steps, moved, changes = current.move(problems, method.directions(problems, current), subspace, method.tolerance)
        method.update(moved, changes)
        iterations[unfinished] += 1
        gaps = current.gaps
        progress = (gaps < method.progress * lowest) | (current.values < (1.0 - GOOD_DESCENT) * values)
        waited = np.where(progress, 0, waited + 1)
        lowest, values = np.minimum(gaps, lowest), np.minimum(values, current.values)
        left = (gaps > tol) & (steps > 0.0) & (waited < method.patience)
        on_iteration(int(left.sum()), float(gaps.max()))
        if not left.all():
            done, kept = np.flatnonzero(~left), np.flatnonzero(left)
            if current is not state:
                state.put(array(unfinished[done]), unfinished[done], current, array(done), done)
            if not left.any():
                return iterations
            current = current.take(array(kept), kept)
            problems, unfinished = problems.take(kept), unfinished[kept]
            lowest, values, waited = lowest[kept], values[kept], waited[kept]
            method.keep(kept)
    if current is not state:
        positions = np.arange(len(unfinished))
        state.put(array(unfinished), unfinished, current, array(positions), positions)
    return iterations
