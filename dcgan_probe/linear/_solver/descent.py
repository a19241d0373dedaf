"""Takes problems, a state and a method, moves the state until the gaps are small; knows no features and no bound.

One product with the rows and one with their transpose serve every problem that is not finished; finished ones drop out.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from .heavy import DominantSubspace
from .losses import Array
from .objective import Problems
from .state import State

GOOD_DESCENT = 1e-4
"""Relative fall of a value that counts as progress even where the gap does not fall."""


class Method(Protocol):
    """Chooses directions of descent for the unfinished problems."""

    patience: int
    """Iterations without progress after which it gives up on a problem."""
    progress: float
    """Share of the lowest gap so far, under which a gap is progress."""

    tolerance: float
    """Of the search along a direction."""

    def directions(self, problems: Problems, state: State) -> Array:
        """Give directions (J, Q, width) in the design's dtype."""

    def update(self, moved: Array, changes: Array) -> None:
        """Take note of how weights moved and gradients changed, (J, Q, width) in the design's dtype."""

    def keep(self, kept: np.ndarray) -> None:
        """Forget the problems that are not in this index."""


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
    """Iterate until the gap of every problem, as far as the state can tell, is at most ``tol``.

    The state is changed in place. At least one iteration is made: with a tiny ``C`` the gap at zero is small beside the
    value, yet zero classifies nothing.

    Parameters
    ----------
    on_iteration
        Called with the number of problems left, and their greatest relative gap.

    Returns
    -------
    Iterations of each problem, int64 (J,).
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
