"""Takes features, targets and penalties, gives a solution object; knows no labels and no estimator.

A fit goes through ``make_plan`` (which way fits the memory), one of three preconditioners, ``minimise`` in the design's
dtype, and a check in float64: the gap of a solution is always that of its float64 weights on the features themselves.
Problems whose gap is not reached go on from the float64 state, with float32 products of ever smaller changes.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from array_api_compat import is_torch_array
from threadpoolctl import ThreadpoolController

from ..runtime import UserError, numpy_generator
from .descent import descend
from .design import Design, check_finite, gram_matrix
from .heavy import HeavyDirections
from .lbfgs import LBFGS
from .losses import Array, Loss, SquaredHinge, relative_gaps
from .newton import Newton
from .objective import Problems
from .plan import Plan, Sizes, make_plan
from .preconditioners import Factored, Preconditioner, Sketched, levels_of
from .span import RowSpan
from .state import State, state_at

CONVERGED, STALLED, ITERATION_LIMIT = "converged", "stalled", "iteration limit"
STATUSES = (CONVERGED, STALLED, ITERATION_LIMIT)
FIRST_TOLERANCE = 0.8
"""Share of the tolerance that is left to the features' dtype before float64 judges."""
PROGRESS = 0.5
"""A round from a float64 state must bring the gap under this share of what it was."""
LEAST_FALL = 1e-7
"""A round in which the value falls by less than this share, and the gap does not, ends as stalled."""
REFINEMENT_RANK = 512
SMALL_ROWS = 2048
DTYPES = ("float16", "float32", "float64")
EASY_PENALTY = 1e3
"""Divided by a row's mean squared length: a ``C`` up to this is started at once."""
PENALTY_GROWTH = 10.0
LOOSE_GAP = 0.1
LBFGS_ITERATIONS = 80
ROUND_ITERATIONS = 40


@dataclass(frozen=True)
class Solution:
    """Solved problems: [F sets of row weights, if given, by] M penalties by K classes by D features.

    ``gap`` is the duality gap divided by the objective, a bound on how far the objective is above its least value.
    Coupled classes (logistic) share objective, gradient norm, gap, iterations and status: their K is 1.
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


@dataclass
class _Outcome:
    """What is known of J problems, in float64: filled group by group."""

    weights: np.ndarray
    values: np.ndarray
    norms: np.ndarray
    iterations: np.ndarray
    status: np.ndarray

    @classmethod
    def of(cls, count: int, outputs: int, width: int) -> "_Outcome":
        return cls(
            np.zeros((count, outputs, width)),
            np.zeros(count),
            np.zeros(count),
            np.zeros(count, dtype=np.int64),
            np.full(count, ITERATION_LIMIT, dtype=f"<U{max(map(len, STATUSES))}"),
        )

    @property
    def gaps(self) -> np.ndarray:
        return relative_gaps(self.norms**2, self.values)

    def judge(
        self, group: np.ndarray, state: State, made: np.ndarray, before: np.ndarray, limits: "_Limits"
    ) -> np.ndarray:
        """Note where the problems of a group stand, after so many more iterations; give those to go on with.

        ``before`` holds their gaps at the last judgement.
        """
        values_before = self.values[group]
        self.weights[group], self.values[group] = _host64(state.weights), state.values
        self.norms[group] = np.sqrt(state.squared_norms)
        self.iterations[group] += made
        gaps = state.gaps
        converged, exhausted = gaps <= limits.tol, self.iterations[group] >= limits.max_iter
        fallen = state.values < (1.0 - LEAST_FALL) * values_before
        stalled = ~converged & ~exhausted & ~fallen & (gaps > PROGRESS * before)
        self.status[group[converged]], self.status[group[stalled]] = CONVERGED, STALLED
        return np.flatnonzero(~(converged | exhausted | stalled))


def solve(
    features: Any,
    targets: np.ndarray,
    penalties: Any,
    *,
    loss: Loss | None = None,
    row_weights: np.ndarray | None = None,
    free_intercept: bool = False,
    standardise: bool = False,
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
    gram
        ``F F'`` of the features, float64 (N, N), where it is known and there are fewer rows than columns.
    start
        First weights, float64 (K, D + 1), of every problem; zero if not given.
    tol
        Largest duality gap relative to the objective, in (0, 1).
    max_iter
        Largest number of iterations of a problem, at least 1.
    memory
        Bound in bytes on top of features that are in memory; about a third of the features if not given.
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
    _check_settings(penalties, tol, max_iter)
    design = as_design(features)
    _check_magnitude(design)
    if standardise:
        design.scaling = design.measure()
    problems = _problems(design, loss, targets, penalties, row_weights, free_intercept)
    factors = _factors(problems)
    levels, numbers = levels_of(factors)
    sizes = Sizes(
        design.rows,
        design.columns,
        len(problems),
        problems.outputs,
        len(levels),
        itemsize=_itemsize(features),
        in_memory=design.in_memory,
    )
    plan = make_plan(sizes, memory)
    limits = _Limits(tol, max_iter, on_iteration)
    # Threads that wait for each other cost more than they save in products of this size, and on a machine with other
    # work twenty times as much.
    small = design.rows <= SMALL_ROWS
    with _blas().limit(limits=1, user_api="blas") if small else nullcontext():
        if plan.route == "span":
            outcome = _solve_in_span(problems, factors, limits, gram)
        else:
            outcome = _solve_in_groups(problems, plan, np.array(levels)[numbers], limits, start)
    return _solution(outcome, problems, plan, design, row_weights is not None, len(penalties))


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


@dataclass(frozen=True)
class _Limits:
    tol: float
    max_iter: int
    on_iteration: Callable[[int, float], None]


def _solve_in_groups(
    problems: Problems, plan: Plan, levels: np.ndarray, limits: _Limits, start: np.ndarray | None
) -> _Outcome:
    """Solve groups of problems that fit the memory, from small ``C`` to large, each from the last one's weights."""
    design = problems.design
    preconditioner: Preconditioner
    if plan.route == "factored":
        preconditioner = Factored(design.moments())
    else:
        preconditioner = Sketched(design, plan.rank, numpy_generator(0, "sketch", design.rows, design.columns))
    heavy = HeavyDirections(design, preconditioner, free_intercept=problems.free_intercept)
    outcome = _Outcome.of(len(problems), problems.outputs, design.width)
    if start is not None:
        outcome.weights[:] = start.reshape(-1, problems.outputs, design.width)[problems.classes]
    for group in _groups(problems, plan, levels):
        preconditioner.prepare(sorted(set(levels[group])))
        _solve_group(problems.take(group), preconditioner, heavy, levels[group], limits, outcome, group)
    return outcome


