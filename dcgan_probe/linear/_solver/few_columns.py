"""Newton's method for features of few columns, with a separate Hessian for every problem.

For the one-vs-rest losses the Hessian of problem ``j`` is::

    H_j = 1 + C sum_i c_ij x_i x_i'

At first all rows have the curvature ``c`` of a score of zero, and one product ``X'X`` serves every problem. Afterwards
only rows whose curvature changed are multiplied. For the squared hinge these rows became active or inactive; they are
few after the first steps (Keerthi and DeCoste, "A modified finite Newton method for fast solution of large scale linear
SVMs", 2005). For the softmax, conjugate gradients (Lin, Weng and Keerthi, "Trust region Newton method for large-scale
logistic regression", 2008) use the Hessian of a sample of rows, with more rows if a step makes little progress (Xu et
al., "Sub-sampled Newton methods with non-uniform sampling", 2016). Value and gradient always use all rows.

Problems of many rows are first solved to a loose tolerance on a part of the rows.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ...runtime import numpy_generator
from .arrays import host64
from .curvature import ActiveSums, SampledRows, factor, shrinks_of, solve_with
from .descent import descend
from .design import Design
from .memory_plan import HELD_NUMBERS, MOST_HELD
from .objective import Problems
from .solution import STALLED, Limits, ProblemResults
from .state import State, state_at

FIRST_TOLERANCE = 0.8
"""Share of the tolerance used in the design's dtype, before the gap is verified in float64."""
PART, LEAST_PART, MOST_PART, PART_TOLERANCE = 12, 1024, 4, 1e-1
"""The first solution uses one row in ``PART``, or enough rows for the number of weights, if these are at most one row
in ``MOST_PART``."""
ROWS_PER_WEIGHT = {True: 16, False: 32}
"""Least rows per weight of a part, by ``Loss.coupled``: nearly separable parts are slow to solve, and their solution is
far from that of all rows."""
SAMPLE, SAMPLE_SHARE = 2048, 24
"""Rows of the first Hessian of a softmax: one in ``SAMPLE_SHARE``, and at least ``SAMPLE``."""
MORE, SLOW, NEAR = 4, 0.1, 0.1
"""At gaps below ``NEAR``, a step that leaves more than the share ``SLOW`` of the gap raises the rows ``MORE``-fold."""
LOOSE_GAP, PENALTY_GROWTH, APPROACH_LIMIT = 3.0, 2.0, 60
"""A path multiplies ``C`` by ``PENALTY_GROWTH`` at a gap of at most ``LOOSE_GAP``, and jumps to the final ``C`` after
``APPROACH_LIMIT`` iterations."""
SHORT_PATIENCE, PATIENCE = 3, 10
"""Iterations without progress in the first and in later rounds: rounding of scores soon hides small steps."""
FORCING, ENOUGH = 0.1, 0.3
"""Conjugate gradients stop at these shares of the gradient, and of the gradient at the tolerance."""


