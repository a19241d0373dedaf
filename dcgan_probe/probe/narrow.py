"""Newton's method for features of few columns: float64, each evaluation one pass over cached blocks of rows.

A row leaves nothing behind but what its second derivatives are made of, which decides the Hessian of problem ``j``::

    H_j = 1 + C sum_i c_ij x_i x_i'

At first all rows have the curvature ``c`` of a score of zero, and one product ``X'X`` serves every problem. Afterwards
only rows whose curvature changed are multiplied: for the squared hinge those that became active or ceased to be, which
are few after the first steps (Keerthi and DeCoste, "A modified finite Newton method for fast solution of large scale
linear SVMs", 2005). For the softmax ``c_i`` is the mean curvature over the directions that change it, and ``H_j`` the
preconditioner of conjugate gradients (Lin, Weng and Keerthi, "Trust region Newton method for large-scale logistic
regression", 2008), whose products are in the design's dtype.
"""

from collections.abc import Iterator

import numpy as np
import scipy.linalg

from .curvature import Curvature
from .design import check_finite
from .losses import dots, relative_gaps, squares, stacked
from .objective import Problems
from .rows import Rows
from .solution import CONVERGED, STALLED, Limits, Outcome

SUFFICIENT = 1e-4
"""Share of the linear decrease that a step must give."""
ROUNDING = 1e-13
"""Relative error of a value: a smaller increase does not refuse a step."""
STEPS = 40
"""Most steps that are tried along a direction."""
PATIENCE, PROGRESS = 10, 0.9
"""A problem stalls when neither its gap falls to this share nor its value by ``LEAST_FALL`` in so many iterations."""
LEAST_FALL = 1e-7
SLOW = 0.25
"""An iteration that leaves more than this share of the gap has the Hessian summed up again from all rows."""
FORCING, GREATEST_FORCING, INNER_LIMIT = 3.0, 0.1, 200
"""Conjugate gradients stop at ``FORCING`` times the root of the gap, or at ``GREATEST_FORCING``, of their residual."""
INNER_SLOW = 12
"""Conjugate gradients that take longer have their preconditioner summed up again."""
LEAST_CURVATURE = 1e-9
"""That of a free intercept while no row is active; a penalized one has at least 1."""


def solve_narrow(problems: Problems, together: int, limits: Limits, start: np.ndarray | None) -> Outcome:
    """Solve problems of a design on the CPU, so many classes and folds at once, from small ``C`` to large."""
    design = problems.design
    outcome = Outcome.of(len(problems), problems.outputs, design.width)
    if start is not None:
        outcome.weights[:] = start.reshape(-1, problems.outputs, design.width)[problems.classes]
    exact = Rows(design, np.float64)
    rounded = exact if design.dtype == np.float64 or not problems.loss.coupled else Rows(design, design.dtype)
    for path in _paths(problems, together):
        curvature = Curvature(problems.take(path[0]), exact)
        for before, group in zip([None, *path], path, strict=False):
            if before is not None:
                outcome.weights[group] = outcome.weights[before]
            NarrowGroup(problems.take(group), exact, rounded, curvature, limits).solve(outcome, group)
    return outcome


def _paths(problems: Problems, together: int) -> Iterator[list[np.ndarray]]:
    """Yield groups of at most ``together`` problems of one ``C`` each, for the same classes and folds, by rising C."""
    order = np.lexsort((problems.classes, problems.folds, problems.penalties))
    by_penalty = order.reshape(len(np.unique(problems.penalties)), -1)
    for first in range(0, by_penalty.shape[1], together):
        yield list(by_penalty[:, first : first + together])