def _groups(problems: Problems, plan: Plan, levels: np.ndarray) -> list[np.ndarray]:
    """Divide the problems, in the order of ``C``, into groups of few enough problems and levels."""
    order = np.lexsort((problems.classes, problems.folds, problems.penalties, levels))
    groups: list[list[int]] = [[]]
    for j in order:
        if len(groups[-1]) == plan.together or len({*levels[groups[-1]], levels[j]}) > plan.levels:
            groups.append([])
        groups[-1].append(int(j))
    return [np.array(group) for group in groups]


def _solve_group(
    problems: Problems,
    preconditioner: Preconditioner,
    heavy: HeavyDirections,
    levels: np.ndarray,
    limits: _Limits,
    outcome: _Outcome,
    group: np.ndarray,
) -> None:
    """Run L-BFGS in the design's dtype, judge in float64, and let Newton's method finish what is not there yet."""
    state, made = _approach(problems, preconditioner, heavy, levels, outcome.weights[group], limits)
    tol, most = FIRST_TOLERANCE * limits.tol, min(limits.max_iter, LBFGS_ITERATIONS)
    easy = np.flatnonzero(made == 0)
    if len(easy):
        some = state.take(problems.design.array(easy), easy) if len(easy) < len(group) else state
        made[easy] = descend(
            problems.take(easy),
            some,
            LBFGS(preconditioner, levels[easy]),
            heavy,
            tol=tol,
            max_iter=most,
            on_iteration=limits.on_iteration,
        )
        if some is not state:
            everyone = np.arange(len(easy))
            state.put(problems.design.array(easy), easy, some, problems.design.array(everyone), everyone)
        del some
    before, newton = np.full(len(group), np.inf), False
    while True:
        weights = _host64(state.weights)
        del state  # its memory serves the next one
        state = state_at(problems, weights, problems.design.xp.float64)
        left = outcome.judge(group, state, made, before, limits)
        if not len(left):
            return
        problems, levels, group, before = problems.take(left), levels[left], group[left], state.gaps[left]
        state = state.take(problems.design.array(left), left)
        most = min(ROUND_ITERATIONS, int(limits.max_iter - outcome.iterations[group].max()))
        # The methods take turns: what makes one of them go in circles does not do so to the other.
        newton = not newton
        method = Newton(preconditioner, levels, tol) if newton else LBFGS(preconditioner, levels)
        made = descend(problems, state, method, None, tol=tol, max_iter=most, on_iteration=limits.on_iteration)


