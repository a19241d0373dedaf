"""Truncated Newton's method, for problems on which L-BFGS makes no progress.

If few rows are active (a large ``C``, separable classes), their curvature is far from that of all rows, and L-BFGS
stalls. Truncated Newton steps use the exact curvature of the active rows. They are computed for all problems at once,
by conjugate gradients in the design's dtype with the shared preconditioner.

Source: Keerthi and DeCoste, "A modified finite Newton method for fast solution of large scale linear SVMs", 2005.
"""

import numpy as np

from ...runtime import numpy_generator
from .dominant_rows import DominantRowsPreconditioner, dominant_rows
from .line_searches import LINE_SEARCH_TOLERANCE
from .losses import Array, dots, stacked
from .objective import Problems, curvatures, hessian_vector_product
from .preconditioners import Factored, Preconditioner, Sketched, precondition
from .state import State

FORCING = 0.1
INNER_LIMIT, LEAST_TOTAL, TOTAL_SHARE = 200, 200, 0.25
"""Largest number of conjugate-gradient iterations of one direction. All directions together may use ``LEAST_TOTAL``, or
the share ``TOTAL_SHARE`` of the width if that is more: about the cost of a preconditioner for each problem."""
PATIENCE = 10
"""Iterations without progress; 0 once conjugate gradients reach their limit."""


class Newton:
    """Truncated Newton's method, to a relative residual of ``FORCING`` or to the residual that the tolerance needs."""

    progress = 1.0
    tolerance = LINE_SEARCH_TOLERANCE

    def __init__(self, preconditioner: Preconditioner, levels: np.ndarray, tol: float):
        """Start with the level of the preconditioner for each problem, float64 (J,), and the tolerance of the gap."""
        self._preconditioner, self._levels, self._tol = preconditioner, levels, tol
        self.patience, self._made = PATIENCE, 0

    def directions(self, problems: Problems, state: State) -> Array:
        """Solve the Newton system of every problem."""
        directions, made = _conjugate_gradients(
            problems, self._preconditioner, self._levels, state, self._tol, INNER_LIMIT
        )
        self._made += made
        if made >= INNER_LIMIT or self._made > max(LEAST_TOTAL, TOTAL_SHARE * problems.design.width):
            self.patience = 0  # the preconditioner is unsuitable, and further directions would cost as much
        return directions

    def update(self, moved: Array, changes: Array) -> None:
        """Do nothing: Newton's method keeps no history."""

    def keep(self, kept: np.ndarray) -> None:
        """Keep only the problems of an index."""
        self._levels = self._levels[kept]


class ReweightedNewton:
    """Truncated Newton's method for one problem, with a preconditioner reweighted at each step.

    The preconditioner weighs each row by its curvature at the current weights, averaged over the outputs.
    """

    progress = 1.0
    tolerance = LINE_SEARCH_TOLERANCE

    def __init__(self, rank: int, tol: float):
        """Start with the rank of a sketch, or 0 for Cholesky factors, and the tolerance of the gap."""
        self._rank, self._tol = rank, tol
        self.patience = PATIENCE

    def directions(self, problems: Problems, state: State) -> Array:
        """Solve the Newton system of the problem."""
        self.patience = PATIENCE + problems.outputs  # a long row that becomes active can stall each output once
        preconditioner, level = self._prepared(problems, state)
        return _conjugate_gradients(problems, preconditioner, level, state, self._tol, INNER_LIMIT)[0]

    def update(self, moved: Array, changes: Array) -> None:
        """Do nothing: Newton's method has no history."""

    def keep(self, kept: np.ndarray) -> None:
        """Do nothing: there is one problem."""

    def _prepared(self, problem: Problems, state: State) -> tuple[Preconditioner, np.ndarray]:
        design = problem.design
        row_curvatures = design.xp.sum(curvatures(problem, state.scores, design.dtype)[0], axis=0)
        dominant = dominant_rows(problem) if problem.loss.coupled or self._rank else np.zeros(0, np.int64)
        row_curvatures[design.array(dominant)] = 0.0
        row_curvatures = row_curvatures / max(1, problem.outputs - 1)
        mean = max(float(design.xp.mean(row_curvatures)), 1e-300)
        preconditioner: Preconditioner
        if self._rank:
            generator = numpy_generator(0, "sketch", design.rows, design.columns)
            preconditioner = Sketched(design, self._rank, generator, row_curvatures / mean)
        else:
            preconditioner = Factored(design.moments(row_curvatures / mean))
        level = problem.penalties * mean
        preconditioner.prepare(level.tolist())
        if len(dominant):
            preconditioner = DominantRowsPreconditioner(preconditioner, float(level[0]), problem, state, dominant)
        return preconditioner, level


def _conjugate_gradients(
    problems: Problems,
    preconditioner: Preconditioner,
    levels: np.ndarray,
    state: State,
    tol: float,
    most: int,
) -> tuple[Array, int]:
    """Solve ``H d = -g`` in at most ``most`` iterations; return directions (J, Q, width) and the number of iterations.

    A problem ends if its residual is small enough for the tolerance of the gap, or is small relative to the gradient,
    both in the Euclidean norm and in the preconditioner's, in which one feature of 1e10 does not dominate the others.
    """
    least, small = 0.5 * tol * state.values, FORCING**2 * state.squared_norms
    design, xp = problems.design, problems.design.xp
    residuals = -xp.astype(state.gradients, design.dtype)
    directions = xp.zeros_like(residuals)
    searches = preconditioned = precondition(preconditioner, levels, residuals)
    energies = dots(residuals, preconditioned)
    enough = FORCING**2 * energies
    unfinished = np.arange(len(problems))
    scores = state.scores
    for made in range(1, most + 1):
        slopes = design.forward(stacked(searches)).reshape(scores.shape)
        products = design.backward(stacked(hessian_vector_product(problems, scores, slopes))).reshape(searches.shape)
        products *= problems.per_problem(problems.penalties, products)
        products += problems.shrunk(searches)
        curvatures = dots(searches, products)
        sound = (curvatures > 0.0) & (energies > 0.0)
        steps = problems.per_problem(np.where(sound, energies / np.where(sound, curvatures, 1.0), 0.0), residuals)
        directions[design.array(unfinished)] += steps * searches
        residuals = residuals - steps * products
        preconditioned = precondition(preconditioner, levels, residuals)
        before, energies = energies, dots(residuals, preconditioned)
        norms = dots(residuals, residuals)
        left = np.flatnonzero(sound & (norms > least) & ((norms > small) | (energies > enough)))
        if not len(left):
            return directions, made
        if len(left) < len(unfinished):
            kept = design.array(left)
            problems, levels, unfinished = problems.take(left), levels[left], unfinished[left]
            residuals, searches, preconditioned, scores = (
                each[kept] for each in (residuals, searches, preconditioned, scores)
            )
            before, energies, enough = before[left], energies[left], enough[left]
            least, small = least[left], small[left]
        searches = preconditioned + problems.per_problem(energies / before, searches) * searches
    return directions, most
