"""Solver of linear classifiers: features, targets and penalties in, a solution out.

``make_plan`` chooses a route by memory: a Hessian for each problem, the span of the rows, or groups of problems that
share a preconditioner. The gap of a solution is always that of its float64 weights on the original features.
"""

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from .arrays import host64
from .design import Design
from .few_columns import solve_narrow
from .gram import SMALL_ROWS
from .input_checks import (
    check_deviations,
    check_magnitude,
    check_penalties,
    check_row_weights,
    check_settings,
    check_start_and_gram,
    check_unchanged,
    cross_problems,
    greatest_feature,
    needs_float64,
    typical_mean,
)
from .inputs import as_design
from .losses import Loss, SquaredHinge
from .memory_plan import Plan, Sizes, make_plan
from .objective import Problems
from .preconditioners import levels_of
from .problem_groups import solve_alone, solve_in_groups
from .row_span import solve_in_span
from .scaling import FAR
from .solution import Limits, ProblemResults, Solution


def solve(
    features: Any,
    targets: np.ndarray,
    penalties: Any,
    *,
    loss: Loss | None = None,
    row_weights: np.ndarray | None = None,
    free_intercept: bool = False,
    standardise: bool = False,
    added_variance: float = 0.0,
    gram: np.ndarray | None = None,
    start: np.ndarray | None = None,
    tol: float = 1e-6,
    max_iter: int = 1000,
    memory: int | None = None,
    on_iteration: Callable[[int, float], None] = lambda left, gap: None,
) -> Solution:
    """Minimize the objective of a linear classifier for every penalty, class and set of row weights at once.

    Parameters
    ----------
    features
        (N, D), real and finite: a numpy array, a torch tensor on the CPU or a GPU, or an object with ``shape``,
        ``dtype`` and row slices, such as an open HDF5 data set, which is read in blocks.
    targets
        Signs +-1 (N, K), of any numeric type; for the logistic loss, class numbers 0 to K - 1, (N,).
    penalties
        Positive values of ``C``, (M,).
    loss
        A loss of ``losses``; None for the squared hinge.
    row_weights
        (F, N), at least 0: F sets, each solved with every penalty and class; a weight of 0 excludes a row. Or (N,): one
        set, without an axis of sets in the solution.
    free_intercept
        Exclude the intercept from the penalty.
    standardise
        Subtract the mean of each column and divide by its standard deviation, and penalize the weights of the result;
        returned coefficients apply to the original features. Means and deviations are weighted by the row weights,
        summed over the sets.
    added_variance
        Added to the variance of each column before the square root, at least 0; Coates and Ng add 0.01.
    gram
        ``F F'`` of the features, float64 (N, N), if known; used with fewer rows than columns.
    start
        Initial weights, float64 (K, D + 1), for every penalty and set; None for zeros. Not used with fewer rows than
        columns.
    tol
        Largest duality gap, relative to the objective, in (0, 1).
    max_iter
        Largest number of iterations of a problem, at least 1.
    memory
        Bound in bytes, on top of features in memory. None for about a third of the features, or for the Gram matrices
        with fewer rows than columns.
    on_iteration
        Called after each iteration with the number of unfinished problems and their largest relative gap.

    Returns
    -------
    Weights, gaps and status of all problems; a problem that does not reach ``tol`` has another status than "converged".

    Raises
    ------
    UserError
        If a setting is out of range, the memory is insufficient, or features are not finite, too large, or change
        during the fit.
    """
    loss, penalties = loss or SquaredHinge(), check_penalties(penalties)
    check_settings(tol, max_iter, added_variance, memory)
    design = as_design(features)
    weights = check_row_weights(row_weights, design.rows, penalties)
    limit = np.inf if standardise else greatest_feature(penalties, weights, design.rows, tol)
    largest, lengths = before = design.check()
    check_magnitude(design, largest, limit)
    _set_scaling(design, weights, standardise, added_variance, free_intercept)
    _set_arithmetic(design, penalties, weights, largest, lengths)
    problems = cross_problems(design, loss, targets, penalties, weights, free_intercept)
    check_start_and_gram(problems, start, gram)
    factors = _factors(problems)
    plan = make_plan(_sizes(problems, factors), memory)
    results = _run(problems, factors, plan, Limits(tol, max_iter, on_iteration), start, gram)
    check_unchanged(design, before)
    with_folds = row_weights is not None and np.ndim(row_weights) == 2
    return _solution(results, problems, plan, design, with_folds, len(penalties))


