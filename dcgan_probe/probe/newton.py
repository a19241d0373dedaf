"""Takes problems and a state, finishes what L-BFGS left; knows no memory bound and no estimator.

Where few rows are active (a large ``C``, classes that can be parted), their curvature is far from that of all rows, and
L-BFGS starves. Truncated Newton steps take the active rows as they are: conjugate gradients in the design's dtype, the
shared preconditioner, every problem at once.

Source: Keerthi and DeCoste, "A modified finite Newton method for fast solution of large scale linear SVMs", 2005.
"""

import numpy as np

from .losses import Array, dots, stacked
from .objective import Problems, bend
from .preconditioners import Preconditioner, precondition
from .searches import LINE_SEARCH_TOLERANCE
from .state import State

FORCING = 0.1
INNER_LIMIT = 200
PATIENCE = 10
"""Iterations without progress; none after conjugate gradients that reached their limit."""


class Newton:
    """Truncated Newton's method, to a relative residual of ``FORCING``, no further than a gap asks for."""

    progress = 1.0
    tolerance = LINE_SEARCH_TOLERANCE

    def __init__(self, preconditioner: Preconditioner, levels: np.ndarray, tol: float):
        """Take the preconditioner's level of each problem, float64 (J,), and the gap that is wanted."""
        self._preconditioner, self._levels, self._tol = preconditioner, levels, tol
        self.patience = PATIENCE

    def directions(self, problems: Problems, state: State) -> Array:
        """Solve Newton's equations of every problem."""
        least = 0.5 * np.sqrt(2.0 * self._tol * state.values)
        limits = np.maximum(FORCING * np.sqrt(state.squared_norms), least)
        directions, ended = _conjugate_gradients(problems, self._preconditioner, self._levels, state, limits)
        if not ended:  # the preconditioner is of no use here, and each direction would cost as much
            self.patience = 0
        return directions

    def learn(self, moved: Array, changes: Array) -> None:
        """Take no note: each step starts anew."""

    def keep(self, kept: np.ndarray) -> None:
        """Forget the other problems."""
        self._levels = self._levels[kept]


def _conjugate_gradients(
    problems: Problems, preconditioner: Preconditioner, levels: np.ndarray, state: State, limits: np.ndarray
) -> tuple[Array, bool]:
    """Solve ``H d = -g`` until the residual's norm is at most ``limits`` (J,), or not within ``INNER_LIMIT``."""
    design, xp = problems.design, problems.design.xp
    residuals = -xp.astype(state.gradients, design.dtype)
    directions = xp.zeros_like(residuals)
    searches = preconditioned = precondition(preconditioner, levels, residuals)
    energies = dots(residuals, preconditioned)
    unfinished = np.arange(len(problems))
    scores = state.scores
    for _ in range(INNER_LIMIT):
        slopes = design.forward(stacked(searches)).reshape(scores.shape)
        products = design.backward(stacked(bend(problems, scores, slopes))).reshape(searches.shape)
        products *= problems.per_problem(problems.penalties, products)
        products += problems.shrunk(searches)
        curvatures = dots(searches, products)
        sound = (curvatures > 0.0) & (energies > 0.0)
        steps = problems.per_problem(np.where(sound, energies / np.where(sound, curvatures, 1.0), 0.0), residuals)
        directions[design.array(unfinished)] += steps * searches
        residuals = residuals - steps * products
        left = np.flatnonzero(sound & (dots(residuals, residuals) > limits**2))
        if not len(left):
            return directions, True
        if len(left) < len(unfinished):
            kept = design.array(left)
            problems, levels, unfinished, limits = problems.take(left), levels[left], unfinished[left], limits[left]
            residuals, searches, scores, energies = residuals[kept], searches[kept], scores[kept], energies[left]
        preconditioned = precondition(preconditioner, levels, residuals)
        before, energies = energies, dots(residuals, preconditioned)
        searches = preconditioned + problems.per_problem(energies / before, searches) * searches
    return directions, False