class NarrowGroup:
    """Problems of one ``C``, with what an evaluation leaves for the next direction."""

    def __init__(self, problems: Problems, exact: Rows, rounded: Rows, curvature: Curvature, limits: Limits):
        """Keep the problems, their rows in float64 and in the design's dtype, and the curvature of the last ``C``."""
        self._problems, self._exact, self._rounded = problems, exact, rounded
        self._curvature, self._limits = curvature, limits
        self._bends = np.empty((len(problems), problems.outputs, problems.design.rows), np.float32)
        self._weighted = bool((problems.row_weights != 1.0).any())
        self._shrinks = np.ones(problems.design.width)
        if problems.free_intercept:
            self._shrinks[-1] = LEAST_CURVATURE
        self._slow = False

    def solve(self, outcome: Outcome, group: np.ndarray) -> None:
        """Iterate from an outcome's weights of these problems until every gap is small, and write it back."""
        limits, count = self._limits, len(self._problems)
        weights, everyone = outcome.weights[group], np.arange(count)
        values, gradients = self._evaluate(everyone, weights)
        before, waited = np.full(count, np.inf), np.zeros(count, dtype=np.int64)
        lowest, least = before.copy(), values.copy()
        stalled, made = np.zeros(count, dtype=bool), np.zeros(count, dtype=np.int64)
        while True:
            gaps = relative_gaps(squares(gradients), values)
            if self._problems.free_intercept:
                self._settle(np.flatnonzero((gaps <= limits.tol) & (made > 0)), weights, values, gradients)
                gaps = relative_gaps(squares(gradients), values)
            progress = (gaps < PROGRESS * lowest) | (values < (1.0 - LEAST_FALL) * least)
            waited = np.where(progress, 0, waited + 1)
            lowest, least = np.minimum(lowest, gaps), np.minimum(least, values)
            converged = (gaps <= limits.tol) & (made > 0)
            stalled |= ~converged & (waited >= PATIENCE)
            left = np.flatnonzero(~converged & ~stalled & (made < limits.max_iter))
            if made.any():
                limits.on_iteration(len(left), float(gaps.max()))
            if not len(left):
                break
            directions = self._directions(left, values, gradients, gaps[left] > SLOW * before[left])
            stalled[self._advance(left, weights, values, gradients, directions)] = True
            made[left] += 1
            before = gaps
        outcome.weights[group], outcome.values[group] = weights, values
        outcome.norms[group] = np.sqrt(squares(gradients))
        outcome.iterations[group] += made
        outcome.status[group[converged]], outcome.status[group[stalled & ~converged]] = CONVERGED, STALLED

    def _settle(self, which: np.ndarray, weights: np.ndarray, values: np.ndarray, gradients: np.ndarray) -> None:
        """Move free intercepts, in place, to where their own gradient vanishes: without that a gap bounds nothing."""
        last = np.full(len(which), np.inf)
        while True:
            problems = self._problems.take(which)
            totals = problems.penalties * problems.row_weights.sum(axis=1, dtype=np.float64)[problems.folds]
            slopes = np.abs(gradients[which, :, -1]).max(axis=1)
            left = (slopes > ROUNDING * totals) & (slopes < 0.5 * last)
            which, last = which[left], slopes[left]
            if not len(which):
                return
            directions = np.zeros_like(weights[which])
            for number, j in enumerate(which):
                bends = self._bends[j] * self._problems.row_weights[self._problems.folds[j]]
                own = np.diag(bends.sum(axis=1, dtype=np.float64))
                if self._problems.loss.coupled:  # a shift of all outputs changes nothing: the 1 only makes it regular
                    own += 1.0 - np.asarray(bends @ self._bends[j].T, dtype=np.float64)
                own += LEAST_CURVATURE * np.eye(len(own))
                directions[number, :, -1] = -np.linalg.solve(own, gradients[j, :, -1]) / self._problems.penalties[j]
            self._advance(which, weights, values, gradients, directions)

    def _evaluate(self, which: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return values (j,) and gradients (j, Q, width) at weights of problems ``which``; keep their bends."""
        problems = self._problems.take(which)
        loss, classes, folds, flat = problems.loss, problems.classes, problems.folds, stacked(weights)

        def work(part: slice, block: np.ndarray, values: np.ndarray, sums: np.ndarray) -> None:
            scores = (flat @ block.T).reshape(*weights.shape[:2], -1)
            targets = problems.targets[:, part][classes]
            losses, residuals = loss.evaluate(scores, targets)
            self._bends[which, :, part] = loss.bends(residuals, targets)
            if self._weighted:
                shares = problems.row_weights[:, part][folds]
                losses, residuals = losses * shares, residuals * shares[:, None, :]
            values += losses.sum(axis=1)
            sums += stacked(residuals) @ block

        sums, residuals = self._exact.sums(work, [(len(which),), flat.shape])
        shrunk = problems.shrunk(weights)
        values = 0.5 * squares(shrunk) + problems.penalties * sums
        check_finite(values)
        return values, shrunk - problems.per_problem(problems.penalties, weights) * residuals.reshape(weights.shape)

    def _directions(self, left: np.ndarray, values: np.ndarray, gradients: np.ndarray, slow: np.ndarray) -> np.ndarray:
        """Return Newton's directions (j, Q, width) of the problems that are left."""
        problems, wanted = self._problems.take(left), gradients[left]
        if not problems.loss.coupled:
            self._curvature.follow(problems, left, self._bends[left], slow)
        elif self._slow:
            self._curvature.follow(problems, left, self._bends[left], np.ones(len(left), dtype=bool))
        factors = [
            self._curvature.factor(j, penalty, self._shrinks)
            for j, penalty in zip(left, problems.penalties, strict=True)
        ]
        if not problems.loss.coupled:
            return -_solve(factors, wanted)
        return self._conjugate_gradients(problems, left, factors, wanted, values[left])

    def _conjugate_gradients(
        self,
        problems: Problems,
        left: np.ndarray,
        factors: list[np.ndarray],
        gradients: np.ndarray,
        values: np.ndarray,
    ) -> np.ndarray:
        """Solve ``H d = -g`` of all problems until each residual is small enough for the gap that is wanted."""
        norms = squares(gradients)
        forcing = np.minimum(FORCING * np.sqrt(relative_gaps(norms, values)), GREATEST_FORCING)
        limits = np.maximum(forcing**2 * norms, 0.5 * self._limits.tol * values)
        residuals, directions, bends = -gradients, np.zeros_like(gradients), self._bends[left]
        searches = preconditioned = _solve(factors, residuals)
        energies = dots(residuals, preconditioned)
        for number in range(INNER_LIMIT):
            products = self._product(problems, bends, searches)
            curvatures = dots(searches, products)
            sound = (curvatures > 0.0) & (energies > 0.0)
            steps = problems.per_problem(np.where(sound, energies / np.where(sound, curvatures, 1.0), 0.0), residuals)
            directions += steps * searches
            residuals -= steps * products
            self._slow = number >= INNER_SLOW
            if not (sound & (squares(residuals) > limits)).any():
                break
            preconditioned = _solve(factors, residuals)
            energies, before = dots(residuals, preconditioned), energies
            searches = (
                preconditioned + problems.per_problem(energies / np.where(sound, before, 1.0), searches) * searches
            )
        return directions

    def _product(self, problems: Problems, bends: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return the Hessian of each problem times a direction, (j, Q, width)."""
        flat = stacked(directions).astype(problems.design.dtype)

        def work(part: slice, block: np.ndarray, sums: np.ndarray) -> None:
            slopes = (flat @ block.T).reshape(*directions.shape[:2], -1)
            bent = problems.loss.product(bends[:, :, part], slopes)
            if self._weighted:
                bent = bent * problems.row_weights[:, part][problems.folds][:, None, :]
            sums += stacked(bent) @ block

        (sums,) = self._rounded.sums(work, [flat.shape])
        own = problems.shrunk(directions)
        return own + problems.per_problem(problems.penalties, own) * sums.reshape(own.shape)

    def _advance(
        self,
        left: np.ndarray,
        weights: np.ndarray,
        values: np.ndarray,
        gradients: np.ndarray,
        directions: np.ndarray,
    ) -> np.ndarray:
        """Move the problems that are left, in place, along their directions; return those that found no lower value."""
        slopes, steps, trying = dots(gradients[left], directions), np.ones(len(left)), np.arange(len(left))
        for _ in range(STEPS):
            some, step = left[trying], steps[trying]
            moved = weights[some] + step[:, None, None] * directions[trying]
            found, new = self._evaluate(some, moved)
            allowed = values[some] * (1.0 + ROUNDING) + SUFFICIENT * step * slopes[trying]
            good = found <= allowed
            weights[some[good]], values[some[good]], gradients[some[good]] = moved[good], found[good], new[good]
            trying = trying[~good]
            if not len(trying):
                break
            # The derivative rises along the direction: between the two that are known lies its root.
            rise = np.maximum(dots(new[~good], directions[trying]) - slopes[trying], 1e-300)
            secant = -slopes[trying] / rise
            steps[trying] *= np.clip(secant, 0.1, 0.5)
        return left[trying]


def _solve(factors: list[np.ndarray], vectors: np.ndarray) -> np.ndarray:
    """Solve for vectors (j, Q, width) with the Cholesky factor of each problem."""
    potrs = scipy.linalg.lapack.dpotrs
    return np.stack([potrs(factor, each.T, lower=1)[0].T for factor, each in zip(factors, vectors, strict=True)])