def _approach(
    problems: Problems,
    preconditioner: Preconditioner,
    heavy: HeavyDirections,
    levels: np.ndarray,
    weights: np.ndarray,
    limits: _Limits,
) -> tuple[State, np.ndarray]:
    """Evaluate the first weights; come near those of a large ``C`` through smaller ones, each ten times the last.

    Started at once, they would run through sets of active rows and hardly move.
    """
    design = problems.design
    easy = EASY_PENALTY / max(design.mean_square, 1e-300)
    current = replace(problems, penalties=np.minimum(problems.penalties, easy))
    state, made = state_at(current, weights, design.dtype), np.zeros(len(problems), dtype=np.int64)
    while (hard := np.flatnonzero(current.penalties < problems.penalties)).size and made.max() < limits.max_iter:
        everyone = np.arange(len(hard))
        some = state.take(design.array(hard), hard)
        made[hard] += descend(
            current.take(hard),
            some,
            Newton(preconditioner, levels[hard], LOOSE_GAP),
            None,
            tol=LOOSE_GAP,
            max_iter=min(LBFGS_ITERATIONS, limits.max_iter - int(made.max())),
            on_iteration=limits.on_iteration,
        )
        state.put(design.array(hard), hard, some, design.array(everyone), everyone)
        raised = np.minimum(problems.penalties, PENALTY_GROWTH * current.penalties)
        state.change_penalties(current, raised / current.penalties)
        current = replace(problems, penalties=raised)
    if (current.penalties < problems.penalties).any():
        state.change_penalties(current, problems.penalties / current.penalties)
    return state, made


def _solve_in_span(problems: Problems, factors: np.ndarray, limits: _Limits, gram: np.ndarray | None) -> _Outcome:
    """Solve problems with fewer rows than features in the span of the rows, then judge them on the features.

    Where rounding in the Gram matrix left a gap (columns of very different size), float64 features close it.
    """
    design = problems.design
    if not design.in_memory:
        design = Design(design.features[0 : design.rows], scaling=design.scaling)
    span = RowSpan.of(_design_gram(design, gram, with_intercept=not problems.free_intercept))
    reduced = Design(span.coordinates, intercept=problems.free_intercept)
    reduced.mean_square = float(np.einsum("nr,nr->", span.coordinates, span.coordinates)) / reduced.rows
    inner = _on(problems, reduced)
    levels, numbers = levels_of(factors)
    preconditioner = Factored(reduced.moments())
    heavy = HeavyDirections(reduced, preconditioner, free_intercept=problems.free_intercept)
    preconditioner.prepare(levels)
    found = _Outcome.of(len(inner), inner.outputs, reduced.width)
    half = replace(limits, tol=FIRST_TOLERANCE * limits.tol)
    _solve_group(inner, preconditioner, heavy, np.array(levels)[numbers], half, found, np.arange(len(inner)))
    flat = found.weights.reshape((-1, reduced.width))
    weights = _host64(design.backward(design.array(span.dual(flat[:, : span.coordinates.shape[1]])), design.xp.float64))
    if problems.free_intercept:
        weights[:, -1] = flat[:, -1]
    outcome = _Outcome.of(len(problems), problems.outputs, design.width)
    outcome.weights[:] = weights.reshape(outcome.weights.shape)
    return _judge_span(problems, design, outcome, found.iterations, limits, factors)


def _judge_span(
    problems: Problems, design: Design, outcome: _Outcome, made: np.ndarray, limits: _Limits, factors: np.ndarray
) -> _Outcome:
    precise = _on(problems, design)
    state = state_at(precise, outcome.weights, design.xp.float64)
    everyone = np.arange(len(problems))
    left = outcome.judge(everyone, state, made, np.full(len(problems), np.inf), limits)
    problems.design.passes += design.passes if design is not problems.design else 0
    if len(left):
        exact = Design(design.xp.astype(design.features, design.xp.float64), scaling=design.scaling)
        generator = numpy_generator(0, "sketch", exact.rows, exact.columns)
        sketch = Sketched(exact, min(REFINEMENT_RANK, exact.rows), generator)
        levels, numbers = levels_of(factors[left])
        heavy = HeavyDirections(exact, sketch, free_intercept=problems.free_intercept)
        _solve_group(_on(problems.take(left), exact), sketch, heavy, np.array(levels)[numbers], limits, outcome, left)
        problems.design.passes += exact.passes
    return outcome


def _on(problems: Problems, design: Design) -> Problems:
    """Put problems on another design of the same rows."""
    targets = problems.targets if problems.loss.coupled else design.array(_host64(problems.targets), design.dtype)
    return Problems(
        design,
        problems.loss,
        problems.outputs,
        design.array(_host(targets)),
        problems.classes,
        design.array(_host64(problems.row_weights), design.dtype),
        problems.folds,
        problems.penalties,
        problems.free_intercept,
    )