class NarrowNewton:
    """Newton's method with a separate Hessian for every problem."""

    progress = 0.9
    tolerance = 0.3

    def __init__(self, active: ActiveSums | None, which: np.ndarray, tol: float, patience: int):
        """Prepare for a tolerance, and for problems with numbers ``which`` (J,) in the sums of active rows."""
        self.patience = patience
        self._active, self._which, self._tol = active, which, tol
        self._samples = np.full(len(which), SAMPLE)
        self._gaps = np.full(len(which), np.inf)

    def directions(self, problems: Problems, state: State) -> np.ndarray:
        """Solve Newton's equations of every problem."""
        found = self._of_active(problems, state) if self._active else self._of_samples(problems, state)
        return found.astype(problems.design.dtype, copy=False)

    def _of_active(self, problems: Problems, state: State) -> np.ndarray:
        assert self._active is not None
        shrinks, sums = shrinks_of(problems), self._active.follow(problems, self._which, state.residuals)
        factors = [factor(total, penalty, shrinks) for total, penalty in zip(sums, problems.penalties, strict=True)]
        return np.stack([-solve_with(*each) for each in zip(factors, state.gradients, strict=True)])

    def _of_samples(self, problems: Problems, state: State) -> np.ndarray:
        gaps, most = state.gaps, max(SAMPLE, HELD_NUMBERS // problems.design.width)
        self._samples = np.maximum(self._samples, problems.design.rows // SAMPLE_SHARE)
        self._samples[(gaps > SLOW * self._gaps) & (gaps < NEAR)] *= MORE
        self._samples, self._gaps = np.minimum(self._samples, most), gaps
        allowed = np.sqrt(2.0 * self._tol * state.values)
        limits = np.maximum(FORCING * np.sqrt(state.squared_norms), ENOUGH * allowed)
        found = np.empty_like(state.gradients)
        for j, count in enumerate(self._samples):
            sample = SampledRows(problems.take(np.array([j])), state.scores[j], state.residuals[j], int(count))
            found[j] = sample.solve(state.gradients[j], limits[j])
        return found

    def update(self, moved: np.ndarray, changes: np.ndarray) -> None:
        """Do nothing: Newton's method keeps no history."""

    def keep(self, kept: np.ndarray) -> None:
        """Keep only the problems of an index."""
        self._which, self._samples, self._gaps = self._which[kept], self._samples[kept], self._gaps[kept]


def solve_narrow(problems: Problems, together: int, limits: Limits, start: np.ndarray | None) -> ProblemResults:
    """Solve problems of a design on the CPU from small ``C`` to large, with ``together`` classes and folds at once."""
    design = problems.design
    results = ProblemResults.of(len(problems), problems.outputs, design.width)
    if start is not None:
        results.weights[:] = start.reshape(-1, problems.outputs, design.width)[problems.classes]
    quick = _quick(problems)
    for path in _paths(problems, together):
        before = active = None
        for group in path:
            if before is not None:
                results.weights[group] = results.weights[before]
            elif start is None:
                results.weights[group] = _first_weights(quick.take(group), limits)
            active = _solve_group(problems.take(group), quick.take(group), limits, results, group, active)
            if design.dtype != np.float64:
                _finish(problems, limits, results, group[results.status[group] == STALLED])
            before = group
    if quick is not problems:
        design.passes += quick.design.passes
    return results


def _finish(problems: Problems, limits: Limits, results: ProblemResults, group: np.ndarray) -> None:
    """Continue with products in float64, from the weights of a group of problems."""
    if not len(group):
        return
    design = problems.design
    exact = Design(design.features, intercept=design.intercept, scaling=design.scaling, dtype=np.float64)
    precise = problems.take(group).on(exact)
    _solve_group(precise, _quick(precise), limits, results, group, None)
    design.passes += exact.passes


def _quick(problems: Problems) -> Problems:
    """Return the problems with a converted and standardized copy of the rows, if it is small enough to keep."""
    design = problems.design
    ready = design.in_memory and design.features.dtype == design.dtype and design.scaling is None
    if ready or design.rows * design.columns > MOST_HELD:
        return problems
    features = np.empty((design.rows, design.columns), design.dtype)
    for rows, block in design.blocks():
        features[rows] = block
    return problems.on(Design(features, intercept=design.intercept))


def _solve_group(
    problems: Problems,
    quick: Problems,
    limits: Limits,
    results: ProblemResults,
    group: np.ndarray,
    active: ActiveSums | None,
    *,
    verified: bool = True,
) -> ActiveSums | None:
    """Iterate in the design's dtype and verify in float64, in turn, until every gap is below the tolerance.

    Iterations use the design ``quick`` and the sums of active rows of the previous ``C``, and return the final sums.
    """
    weights, tol, before = results.weights[group], FIRST_TOLERANCE * limits.tol, np.full(len(group), np.inf)
    state, started = state_at(quick, weights, quick.design.dtype, settled=False), bool(weights.any())
    if active is None and not problems.loss.coupled:
        active = ActiveSums(quick, not started)
    which = np.arange(len(group))
    method = NarrowNewton(active, which, tol, SHORT_PATIENCE)
    first = 0 if started or problems.loss.coupled else _approach(quick, state, method, limits)
    while True:
        made = descend(
            quick,
            state,
            method,
            None,
            tol=tol,
            max_iter=limits.max_iter - first,
            on_iteration=limits.on_iteration,
        )
        weights = host64(state.weights)
        if not verified:
            results.weights[group] = weights
            return active
        state = state_at(problems, weights, np.float64)
        left = results.record(group, state, made + first, before, limits)
        if not len(left):
            return active
        problems, quick, group, which = problems.take(left), quick.take(left), group[left], which[left]
        before, first = state.gaps[left], 0
        state = state.take(left, left)
        method = NarrowNewton(active, which, tol, PATIENCE)


def _approach(problems: Problems, state: State, method: NarrowNewton, limits: Limits) -> int:
    """Move a state from zero to near the solution along a path of ``C``; return the number of iterations.

    Without the path, Newton's method passes through many sets of active rows if these are few and ``C`` is large.
    """
    penalties = problems.penalties * np.minimum(1.0, LOOSE_GAP / np.maximum(state.gaps, 1e-300))
    state.change_penalties(problems, penalties / problems.penalties)
    most = min(limits.max_iter - 1, APPROACH_LIMIT)
    for made in range(most):
        while (low := (state.gaps <= LOOSE_GAP) & (penalties < problems.penalties)).any():
            raised = np.where(low, np.minimum(problems.penalties, PENALTY_GROWTH * penalties), penalties)
            state.change_penalties(problems, raised / penalties)
            penalties = raised
        if (penalties == problems.penalties).all():
            return made
        current = replace(problems, penalties=penalties)
        state.move(current, method.directions(current, state), None, method.tolerance)
        limits.on_iteration(len(problems), float(state.gaps.max()))
    state.change_penalties(problems, problems.penalties / penalties)
    return most


def _first_weights(problems: Problems, limits: Limits) -> np.ndarray:
    """Return weights (J, Q, width) that solve problems on a part of the rows, or zeros if the rows are few."""
    design = problems.design
    count = max(design.rows // PART, LEAST_PART, ROWS_PER_WEIGHT[problems.loss.coupled] * design.width)
    if MOST_PART * count > design.rows or not design.in_memory:
        return np.zeros((len(problems), problems.outputs, design.width))
    generator = numpy_generator(0, "rows", design.rows)
    chosen = np.sort(generator.choice(design.rows, count, replace=False))
    part = Design(design.features[chosen], intercept=design.intercept, scaling=design.scaling, dtype=design.dtype)
    some = replace(
        problems,
        design=part,
        targets=problems.targets[:, chosen],
        row_weights=problems.row_weights[:, chosen],
        penalties=problems.penalties * (design.rows / count),
    )
    loose = replace(limits, tol=max(limits.tol, PART_TOLERANCE))
    results = ProblemResults.of(len(some), some.outputs, part.width)
    _solve_group(some, _quick(some), loose, results, np.arange(len(some)), None, verified=False)
    return results.weights


def _paths(problems: Problems, together: int) -> Iterator[list[np.ndarray]]:
    """Yield groups of at most ``together`` problems of one ``C`` each, for the same classes and folds, by rising C."""
    order = np.lexsort((problems.classes, problems.folds, problems.penalties))
    by_penalty = order.reshape(len(np.unique(problems.penalties)), -1)
    for first in range(0, by_penalty.shape[1], together):
        yield list(by_penalty[:, first : first + together])
