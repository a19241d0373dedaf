"""Takes features, targets and penalties, gives a solution object; knows no labels and no estimator.

``make_plan`` says which way fits the memory: in the span of the rows, or in groups of problems that share a
preconditioner. Either way the gap of a solution is that of its float64 weights on the features themselves.
"""

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from ..runtime import UserError
from .design import Design, Statistics, as_design, host64
from .gram import SMALL_ROWS
from .groups import solve_in_groups
from .losses import Loss, SquaredHinge
from .objective import Problems
from .plan import Plan, Sizes, make_plan
from .preconditioners import levels_of
from .solution import Limits, Outcome, Solution
from .span import solve_in_span

GREATEST_PENALTY = 1e12
"""Far beyond it float64 has no digits left for the norm of the weights."""


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
    """Minimise a linear classifier's objective for every penalty, class and set of row weights at once.

    Parameters
    ----------
    features
        (N, D) float16, float32 or float64, finite: a numpy array, a torch tensor on the CPU or a GPU, or anything with
        ``shape``, ``dtype`` and row slices, such as an open HDF5 data set, which is then read in blocks.
    targets
        Signs +-1 (N, K), any numeric type; for the logistic loss class numbers 0 to K - 1, (N,).
    penalties
        The values of ``C``, (M,), positive.
    loss
        Of ``losses``; squared hinge if not given.
    row_weights
        At least 0, (F, N): every penalty and class is solved with each. 0 leaves a row out, as a fold does.
    free_intercept
        Leave the intercept out of the penalty.
    standardise
        Subtract each column's mean and divide by its deviation, over all rows, and penalise the weights of the result;
        the coefficients that are given are those of the features as they are.
    added_variance
        Added to each column's variance before that, at least 0; Coates and Ng add 0.01.
    gram
        ``F F'`` of the features, float64 (N, N), where it is known and there are fewer rows than columns.
    start
        First weights, float64 (K, D + 1), of every problem; zero if not given. Not used where there are fewer rows than
        columns.
    tol
        Largest duality gap relative to the objective, in (0, 1).
    max_iter
        Largest number of iterations of a problem, at least 1.
    memory
        Bound in bytes on top of features that are in memory; if not given, about a third of the features, or what the
        Gram matrices of fewer rows than columns take.
    on_iteration
        Called after each iteration with the number of problems left in it and their greatest relative gap.

    Raises
    ------
    UserError
        If a setting is out of range, the memory does not suffice, or features are not finite, too large, or changed
        while they were read.
    """
    loss = loss or SquaredHinge()
    penalties = np.asarray(penalties, dtype=np.float64)
    _check_settings(penalties, tol, max_iter, added_variance)
    design = as_design(features)
    before = _check_magnitude(design)
    if standardise:
        design.scaling = design.measure(added_variance)
        _check_deviations(design.scaling, design)
    problems = _problems(design, loss, targets, penalties, row_weights, free_intercept)
    _check_given(design, targets.shape[1] if targets.ndim == 2 else problems.outputs, start, gram)
    factors = _factors(problems)
    levels, numbers = levels_of(factors)
    sizes = Sizes(
        design.rows,
        design.columns,
        len(problems),
        problems.outputs,
        len(levels),
        itemsize=_itemsize(features),
        targets=int(problems.targets.shape[0]),
        in_memory=design.in_memory,
    )
    plan = make_plan(sizes, memory)
    limits = Limits(tol, max_iter, on_iteration)
    # Threads that wait for each other cost more than they save in products of this size, and on a machine with other
    # work twenty times as much.
    small = design.rows <= SMALL_ROWS
    with _blas().limit(limits=1, user_api="blas") if small else nullcontext():
        if plan.route == "span":
            outcome = solve_in_span(problems, factors, limits, gram)
        else:
            outcome = solve_in_groups(problems, plan, np.array(levels)[numbers], limits, start)
    _check_unchanged(design, before)
    return _solution(outcome, problems, plan, design, row_weights is not None, len(penalties))


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def _problems(
    design: Design,
    loss: Loss,
    targets: np.ndarray,
    penalties: np.ndarray,
    row_weights: np.ndarray | None,
    free_intercept: bool,
) -> Problems:
    """Cross the sets of row weights with penalties and classes, in this order."""
    targets = np.asarray(targets)
    if targets.ndim != (1 if loss.coupled else 2):
        raise UserError(f"targets have shape {targets.shape}; expected {'(N,)' if loss.coupled else '(N, K)'}")
    if targets.shape[0] != design.rows:
        raise UserError(f"there are {targets.shape[0]} rows of targets for {design.rows} rows of features")
    _check_targets(targets, coupled=loss.coupled)
    if row_weights is None:
        weights = np.ones((1, design.rows))
    else:
        weights = np.asarray(row_weights, dtype=np.float64)
        if weights.ndim != 2 or weights.shape[1] != design.rows or not ((weights >= 0.0) & np.isfinite(weights)).all():
            raise UserError(
                f"row weights have shape {weights.shape}; expected (F, {design.rows}), none below 0, all finite"
            )
        if not (some := weights.any(axis=1)).all():
            raise UserError(f"set {int(np.argmin(some))} of row weights is all zero; expected rows that count")
    classes = 1 if loss.coupled else targets.shape[1]
    folds, steps, numbers = (
        axis.ravel()
        for axis in np.meshgrid(np.arange(len(weights)), np.arange(len(penalties)), np.arange(classes), indexing="ij")
    )
    outputs = int(targets.max()) + 1 if loss.coupled else 1
    if outputs == 2:
        # Two coupled outputs -v/2 and v/2 stand for one weight vector v, with |v|^2 = 2 (|v/2|^2 + |v/2|^2).
        penalties = penalties / 2.0
    return Problems(
        design,
        loss,
        outputs,
        design.array(targets[np.newaxis].astype(np.int64)) if loss.coupled else design.array(targets.T, design.dtype),
        numbers,
        design.array(weights, design.dtype),
        folds,
        penalties[steps],
        free_intercept,
    )


