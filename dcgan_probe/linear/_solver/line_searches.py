"""Line searches of many problems at once, and shifts to the optimum of free intercepts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .arrays import host64
from .losses import Array, dots
from .objective import Chunk, Problems, sums_of, totals_of

LINE_SEARCH_TOLERANCE = 1e-2
LINE_SEARCH_LIMIT = 120
LONGEST_STEP, LONGEST_GROWTH, RESOLVED = 1024.0, 4.0, 1e-15
"""Bounds for directions that are flat except for rounding: the longest step, its largest growth, and the least relative
size of a bracket. The last is small, since one feature of 1e11 among ones needs a step exact to its last digits."""
SETTLE_LIMIT, SETTLED, SLOW_SETTLING, SETTLING_TOLERANCE, REGULAR = 50, 1e-11, 0.1, 0.5, 1e-14
"""Shifts of free intercepts: most shifts, the relative gradient at which they end, the remaining share of the gradient
above which second derivatives are recomputed, the tolerance of the line search, and a relative ridge."""


@dataclass(frozen=True)
class Search:
    """Result of a line search for J problems."""

    steps: np.ndarray
    """Steps, float64 (J,), at least 0."""
    sums: np.ndarray
    """Summed losses at the step, float64 (J,), without ``C``."""
    residuals: Array
    """Weighted residuals at the step, (J, Q, N)."""


def search(
    problems: Problems,
    scores: Array,
    weights: Array,
    directions: Array,
    slopes: Array,
    start: np.ndarray,
    tolerance: float = LINE_SEARCH_TOLERANCE,
) -> Search:
    """Minimize ``P(w + step d)`` of every problem along its direction ``d``, and update its scores in place.

    The function of the step is convex, so its derivative ``w d + step |d|^2 + C sum_i r_i l'`` never decreases, and
    secant steps inside a bracket find its root. The step is 0 if ``d`` is not a descent direction.

    Parameters
    ----------
    scores, slopes
        Products of the rows with weights and with directions, (J, Q, N).
    weights, directions
        (J, Q, width).
    start
        Derivatives at 0, (J,): inner products of gradients and directions.
    tolerance
        Largest absolute derivative at the result, relative to that at 0.
    """
    shrunk = problems.shrunk(directions)
    product, square = sums_of(problems.shrunk(weights) * shrunk), sums_of(shrunk * shrunk)
    residuals, sums = problems.design.xp.empty_like(scores), np.zeros(len(problems))

    def derivative(step: np.ndarray) -> np.ndarray:
        factors = problems.per_problem(step, slopes)

        def work(chunk: Chunk) -> np.ndarray:
            rates = chunk.of(slopes)
            with np.errstate(over="ignore"):  # features may change during the fit: the caller checks the sums
                at = factors[chunk.problems] * rates
                at += chunk.of(scores)
                losses, found = problems.loss.evaluate(at, chunk.targets)
                found = chunk.of(residuals)[...] = chunk.weighed(found)
                return np.stack([sums_of(chunk.weighed(losses)), dots(found, rates)], axis=1)

        totals = totals_of(problems, work)
        sums[:] = totals[:, 0]
        return np.asarray(product + step * square - problems.penalties * totals[:, 1])

    steps = _root(derivative, start, tolerance)
    scores += problems.per_problem(steps, scores) * slopes
    return Search(steps, sums, residuals)


def _root(derivative: Callable[[np.ndarray], np.ndarray], start: np.ndarray, tolerance: float) -> np.ndarray:
    """Find the roots of increasing derivatives, ``start`` at 0, as functions of a step; 0 if ``start`` is positive.

    The method is the secant method, inside a bracket once one is found, where the value at a retained end is halved
    (Dowell and Jarratt, "A modified regula falsi method for computing the root of an equation", 1971). The last call of
    ``derivative`` is at the returned steps.
    """
    low, below = np.zeros(len(start)), start
    high, above = np.full(len(start), np.inf), np.zeros(len(start))
    step, side = (start < 0.0).astype(np.float64), np.zeros(len(start))
    for _ in range(LINE_SEARCH_LIMIT):
        found = derivative(step)
        left = (np.abs(found) > -tolerance * start) & (step > 0.0) & (step < LONGEST_STEP)
        left &= np.isinf(high) | (low < (1.0 - RESOLVED) * high)
        if not left.any():
            return step
        beyond = found > 0.0
        with np.errstate(all="ignore"):
            ahead = step - found * (step - low) / (found - below)
            below = np.where(beyond, np.where(side > 0.0, 0.5 * below, below), found)
            above = np.where(beyond, found, np.where(side < 0.0, 0.5 * above, above))
            low, high, side = np.where(beyond, low, step), np.where(beyond, step, high), np.where(beyond, 1.0, -1.0)
            inside = low - below * (high - low) / (above - below)
        inside = np.where((inside > low) & (inside < high), inside, 0.5 * (low + high))
        ahead = np.where(ahead > step, np.minimum(ahead, LONGEST_GROWTH * step), LONGEST_GROWTH * step)
        step = np.where(left, np.where(high < np.inf, inside, np.minimum(ahead, LONGEST_STEP)), step)
    derivative(step)
    return step


def settle_intercepts(problems: Problems, scores: Array, weights: Array) -> tuple[np.ndarray, Array]:
    """Shift free intercepts, and scores (J, Q, N), in place, to the point where the gradient by intercepts vanishes.

    Returns
    -------
    Losses and residuals at that point, as from ``evaluate``.
    """
    design, xp, last = problems.design, problems.design.xp, np.inf
    sums, residuals, hessians = _shift_curvatures(problems, scores)
    for _ in range(SETTLE_LIMIT):
        pull = host64(xp.sum(residuals, axis=2, dtype=xp.float64))
        size = host64(xp.sum(xp.abs(residuals), axis=2, dtype=xp.float64))
        beyond = np.abs(pull) > max(4.0 * float(xp.finfo(scores.dtype).eps), SETTLED) * size
        worst = float(np.abs(pull).max())
        if not beyond.any() or worst > 0.95 * last:
            break
        if np.isfinite(last) and worst > SLOW_SETTLING * last:
            _, _, hessians = _shift_curvatures(problems, scores)
        last, moves = worst, np.linalg.solve(hessians, pull[..., None])[..., 0]
        directions = xp.zeros_like(weights)
        directions[:, :, -1] = design.array(moves)
        slopes = xp.zeros_like(scores) + design.array(moves, scores.dtype)[:, :, None]
        start = -problems.penalties * (moves * pull).sum(axis=1)
        found = search(problems, scores, weights, directions, slopes, start, SETTLING_TOLERANCE)
        weights += problems.per_problem(found.steps, weights) * directions
        sums, residuals = found.sums, found.residuals
    if problems.loss.coupled:  # a shift of all outputs does not change the loss, but would accumulate
        shift = xp.mean(weights[:, :, -1:], axis=1, keepdims=True)
        weights[:, :, -1:] -= shift
        scores -= xp.astype(shift, scores.dtype)
    return sums, residuals


def _shift_curvatures(problems: Problems, scores: Array) -> tuple[np.ndarray, Array, np.ndarray]:
    """Return losses and residuals as ``evaluate`` does, and regular second derivatives by intercepts, (J, Q, Q)."""
    xp, residuals = problems.design.xp, problems.design.xp.empty_like(scores)

    def work(chunk: Chunk) -> np.ndarray:
        losses, found = problems.loss.evaluate(chunk.of(scores), chunk.targets)
        chunk.of(residuals)[...] = chunk.weighed(found)
        terms = problems.loss.hessian_terms(found, chunk.targets)
        weighed = chunk.weighed(terms)
        curvature = host64(xp.sum(weighed, axis=2))[:, :, None] * np.eye(problems.outputs)
        if problems.loss.coupled:
            curvature -= host64(weighed @ xp.matrix_transpose(terms))
        return np.concatenate([sums_of(chunk.weighed(losses))[:, None], curvature.reshape(len(curvature), -1)], axis=1)

    totals = totals_of(problems, work)
    hessians = totals[:, 1:].reshape(-1, problems.outputs, problems.outputs)
    traces = np.trace(hessians, axis1=1, axis2=2)[:, None, None] + 1.0
    if problems.loss.coupled:  # a shift of all outputs has no curvature: adding the mean makes the matrix regular
        hessians = hessians + traces / problems.outputs**2
    return totals[:, 0], residuals, hessians + REGULAR * traces * np.eye(problems.outputs)
