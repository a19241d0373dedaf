"""Takes features, targets and penalties as arrays, gives a solution object; knows no labels and no estimator.

Truncated Newton for all problems (pairs of a class and a ``C``) at once: one pass over the rows serves every problem
that is not finished. An outer iteration evaluates in float64 and steps in the features' own dtype, which makes it
iterative refinement: float32 features reach tight gaps too.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from ..runtime import UserError
from .newton import Diagonal, Factored, Preconditioner, newton_step
from .objective import DesignMatrix, Problems, evaluate, find_margins

CONVERGED, STALLED, ITERATION_LIMIT = "converged", "stalled", "iteration limit"
STATUSES = (CONVERGED, STALLED, ITERATION_LIMIT)
FACTORED_LIMIT = 6000
EASY_PENALTY = 100.0
PENALTY_GROWTH = 10.0
LOOSE_GAP = 0.1


@dataclass(frozen=True)
class Solution:
    """Solved problems: M penalties by K classes by D features.

    ``gap`` is the duality gap divided by the objective, a bound on how far the objective is above its least value.
    """

    coefficients: np.ndarray
    """float64 (M, K, D)."""
    intercepts: np.ndarray
    """float64 (M, K)."""
    objective: np.ndarray
    """float64 (M, K)."""
    gradient_norm: np.ndarray
    """float64 (M, K)."""
    gap: np.ndarray
    """float64 (M, K)."""
    iterations: np.ndarray
    """int64 (M, K), Newton iterations."""
    status: np.ndarray
    """str (M, K), of ``STATUSES``."""
    passes: int
    """How often the features were read, there and back, whatever the number of problems."""


class _Fit:
    """Problems on their way to their least value; ``weights``, ``values`` and the rest are per problem, (J, ...).

    A large ``C`` is approached through levels of ``C``: started at once, Newton's method would cycle through sets of
    active rows and hardly move. ``current`` is the evaluation of the unfinished problems at their levels, while
    ``values`` and ``norms`` are always those of the problem's own ``C``.
    """

    def __init__(self, problems: Problems, weights: np.ndarray, levels: np.ndarray):
        count = len(levels)
        self.problems, self.weights, self.levels = problems, weights, levels
        self.unfinished = np.arange(count)
        self.current = evaluate(problems.at(levels), weights, find_margins(problems, weights))
        self.passes = 1
        found = self.current.at(weights, problems.penalties / levels)
        self.values, self.norms = found.values, found.gradient_norms
        self.iterations = np.zeros(count, dtype=np.int64)
        self.status = np.full(count, ITERATION_LIMIT, dtype=f"<U{max(map(len, STATUSES))}")

    @property
    def gaps(self) -> np.ndarray:
        """Relative gaps (J,)."""
        return 0.5 * self.norms**2 / self.values

    def keep(self, kept: np.ndarray) -> None:
        """Drop the other unfinished problems, and raise the levels of those that are near their level's least value."""
        self.unfinished, self.current = self.unfinished[kept], self.current.take(kept)
        levels = self.levels[self.unfinished]
        raised = np.where(self.current.relative_gaps <= LOOSE_GAP, PENALTY_GROWTH * levels, levels)
        raised = np.minimum(raised, self.problems.penalties[self.unfinished])
        self.current = self.current.at(self.weights[self.unfinished], raised / levels)
        self.levels[self.unfinished] = raised

    def iterate(self, shared: Preconditioner, tol: float) -> None:
        """Make one Newton iteration of every unfinished problem."""
        problems = self.problems.at(self.levels).take(self.unfinished)
        trial, margins, inner = newton_step(problems, self.weights[self.unfinished], self.current, shared, tol)
        new = evaluate(problems, trial, margins)
        self.passes += inner + 1
        self.iterations[self.unfinished] += 1
        better = new.values < self.current.values
        # With a tiny C a good step can be too small to show in the value: a tie is taken too, but then no more steps.
        taken = new.values <= self.current.values
        chosen = self.unfinished[taken]
        found = new.at(trial, self.problems.penalties[self.unfinished] / problems.penalties)
        self.weights[chosen], self.values[chosen] = trial[taken], found.values[taken]
        self.norms[chosen] = found.gradient_norms[taken]
        converged = self.gaps[self.unfinished] <= tol
        self.status[self.unfinished[~better]] = STALLED
        self.status[self.unfinished[converged]] = CONVERGED
        self.current = new
        self.keep(better & ~converged)


def minimise(problems: Problems, shared: Preconditioner, *, tol: float, max_iter: int) -> _Fit:
    """Run Newton's method from zero on every problem until its relative gap is at most ``tol``.

    One iteration is always made: with a tiny ``C`` the gap at zero is small beside the objective, yet zero classifies
    nothing.
    """
    easy = EASY_PENALTY * len(problems.design.features) / shared.trace
    weights = np.zeros((len(problems.classes), problems.design.width))
    fit = _Fit(problems, weights, np.minimum(problems.penalties, easy))
    while len(fit.unfinished) and fit.iterations.max() < max_iter:
        fit.iterate(shared, tol)
    return fit