def _design_gram(design: Design, gram: np.ndarray | None, *, with_intercept: bool) -> np.ndarray:
    """Give ``X X'`` float64 (N, N) of a design in memory, whose features' own Gram matrix may be known."""
    gram = gram_matrix(_host(design.features)) if gram is None else gram.copy()
    if design.scaling is not None:
        centred = (_host(design.features) - design.scaling.mean) / design.scaling.deviation
        gram = gram_matrix(centred)
    check_finite(gram)
    if with_intercept:
        gram += 1.0
    return gram


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
    if targets.shape[0] != design.rows:
        raise UserError(f"there are {targets.shape[0]} rows of targets for {design.rows} rows of features")
    if row_weights is None:
        weights = np.ones((1, design.rows))
    else:
        weights = np.asarray(row_weights, dtype=np.float64)
        if weights.ndim != 2 or weights.shape[1] != design.rows or not (weights >= 0.0).all():
            raise UserError(f"row weights have shape {weights.shape}; expected (F, {design.rows}), none below 0")
    classes = 1 if loss.coupled else targets.shape[1]
    folds, steps, numbers = (
        axis.ravel()
        for axis in np.meshgrid(np.arange(len(weights)), np.arange(len(penalties)), np.arange(classes), indexing="ij")
    )
    return Problems(
        design,
        loss,
        int(targets.max()) + 1 if loss.coupled else 1,
        design.array(targets[np.newaxis].astype(np.int64)) if loss.coupled else design.array(targets.T, design.dtype),
        numbers,
        design.array(weights, design.dtype),
        folds,
        penalties[steps],
        free_intercept,
    )


def _factors(problems: Problems) -> np.ndarray:
    """Give ``f`` of each problem: the curvature is near ``1 + f X'X``."""
    totals = _host64(problems.row_weights).sum(axis=1) / problems.design.rows
    return 2.0 * problems.penalties * problems.loss.share * np.maximum(totals[problems.folds], 1e-12)


def _solution(
    outcome: _Outcome, problems: Problems, plan: Plan, design: Design, with_folds: bool, penalties: int
) -> Solution:
    folds = problems.row_weights.shape[0]
    shape: tuple[int, ...] = (folds, penalties, -1) if with_folds else (penalties, -1)
    weights = outcome.weights.reshape(*shape[:-1], -1, design.width)
    coefficients, intercepts = weights[..., :-1], weights[..., -1]
    if design.scaling is not None:
        coefficients = coefficients / design.scaling.deviation
        intercepts = intercepts - coefficients @ design.scaling.mean
    return Solution(
        coefficients=coefficients,
        intercepts=intercepts,
        objective=outcome.values.reshape(shape),
        gradient_norm=outcome.norms.reshape(shape),
        gap=outcome.gaps.reshape(shape),
        iterations=outcome.iterations.reshape(shape),
        status=outcome.status.reshape(shape),
        passes=design.passes,
        plan=plan,
    )


def as_design(features: Any) -> Design:
    """Wrap features; tensors on the CPU become numpy arrays, which are faster there, and odd layouts whole rows."""
    kind = str(features.dtype).removeprefix("torch.")
    if len(features.shape) != 2 or 0 in features.shape or kind not in DTYPES:
        raise UserError(
            f"features are {features.dtype} {tuple(features.shape)}; expected float16, float32 or float64 (N, D), not "
            "empty"
        )
    if is_torch_array(features) and features.device.type == "cpu":
        features = features.detach().numpy()
    if isinstance(features, np.ndarray) and features.itemsize not in features.strides:
        features = np.ascontiguousarray(features)
    return Design(features)


def _itemsize(features: Any) -> int:
    return 2 if "16" in str(features.dtype) else 8 if "64" in str(features.dtype) else 4


def _host(array: Array) -> np.ndarray:
    return array if isinstance(array, np.ndarray) else array.cpu().numpy()


def _host64(array: Array) -> np.ndarray:
    return _host(array).astype(np.float64, copy=False)


def _check_settings(penalties: np.ndarray, tol: float, max_iter: int) -> None:
    for penalty in penalties:
        if not 0.0 < penalty < np.inf:
            raise UserError(f"C is {penalty:g}; expected a positive, finite number, such as 0.001", option="C")
    if not 0.0 < tol < 1.0:
        raise UserError(f"tol is {tol:g}; expected a relative gap between 0 and 1, such as 1e-6", option="tol")
    if max_iter < 1:
        raise UserError(f"max_iter is {max_iter}; expected at least 1", option="max-iter")


def _check_magnitude(design: Design) -> None:
    """Refuse features that are not finite, or whose sum of squares could overflow."""
    largest = design.check()
    dtype = np.float64 if "64" in str(design.dtype) else np.float32
    limit = float(np.sqrt(np.finfo(dtype).max / (design.rows * design.columns)))
    if not largest <= limit:
        raise UserError(
            f"the largest feature is {largest:g}; expected at most {limit:.1e}, so that sums of squares over "
            f"({design.rows}, {design.columns}) {np.dtype(dtype).name} features hold; scale the features"
        )