def _check_targets(targets: np.ndarray, *, coupled: bool) -> None:
    if coupled and not (targets.dtype.kind in "iu" and targets.min() >= 0):
        raise UserError(f"targets are {targets.dtype} from {targets.min():g} on; expected class numbers 0 to K - 1")
    if not coupled and not ((targets == 1) | (targets == -1)).all():
        raise UserError("targets hold other numbers than +1 and -1; expected signs")


def _check_given(design: Design, outputs: int, start: np.ndarray | None, gram: np.ndarray | None) -> None:
    wanted = (outputs, design.width)
    if start is not None and (start.shape != wanted or not np.isfinite(start).all()):
        raise UserError(f"start has shape {start.shape}; expected finite weights {wanted}")
    if gram is not None and gram.shape != (design.rows, design.rows):
        raise UserError(f"gram has shape {gram.shape}; expected {(design.rows, design.rows)}")


def _factors(problems: Problems) -> np.ndarray:
    """Give ``f`` of each problem: the curvature is near ``1 + f X'X``."""
    totals = host64(problems.row_weights).sum(axis=1) / problems.design.rows
    return 2.0 * problems.penalties * problems.loss.share * np.maximum(totals[problems.folds], 1e-12)


def _solution(
    outcome: Outcome, problems: Problems, plan: Plan, design: Design, with_folds: bool, penalties: int
) -> Solution:
    folds = problems.row_weights.shape[0]
    shape: tuple[int, ...] = (folds, penalties, -1) if with_folds else (penalties, -1)
    weights = outcome.weights.reshape(*shape[:-1], -1, design.width)
    # See _problems: the norm of two outputs is half of that of their difference.
    share = 2.0 if problems.outputs == 2 else 1.0
    coefficients, intercepts = weights[..., :-1], weights[..., -1]
    if design.scaling is not None:
        coefficients = coefficients / design.scaling.deviation
        intercepts = intercepts - coefficients @ design.scaling.mean
    return Solution(
        coefficients=coefficients,
        intercepts=intercepts,
        objective=share * outcome.values.reshape(shape),
        gradient_norm=np.sqrt(share) * outcome.norms.reshape(shape),
        gap=outcome.gaps.reshape(shape),
        iterations=outcome.iterations.reshape(shape),
        status=outcome.status.reshape(shape),
        passes=design.passes,
        plan=plan,
    )


def _itemsize(features: Any) -> int:
    return 2 if "16" in str(features.dtype) else 8 if "64" in str(features.dtype) else 4


def _check_settings(penalties: np.ndarray, tol: float, max_iter: int, added_variance: float) -> None:
    if penalties.ndim != 1 or not len(penalties):
        raise UserError(f"C has shape {penalties.shape}; expected one or more values in a list", option="C")
    for penalty in penalties:
        if not 0.0 < penalty < np.inf:
            raise UserError(f"C is {penalty:g}; expected a positive, finite number, such as 0.001", option="C")
        if penalty > GREATEST_PENALTY:
            raise UserError(f"C is {penalty:g}; expected at most {GREATEST_PENALTY:g}", option="C")
    if not 0.0 < tol < 1.0:
        raise UserError(f"tol is {tol:g}; expected a relative gap between 0 and 1, such as 1e-6", option="tol")
    if not 0.0 <= added_variance < np.inf:
        raise UserError(f"added_variance is {added_variance:g}; expected 0 or a positive number, such as 0.01")
    if max_iter < 1:
        raise UserError(f"max_iter is {max_iter}; expected at least 1", option="max-iter")


def _check_unchanged(design: Design, before: tuple[float, float]) -> None:
    """Compare the greatest size and the sum of squares with what they were at first."""
    now = (design.check(), design.mean_square)
    if not np.allclose(now, before, rtol=1e-9, atol=0.0):
        raise UserError(
            "the features changed while they were read: their sum of squares is not what it was at first; start again "
            "once nothing writes to them"
        )


def _check_magnitude(design: Design) -> tuple[float, float]:
    """Refuse features that are not finite, or whose sum of squares could overflow; give what tells them apart."""
    largest = design.check()
    dtype = np.float64 if "64" in str(design.dtype) else np.float32
    limit = float(np.sqrt(np.finfo(dtype).max / (design.rows * design.columns)))
    if not largest <= limit:
        raise UserError(
            f"the largest feature is {largest:g}; expected at most {limit:.1e}, so that sums of squares over "
            f"({design.rows}, {design.columns}) {np.dtype(dtype).name} features hold; scale the features"
        )
    return largest, design.mean_square


def _check_deviations(scaling: Statistics, design: Design) -> None:
    """Refuse columns whose squares a design that is standardised by them could not hold."""
    dtype = np.float64 if "64" in str(design.dtype) else np.float32
    least = float(np.sqrt(np.finfo(dtype).tiny))
    column = int(np.argmin(scaling.deviation))
    if scaling.deviation[column] < least:
        raise UserError(
            f"column {column} has a deviation of {scaling.deviation[column]:.1e}; expected 0 or at least {least:.0e} "
            f"to standardise {np.dtype(dtype).name} features; scale the features, or leave the column out"
        )