def minimise_in_row_span(problems: Problems, *, tol: float, max_iter: int) -> _Fit:
    """Solve problems with fewer rows than features: in coordinates of the rows' span, exactly, then map back.

    With ``X X' = U diag(l) U'`` (the constant column included) and ``Z = U sqrt(l)`` (N, r), every ``w = X'b`` has
    ``X w = Z a`` and ``|w| = |a|`` for ``a = sqrt(l) U'b``, so the objectives agree, and ``w = X' Z (a / l)`` leads
    back. The columns of ``Z`` are orthogonal, so ``Z'Z`` is diagonal. The result is evaluated on the features
    themselves, and improved there where rounding in ``X X'`` left a gap.
    """
    design = problems.design
    values, vectors = scipy.linalg.eigh(design.gram(), overwrite_a=True, driver="evd")
    kept = values > len(values) * np.finfo(np.float64).eps * values[-1]
    values, rotated = values[kept], vectors[:, kept] * np.sqrt(values[kept])
    reduced = Problems(
        DesignMatrix(rotated, intercept=False),
        problems.targets.astype(np.float64),
        problems.classes,
        problems.penalties,
    )
    inner = minimise(reduced, Diagonal(values), tol=0.5 * tol, max_iter=max_iter)
    dual = (inner.weights / values) @ rotated.T
    start = np.zeros((len(dual), design.width))
    for rows, block in design.float64_blocks():
        start += block.backward(dual[:, rows])
    fit = _Fit(problems, start, problems.penalties.copy())
    fit.status[fit.gaps <= tol] = CONVERGED
    fit.keep(fit.gaps > tol)
    fit.iterations += inner.iterations
    fit.passes += 2
    shared = Diagonal(design.squares())
    while len(fit.unfinished) and fit.iterations.max() < max_iter:
        fit.iterate(shared, tol)
    return fit


def solve(
    features: np.ndarray, targets: np.ndarray, penalties: np.ndarray, *, tol: float = 1e-6, max_iter: int = 100
) -> Solution:
    """Minimise the L2-SVM's objective for every pair of a penalty and a column of targets.

    Parameters
    ----------
    features
        float32 or float64 (N, D), finite. Never copied whole unless no axis is contiguous.
    targets
        +-1, (N, K), any numeric type.
    penalties
        The values of ``C``, (M,), positive.
    tol
        Largest duality gap relative to the objective, in (0, 1).
    max_iter
        Largest number of Newton iterations of a problem, at least 1.

    Raises
    ------
    UserError
        If a penalty is not positive and finite, ``tol`` or ``max_iter`` is out of range, or the features are so large
        that their squares overflow.
    """
    penalties = np.asarray(penalties, dtype=np.float64)
    _check_settings(penalties, tol, max_iter)
    _check_magnitude(features)
    if features.itemsize not in features.strides:
        features = np.ascontiguousarray(features)
    (rows, columns), classes = features.shape, targets.shape[1]
    problems = Problems(
        DesignMatrix(features),
        np.ascontiguousarray(targets.T, dtype=features.dtype),
        np.tile(np.arange(classes), len(penalties)),
        np.repeat(penalties, classes),
    )
    if min(rows, columns) > FACTORED_LIMIT:
        fit = minimise(problems, Diagonal(problems.design.squares()), tol=tol, max_iter=max_iter)
    elif rows < columns:
        fit = minimise_in_row_span(problems, tol=tol, max_iter=max_iter)
    else:
        fit = minimise(problems, Factored(problems.design.moments()), tol=tol, max_iter=max_iter)
    shape = (len(penalties), classes)
    return Solution(
        coefficients=fit.weights[:, :-1].reshape(*shape, columns),
        intercepts=fit.weights[:, -1].reshape(shape),
        objective=fit.values.reshape(shape),
        gradient_norm=fit.norms.reshape(shape),
        gap=fit.gaps.reshape(shape),
        iterations=fit.iterations.reshape(shape),
        status=fit.status.reshape(shape),
        passes=fit.passes + 1,
    )


def _check_settings(penalties: np.ndarray, tol: float, max_iter: int) -> None:
    for penalty in penalties:
        if not 0.0 < penalty < np.inf:
            raise UserError(f"C is {penalty:g}; expected a positive, finite number, such as 0.001", option="C")
    if not 0.0 < tol < 1.0:
        raise UserError(f"tol is {tol:g}; expected a relative gap between 0 and 1, such as 1e-6", option="tol")
    if max_iter < 1:
        raise UserError(f"max_iter is {max_iter}; expected at least 1", option="max-iter")


def _check_magnitude(features: np.ndarray) -> None:
    """Refuse features whose sum of squares could overflow, and any that are not finite."""
    limit = float(np.sqrt(np.finfo(features.dtype).max / features.size))
    largest = float(max(features.max(), -features.min()))
    if not largest <= limit:
        raise UserError(
            f"the largest feature is {largest:g}; expected at most {limit:.1e}, so that sums of squares over "
            f"{features.shape} {features.dtype} features hold; scale the features"
        )
