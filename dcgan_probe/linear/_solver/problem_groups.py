"""Solution of problems by descent, in groups that fit the memory.

Each group descends in the design's dtype and is verified in float64: a reported gap is always that of the float64
weights on the original features. Problems above the tolerance continue from the float64 state, with products of ever
smaller changes.

The shared preconditioner has the curvature of all rows. If few rows dominate (a weight of 1e6, a feature of 1e10 among
ones), the curvature of a problem is very different, and conjugate gradients do not converge. Such problems are solved
one by one, each with a preconditioner of its rows, weighted by their curvature at the current weights.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...runtime import numpy_generator
from .arrays import host64
from .descent import Method, descend
from .design import Design
from .dominant_subspace import DominantSubspace
from .lbfgs import LBFGS
from .memory_plan import Plan
from .newton import Newton, ReweightedNewton
from .objective import Problems
from .preconditioners import Factored, Preconditioner, Rounded, Sketched, levels_of
from .solution import STALLED, Limits, ProblemResults
from .state import State, state_at

FIRST_TOLERANCE = 0.8
"""Share of the tolerance used in the design's dtype, before the gap is verified in float64."""
EASY_PENALTY = 1e3
"""Largest ``C``, times the mean squared length of a row, that is solved without a path of smaller ``C``."""
PENALTY_GROWTH = 10.0
"""Factor between successive values of ``C`` on a path."""
LOOSE_GAP = 0.1
"""Tolerance of the gap on a path, before its final ``C``."""
LBFGS_ITERATIONS = 80
ROUND_ITERATIONS = 40
COPIED_BYTES = 64 << 20
"""Largest float64 copy of the features for problems that are solved one by one."""
ROUNDING = 1e-12
"""Below this gap, a stalled problem is limited by rounding, and another preconditioner does not help."""


def solve_in_groups(
    problems: Problems, factors: np.ndarray, plan: Plan, limits: Limits, start: np.ndarray | None
) -> ProblemResults:
    """Solve groups of problems that fit the memory, in the order of ``C``."""
    design = problems.design
    values, numbers = levels_of(factors)
    levels = np.array(values)[numbers]
    preconditioner: Preconditioner
    if plan.route == "factored":
        preconditioner = Factored(design.moments(problems.shared_weights))
    else:
        generator = numpy_generator(0, "sketch", design.rows, design.columns)
        preconditioner = Sketched(design, plan.rank, generator, problems.shared_weights)
    subspace = DominantSubspace.of(design, preconditioner, free_intercept=problems.free_intercept)
    results = ProblemResults.of(len(problems), problems.outputs, design.width)
    if start is not None:
        results.weights[:] = start.reshape(-1, problems.outputs, design.width)[problems.classes]
    for group in _groups(problems, plan, levels):
        preconditioner.prepare(sorted(set(levels[group])))
        solve_group(problems.take(group), preconditioner, subspace, levels[group], limits, results, group)
    del preconditioner, subspace
    solve_alone(problems, plan.own_rank, limits, results)
    return results


def _groups(problems: Problems, plan: Plan, levels: np.ndarray) -> list[np.ndarray]:
    """Divide the problems, in the order of ``C``, into groups within the plan's numbers of problems and levels."""
    order = np.lexsort((problems.classes, problems.folds, problems.penalties, levels))
    groups: list[list[int]] = [[]]
    for j in order:
        if len(groups[-1]) == plan.together or len({*levels[groups[-1]], levels[j]}) > plan.levels:
            groups.append([])
        groups[-1].append(int(j))
    return [np.array(group) for group in groups]


def solve_group(
    problems: Problems,
    preconditioner: Preconditioner,
    subspace: DominantSubspace,
    levels: np.ndarray,
    limits: Limits,
    results: ProblemResults,
    group: np.ndarray,
) -> None:
    """Run L-BFGS in the design's dtype, then ``_finish``; finish problems that stall in float32 with float64 products.

    Problems for which the shared preconditioner is unsuitable keep the status "stalled".
    """
    state, made, fit = _approach(
        problems, lambda hard, tol: Newton(preconditioner, levels[hard], tol), results.weights[group], limits
    )
    easy = np.flatnonzero(made == 0)
    if len(easy):
        some = state.take(problems.design.array(easy), easy) if len(easy) < len(group) else state
        made[easy] = descend(
            problems.take(easy),
            some,
            LBFGS(preconditioner, levels[easy]),
            subspace,
            tol=FIRST_TOLERANCE * limits.tol,
            max_iter=min(limits.max_iter, LBFGS_ITERATIONS),
            on_iteration=limits.on_iteration,
        )
        if some is not state:
            positions = np.arange(len(easy))
            state.put(problems.design.array(easy), easy, some, problems.design.array(positions), positions)
        del some
    weights = host64(state.weights)
    del state  # frees memory for the next state
    fit |= bool(len(easy))
    unfit = _finish(problems, preconditioner, subspace, levels, weights, made, limits, results, group, fit=fit)
    stalled, design = np.setdiff1d(np.flatnonzero(results.status[group] == STALLED), unfit), problems.design
    if design.dtype == design.xp.float32 and len(stalled):
        exact = Design(design.features, intercept=design.intercept, scaling=design.scaling, dtype=design.xp.float64)
        left, weights = problems.take(stalled).on(exact), results.weights[group[stalled]]
        none = np.zeros(len(stalled), dtype=np.int64)
        inner = Rounded(preconditioner)
        _finish(left, inner, subspace.on(exact), levels[stalled], weights, none, limits, results, group[stalled])
        design.passes += exact.passes