def _set_scaling(
    design: Design, weights: np.ndarray | None, standardise: bool, added_variance: float, free_intercept: bool
) -> None:
    """Standardize a design if requested; center it if that improves precision without changing the solution."""
    totals = None if weights is None else weights.sum(axis=0)
    if standardise:
        design.scaling = design.measure(added_variance, totals)
        check_deviations(design.scaling, design)
    elif free_intercept and design.farthest()[1] > FAR:
        # A free intercept absorbs any shift of the columns, so weights and objective are those of centered features.
        design.scaling = design.measure(0.0, totals).unscaled()


def _set_arithmetic(
    design: Design, penalties: np.ndarray, weights: np.ndarray | None, largest: float, lengths: np.ndarray
) -> None:
    """Choose float64 if float32 is insufficient, given the largest feature and the squared lengths of rows (N,)."""
    if design.scaling is not None:
        lengths = design.lengths()
        largest = float(np.sqrt(lengths.max()))
    design.mean_square = typical_mean(lengths) + design.intercept
    heaviest = float(penalties.max() * (1.0 if weights is None else weights.max()))
    if needs_float64(design.mean_square, largest, design.rows, heaviest):
        design.dtype = design.xp.float64


def _sizes(problems: Problems, factors: np.ndarray) -> Sizes:
    design = problems.design
    return Sizes(
        design.rows,
        design.columns,
        len(problems),
        problems.outputs,
        len(levels_of(factors)[0]),
        itemsize=design.features.dtype.itemsize,
        arithmetic=8 if "64" in str(design.dtype) else 4,
        on_cpu=isinstance(problems.targets, np.ndarray),
        targets=int(problems.targets.shape[0]),
        in_memory=design.in_memory,
    )


def _run(
    problems: Problems,
    factors: np.ndarray,
    plan: Plan,
    limits: Limits,
    start: np.ndarray | None,
    gram: np.ndarray | None,
) -> ProblemResults:
    # In products of this size, threads wait for each other longer than they compute, above all on a busy machine.
    small = problems.design.rows <= SMALL_ROWS or plan.route == "narrow"
    with _blas().limit(limits=1, user_api="blas") if small else nullcontext():
        if plan.route == "narrow":
            results = solve_narrow(problems, plan.together, limits, start)
            solve_alone(problems, 0, limits, results)
            return results
        if plan.route == "span":
            return solve_in_span(problems, factors, limits, gram)
        return solve_in_groups(problems, factors, plan, limits, start)


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def _factors(problems: Problems) -> np.ndarray:
    """Return ``f`` of each problem, float64 (J,), whose curvature is near ``1 + f X'X``."""
    totals = host64(problems.row_weights).sum(axis=1) / problems.design.rows
    return 2.0 * problems.penalties * problems.loss.share * np.maximum(totals[problems.folds], 1e-12)


def _solution(
    results: ProblemResults, problems: Problems, plan: Plan, design: Design, with_folds: bool, penalties: int
) -> Solution:
    folds = problems.row_weights.shape[0]
    shape: tuple[int, ...] = (folds, penalties, -1) if with_folds else (penalties, -1)
    weights = results.weights.reshape(*shape[:-1], -1, design.width)
    # As in cross_problems, the squared norm of two outputs is half of that of their difference.
    share = 2.0 if problems.outputs == 2 else 1.0
    coefficients, intercepts = weights[..., :-1], weights[..., -1]
    if design.scaling is not None:
        coefficients, intercepts = design.scaling.raw(coefficients, intercepts)
    return Solution(
        coefficients=coefficients,
        intercepts=intercepts,
        objective=share * results.values.reshape(shape),
        gradient_norm=np.sqrt(share) * results.norms.reshape(shape),
        gap=results.gaps.reshape(shape),
        iterations=results.iterations.reshape(shape),
        status=results.status.reshape(shape),
        passes=design.passes,
        plan=plan,
    )
