"""Takes problems, scores and directions, gives values, residuals and exact steps; knows no preconditioner, no stopping.

Problem ``j`` is one ``C`` for one class against the rest, or for all classes together (logistic), on rows with weights
``r_i`` (1, or 0 where a fold leaves a row out). Its weights ``w`` (Q, D + 1) end in the intercepts::

    s    = X w'                                             scores      (Q, N)
    P(w) = 1/2 |w|^2 + C sum_i r_i l(s_i)                   value
    g(w) = w - C sum_i r_i X_i residual(s_i)                gradient    (Q, D + 1)

``C`` multiplies a sum, not a mean, and the intercept is penalised like any weight, as in LIBLINEAR; a *free* intercept
is left out of ``|w|`` and of ``w`` in ``g``.

The duality gap: with dual variables ``a_i = C r_i residual(s_i)`` the Fenchel-Young inequality is an equality in every
row, so that ``P(w) - D(a) = 1/2 |w|^2 + 1/2 |X'a|^2 - w X'a = 1/2 |g|^2``, for every loss here. ``P`` is at most that
far above its least value. (A free intercept asks for ``sum a = 0``, which ``settle_intercepts`` brings about.)
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .design import Design, host, host64
from .losses import Array, Loss

CHUNK_NUMBERS = 1 << 19
LINE_SEARCH_TOLERANCE = 1e-2
LINE_SEARCH_LIMIT = 60
LONGEST_STEP = 1024.0
"""Along a direction that is flat but for rounding, a search would go on without end."""
SETTLE_LIMIT = 50
_THREADS = ThreadPoolExecutor(os.cpu_count())


def _renew_threads() -> None:
    """Replace the threads, which a forked process has lost."""
    global _THREADS
    _THREADS = ThreadPoolExecutor(os.cpu_count())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_threads)


@dataclass(frozen=True)
class Problems:
    """J problems over the rows of one design."""

    design: Design
    loss: Loss
    outputs: int
    """Q."""
    targets: Array
    """Signs (K, N) in the design's dtype, or class numbers (1, N)."""
    classes: np.ndarray
    """Row of ``targets`` of each problem, (J,)."""
    row_weights: Array
    """(F, N) in the design's dtype, at least 0."""
    folds: np.ndarray
    """Row of ``row_weights`` of each problem, (J,)."""
    penalties: np.ndarray
    """float64 (J,)."""
    free_intercept: bool = False

    def __len__(self) -> int:
        return len(self.penalties)

    def take(self, chosen: np.ndarray) -> "Problems":
        """Keep the problems of an index (J',)."""
        return replace(self, classes=self.classes[chosen], folds=self.folds[chosen], penalties=self.penalties[chosen])

    def on(self, design: Design) -> "Problems":
        """Put the problems on another design of the same rows."""
        targets = host(self.targets) if self.loss.coupled else host64(self.targets)
        return replace(
            self,
            design=design,
            targets=design.array(targets, None if self.loss.coupled else design.dtype),
            row_weights=design.array(host64(self.row_weights), design.dtype),
        )

    @property
    def shared_weights(self) -> Array | None:
        """Row weights (N,) of a mean of 1 for the curvature that problems share; None where sets only leave rows out.

        A preconditioner of equal rows has nothing of the directions of heavy rows, and L-BFGS hardly moves in them.
        """
        xp, weights = self.design.xp, self.row_weights
        if bool(xp.all((weights == 0.0) | (weights == xp.max(weights)))):
            return None
        mean = xp.mean(weights, axis=0)
        return mean / xp.mean(mean)

    def shrunk(self, weights: Array) -> Array:
        """Give the penalised part of weights (J, Q, width): free intercepts are zero in it."""
        if not self.free_intercept:
            return weights
        shrunk = self.design.xp.asarray(weights, copy=True)
        shrunk[:, :, -1] = 0.0
        return shrunk

    def in_chunks(self, work: Callable[[slice, Array, Array], None]) -> None:
        """Call work for problems few enough for the processor's cache, with their targets and row weights (j, N).

        On the CPU in threads: element-wise arithmetic uses one core alone otherwise.
        """

        def one(start: int) -> None:
            chunk = slice(start, min(start + size, len(self)))
            take = [self.design.array(numbers[chunk]) for numbers in (self.classes, self.folds)]
            work(chunk, self.targets[take[0]], self.row_weights[take[1]])

        size = max(1, CHUNK_NUMBERS // (self.outputs * self.design.rows))
        starts = range(0, len(self), size)
        if len(starts) == 1 or not isinstance(self.targets, np.ndarray):
            for start in starts:
                one(start)
        else:
            list(_THREADS.map(one, starts))

    def per_problem(self, numbers: np.ndarray, like: Array) -> Array:
        """Bring numbers (J,) to the shape (J, 1, 1) and the dtype of an array of problems."""
        return self.design.array(numbers, like.dtype)[:, None, None]


def evaluate(problems: Problems, scores: Array) -> tuple[np.ndarray, Array]:
    """Give the summed losses float64 (J,), without ``C``, and the weighted residuals (J, Q, N) at scores (J, Q, N)."""
    xp = problems.design.xp
    sums = np.empty(len(problems))
    residuals = xp.empty_like(scores)

    def work(chunk: slice, targets: Array, row_weights: Array) -> None:
        losses, found = problems.loss.evaluate(scores[chunk], targets)
        sums[chunk] = _sums(losses * row_weights, xp)
        residuals[chunk] = found * row_weights[:, None, :]

    problems.in_chunks(work)
    return sums, residuals


def bend(problems: Problems, scores: Array, slopes: Array) -> Array:
    """Give the weighted losses' second derivatives times slopes, (J, Q, N), without ``C``."""
    result = problems.design.xp.empty_like(slopes)

    def work(chunk: slice, targets: Array, row_weights: Array) -> None:
        at = problems.design.xp.astype(scores[chunk], slopes.dtype, copy=False)
        result[chunk] = problems.loss.bend(at, targets, slopes[chunk]) * row_weights[:, None, :]

    problems.in_chunks(work)
    return result


def curvatures(problems: Problems, scores: Array, dtype: Any) -> Array:
    """Give the weighted losses' second derivatives by each score alone, (J, Q, N) in a dtype, without ``C``."""
    xp = problems.design.xp
    result = xp.empty_like(scores, dtype=dtype)

    def work(chunk: slice, targets: Array, row_weights: Array) -> None:
        at = xp.astype(scores[chunk], dtype, copy=False)
        result[chunk] = problems.loss.curvature(at, targets) * row_weights[:, None, :]

    problems.in_chunks(work)
    return result


def exact_steps(
    problems: Problems, scores: Array, weights: Array, directions: Array, slopes: Array, start: np.ndarray
) -> np.ndarray:
    """Minimise every problem along its direction ``d``: the steps ``>= 0``, float64 (J,), least in ``P(w + step d)``.

    The restriction is convex, so its derivative ``w d + step |d|^2 + C sum_i r_i l'`` never falls, and Newton's method
    inside a bracket finds its root. The step is 0 where ``d`` is no descent.

    Parameters
    ----------
    scores, slopes
        Of weights and directions, (J, Q, N).
    weights, directions
        (J, Q, width).
    start
        The derivatives at 0, which are the gradients times the directions, (J,).
    """
    xp = problems.design.xp
    shrunk = problems.shrunk(directions)
    product = _sums(problems.shrunk(weights) * shrunk, xp)
    square = _sums(shrunk * shrunk, xp)
    steps = np.zeros(len(problems))

    def work(chunk: slice, targets: Array, row_weights: Array) -> None:
        penalties = problems.penalties[chunk]

        def derivatives(step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            at = scores[chunk] + problems.design.array(step, slopes.dtype)[:, None, None] * slopes[chunk]
            first, second = problems.loss.along(at, targets, slopes[chunk])
            return (
                product[chunk] + step * square[chunk] + penalties * _sums(first * row_weights, xp),
                square[chunk] + penalties * _sums(second * row_weights, xp),
            )

        steps[chunk] = _root(derivatives, start[chunk])

    problems.in_chunks(work)
    return steps


def _root(derivatives: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], start: np.ndarray) -> np.ndarray:
    """Find where rising first derivatives, ``start`` at 0, vanish as functions of a step; 0 where they start above."""
    low, high = np.zeros(len(start)), np.full(len(start), np.inf)
    descent = start < 0.0
    step = np.where(descent, 1.0, 0.0)
    for _ in range(LINE_SEARCH_LIMIT):
        first, curvature = derivatives(step)
        open_ = descent & (np.abs(first) > -LINE_SEARCH_TOLERANCE * start)
        if not open_.any():
            break
        low, high = np.where(first < 0.0, step, low), np.where(first < 0.0, high, step)
        newton = step - first / np.where(curvature > 0.0, curvature, 1.0)
        inside = (newton > low) & (newton < high)
        middle = np.where(np.isfinite(high), 0.5 * (low + high), 2.0 * step)
        step = np.where(open_, np.minimum(np.where(inside, newton, middle), LONGEST_STEP), step)
    return step


def settle_intercepts(problems: Problems, scores: Array, weights: Array) -> None:
    """Move free intercepts, and the scores (J, Q, N) with them, to where their own gradient vanishes."""
    design, last = problems.design, np.inf
    for _ in range(SETTLE_LIMIT):
        _, residuals = evaluate(problems, scores)
        pull = design.xp.sum(residuals, axis=2, dtype=design.xp.float64)
        size = design.xp.sum(design.xp.abs(residuals), axis=2, dtype=design.xp.float64)
        rounding = float(design.xp.finfo(scores.dtype).eps)
        beyond = design.xp.abs(pull) > 4.0 * rounding * size
        worst = float(design.xp.max(design.xp.abs(pull)))
        if not bool(design.xp.any(beyond)) or worst > 0.95 * last:
            break
        last = worst
        pull = design.xp.where(beyond, pull, 0.0)
        whole = pull
        bends = curvatures(problems, scores, scores.dtype)
        bend = design.xp.sum(bends, axis=2, dtype=design.xp.float64)
        pull = pull / design.xp.where(bend > 0.0, bend, 1.0)
        if problems.loss.coupled:
            pull = pull - design.xp.mean(pull, axis=1, keepdims=True)
        directions = design.xp.zeros_like(weights)
        directions[:, :, -1] = pull
        start = -problems.penalties * np.asarray(design.xp.sum(pull * whole, axis=1).tolist())
        slopes = design.xp.zeros_like(scores) + design.xp.astype(pull, scores.dtype)[:, :, None]
        steps = exact_steps(problems, scores, weights, directions, slopes, start)
        weights += problems.per_problem(steps, weights) * directions
        scores += problems.per_problem(steps, scores) * slopes
    if problems.loss.coupled:  # a shift of all outputs changes nothing, and would only grow
        shift = design.xp.mean(weights[:, :, -1:], axis=1, keepdims=True)
        weights[:, :, -1:] -= shift
        scores -= design.xp.astype(shift, scores.dtype)


def _sums(values: Array, xp) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Add up everything of each problem, in float64, as a host array (J,)."""
    axes = tuple(range(1, values.ndim))
    return np.asarray(xp.sum(values, axis=axes, dtype=xp.float64).tolist(), dtype=np.float64)