def _finish(
    problems: Problems,
    preconditioner: Preconditioner,
    subspace: DominantSubspace,
    levels: np.ndarray,
    weights: np.ndarray,
    made: np.ndarray,
    limits: Limits,
    results: ProblemResults,
    group: np.ndarray,
    *,
    fit: bool = True,
) -> np.ndarray:
    """Verify weights in float64, and alternate between Newton's method and L-BFGS on the unfinished problems.

    If the preconditioner is unsuitable for the problems (``fit`` is False), they are only verified.

    Returns
    -------
    Positions in the group of the problems whose conjugate gradients do not converge.
    """
    tol, before, newton = FIRST_TOLERANCE * limits.tol, np.full(len(group), np.inf), False
    positions = np.arange(len(group))
    while True:
        state = state_at(problems, weights, problems.design.xp.float64)
        left = results.record(group, state, made, before, limits)
        positions = positions[left]
        if not fit:
            results.status[group[left]] = STALLED
        if not (fit and len(left)):
            return positions
        problems, levels, group, before = problems.take(left), levels[left], group[left], state.gaps[left]
        state = state.take(problems.design.array(left), left)
        most = min(ROUND_ITERATIONS, int(limits.max_iter - results.iterations[group].max()))
        # The methods alternate, since a problem on which one of them cycles is often solved by the other.
        newton = not newton
        method = Newton(preconditioner, levels, tol) if newton else LBFGS(preconditioner, levels)
        made = descend(
            problems,
            state,
            method,
            None if newton else subspace,
            tol=tol,
            max_iter=most,
            on_iteration=limits.on_iteration,
        )
        fit = bool(method.patience)
        weights = host64(state.weights)
        del state


def solve_alone(problems: Problems, rank: int, limits: Limits, results: ProblemResults) -> None:
    """Solve the stalled problems in float64, one by one, each with a preconditioner reweighted for it."""
    design, tol = problems.design, FIRST_TOLERANCE * limits.tol
    stalled = np.flatnonzero((results.status == STALLED) & (results.gaps > ROUNDING))
    if not len(stalled):
        return
    exact = Design(design.features, intercept=design.intercept, scaling=design.scaling, dtype=design.xp.float64)
    exact.mean_square = design.mean_square
    if 8 * exact.rows * exact.columns <= COPIED_BYTES:
        exact = exact.converted()
    for j in stalled:
        group, one, before = np.array([j]), problems.take(np.array([j])).on(exact), np.full(1, np.inf)
        left = replace(limits, max_iter=int(limits.max_iter - results.iterations[j]))
        state, made, _ = _approach(one, lambda _, tol: ReweightedNewton(rank, tol), results.weights[group], left)
        while True:
            results.weights[group] = host64(state.weights)
            state = state_at(one, results.weights[group], design.xp.float64)
            if not len(results.record(group, state, made, before, limits)):
                break
            before, most = state.gaps, min(ROUND_ITERATIONS, int(limits.max_iter - results.iterations[j]))
            newton = ReweightedNewton(rank, tol)
            made = descend(one, state, newton, None, tol=tol, max_iter=most, on_iteration=limits.on_iteration)
    design.passes += exact.passes


def _approach(
    problems: Problems, newton: Callable[[np.ndarray, float], Method], weights: np.ndarray, limits: Limits
) -> tuple[State, np.ndarray, bool]:
    """Evaluate the initial weights, and approach a large ``C`` along a path of smaller ones, each ten times the last.

    Without the path, such problems pass through many sets of active rows with little progress. The path ends early if
    Newton's method makes no progress.

    Returns
    -------
    The state, the number of iterations of each problem int64 (J,), and False if the path ended early.
    """
    design = problems.design
    heaviest = host64(problems.row_weights).max(axis=1)[problems.folds]
    easy = EASY_PENALTY / np.maximum(design.mean_square * heaviest, 1e-300)
    current = replace(problems, penalties=np.minimum(problems.penalties, easy))
    state, made, fit = state_at(current, weights, design.dtype), np.zeros(len(problems), dtype=np.int64), True
    while (hard := np.flatnonzero(current.penalties < problems.penalties)).size and made.max() < limits.max_iter:
        positions = np.arange(len(hard))
        some = state.take(design.array(hard), hard)
        method = newton(hard, LOOSE_GAP)
        made[hard] += descend(
            current.take(hard),
            some,
            method,
            None,
            tol=LOOSE_GAP,
            max_iter=min(LBFGS_ITERATIONS, limits.max_iter - int(made.max())),
            on_iteration=limits.on_iteration,
        )
        state.put(design.array(hard), hard, some, design.array(positions), positions)
        raised = np.minimum(problems.penalties, PENALTY_GROWTH * current.penalties)
        state.change_penalties(current, raised / current.penalties)
        current = replace(problems, penalties=raised)
        fit = bool(method.patience)
        if not fit:
            break
    if (current.penalties < problems.penalties).any():
        state.change_penalties(current, problems.penalties / current.penalties)
    return state, made, fit
