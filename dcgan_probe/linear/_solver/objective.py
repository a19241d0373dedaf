"""Objective of many problems at once: values, residuals and second derivatives.

Problem ``j`` has one ``C``, for one class against the rest or for all classes together (logistic), and rows with
weights ``r_i`` (1, or 0 for rows outside a fold). The last column of its weights ``w`` (Q, D + 1) holds the
intercepts::

    s    = X w'                                             scores      (Q, N)
    P(w) = 1/2 |w|^2 + C sum_i r_i l(s_i)                   value
    g(w) = w - C sum_i r_i X_i residual(s_i)                gradient    (Q, D + 1)

``C`` multiplies a sum, not a mean, and the intercept is penalized like any weight, as in LIBLINEAR; a *free* intercept
is excluded from ``|w|`` and from ``w`` in ``g``.

The duality gap: with dual variables ``a_i = C r_i residual(s_i)`` the Fenchel-Young inequality is an equality in every
row, so ``P(w) - D(a) = 1/2 |w|^2 + 1/2 |X'a|^2 - w X'a = 1/2 |g|^2`` for every loss here. ``P`` exceeds its minimum by
at most this gap. (A free intercept requires ``sum a = 0``, which ``settle_intercepts`` ensures.)
"""

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .arrays import array_namespace, host, host64
from .design import Design
from .losses import Array, Loss

CHUNK_NUMBERS = 1 << 19
_THREADS = ThreadPoolExecutor(os.cpu_count())


def _renew_threads() -> None:
    """Replace the thread pool in a forked process, where its threads do not run."""
    global _THREADS
    _THREADS = ThreadPoolExecutor(os.cpu_count())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_threads)


@dataclass(frozen=True)
class Problems:
    """J problems on the rows of one design."""

    design: Design
    loss: Loss
    outputs: int
    """Number of outputs of a problem, Q."""
    targets: Array
    """Signs (K, N) in the design's dtype, or class numbers (1, N)."""
    classes: np.ndarray
    """Row of ``targets`` of each problem, (J,)."""
    row_weights: Array
    """(F, N) in the design's dtype, at least 0."""
    folds: np.ndarray
    """Row of ``row_weights`` of each problem, (J,)."""
    penalties: np.ndarray
    """``C`` of each problem, float64 (J,)."""
    free_intercept: bool = False
    weighted: bool = True
    """False if every row weight is 1, which saves multiplications."""

    def __len__(self) -> int:
        return len(self.penalties)

    def take(self, chosen: np.ndarray) -> "Problems":
        """Return the problems of an index (J',)."""
        return replace(self, classes=self.classes[chosen], folds=self.folds[chosen], penalties=self.penalties[chosen])

    def on(self, design: Design) -> "Problems":
        """Return the problems with another design of the same rows."""
        targets = host(self.targets) if self.loss.coupled else host64(self.targets)
        return replace(
            self,
            design=design,
            targets=design.array(targets, None if self.loss.coupled else design.dtype),
            row_weights=design.array(host64(self.row_weights), design.dtype),
        )

    @property
    def shared_weights(self) -> Array | None:
        """Row weights (N,) of mean 1 for the shared curvature; None if the sets of weights only exclude rows.

        A preconditioner with equal weights lacks the directions of rows with large weights, along which L-BFGS is then
        slow.
        """
        xp, weights = self.design.xp, self.row_weights
        if bool(xp.all((weights == 0.0) | (weights == xp.max(weights)))):
            return None
        mean = xp.mean(weights, axis=0)
        return mean / xp.mean(mean)

    def shrunk(self, weights: Array) -> Array:
        """Return the penalized part of weights (J, Q, width), in which free intercepts are zero."""
        if not self.free_intercept:
            return weights
        shrunk = self.design.xp.asarray(weights, copy=True)
        shrunk[:, :, -1] = 0.0
        return shrunk

    def in_chunks(self, work: Callable[["Chunk"], Any]) -> list[tuple[slice, Any]]:
        """Apply ``work`` to parts of problems and rows that fit the cache; return the results in a fixed order.

        On the CPU the parts run in threads, since element-wise arithmetic uses one core.
        """
        on_host = isinstance(self.targets, np.ndarray)
        if len(self) * self.outputs * self.design.rows <= CHUNK_NUMBERS:
            everything = slice(0, len(self)), slice(0, self.design.rows)
            return [(everything[0], work(self._chunk(*everything)))]
        height = min(self.design.rows, max(64, CHUNK_NUMBERS // self.outputs)) if on_host else self.design.rows
        size = max(1, CHUNK_NUMBERS // (self.outputs * height))

        def one(at: tuple[int, int]) -> tuple[slice, Any]:
            chunk, rows = slice(at[0], at[0] + size), slice(at[1], at[1] + height)
            return chunk, work(self._chunk(chunk, rows))

        starts = list(itertools.product(range(0, len(self), size), range(0, self.design.rows, height)))
        return list(_THREADS.map(one, starts) if on_host and len(starts) > 1 else map(one, starts))

    def _chunk(self, problems: slice, rows: slice) -> "Chunk":
        targets = self._rows_of(self.targets[:, rows], self.classes[problems])
        shares = self._rows_of(self.row_weights[:, rows], self.folds[problems]) if self.weighted else None
        return Chunk(problems, rows, targets, shares)

    def _rows_of(self, array: Array, numbers: np.ndarray) -> Array:
        """Return rows of an array by their numbers, without a copy if the numbers are consecutive."""
        first, last, count = int(numbers[0]), int(numbers[-1]), len(numbers)
        if last - first == count - 1 and (count < 3 or (numbers[1:] > numbers[:-1]).all()):
            return array[first : last + 1]
        return array[self.design.array(numbers)]

    def per_problem(self, numbers: np.ndarray, like: Array) -> Array:
        """Return numbers (J,) with shape (J, 1, 1) and the dtype of an array of problems."""
        return self.design.array(numbers, like.dtype)[:, None, None]


@dataclass(frozen=True)
class Chunk:
    """Part of the problems and rows, with targets and row weights."""

    problems: slice
    rows: slice
    targets: Array
    """(j, n)."""
    row_weights: Array | None
    """(j, n), or None if all are 1."""

    def of(self, array: Array) -> Array:
        """Return the part of an array (J, Q, N)."""
        return array[self.problems, :, self.rows]

    def weighed(self, array: Array) -> Array:
        """Multiply an array (j, n) or (j, Q, n) by the row weights."""
        if self.row_weights is None:
            return array
        return array * (self.row_weights if array.ndim == 2 else self.row_weights[:, None, :])


def evaluate(problems: Problems, scores: Array) -> tuple[np.ndarray, Array]:
    """Compute summed losses float64 (J,), without ``C``, and weighted residuals (J, Q, N) at scores (J, Q, N)."""
    residuals = problems.design.xp.empty_like(scores)

    def work(chunk: Chunk) -> np.ndarray:
        losses, found = problems.loss.evaluate(chunk.of(scores), chunk.targets)
        chunk.of(residuals)[...] = chunk.weighed(found)
        return sums_of(chunk.weighed(losses))

    return totals_of(problems, work), residuals


def hessian_vector_product(problems: Problems, scores: Array, slopes: Array) -> Array:
    """Compute the second derivatives of the weighted losses times slopes, (J, Q, N), without ``C``."""
    result = problems.design.xp.empty_like(slopes)

    def work(chunk: Chunk) -> None:
        at = problems.design.xp.astype(chunk.of(scores), slopes.dtype, copy=False)
        chunk.of(result)[...] = chunk.weighed(problems.loss.hessian_vector_product(at, chunk.targets, chunk.of(slopes)))

    problems.in_chunks(work)
    return result


def curvatures(problems: Problems, scores: Array, dtype: Any) -> Array:
    """Compute the diagonal second derivatives of the weighted losses, (J, Q, N) in a dtype, without ``C``."""
    xp = problems.design.xp
    result = xp.empty_like(scores, dtype=dtype)

    def work(chunk: Chunk) -> None:
        at = xp.astype(chunk.of(scores), dtype, copy=False)
        chunk.of(result)[...] = chunk.weighed(problems.loss.curvature(at, chunk.targets))

    problems.in_chunks(work)
    return result


def sums_of(values: Array) -> np.ndarray:
    """Sum all numbers of each problem; return float64 (J,) on the host."""
    axes = tuple(range(1, values.ndim))
    return np.asarray(array_namespace(values).sum(values, axis=axes).tolist(), dtype=np.float64)


def totals_of(problems: Problems, work: Callable[[Chunk], np.ndarray]) -> np.ndarray:
    """Sum the results of ``work``, float64 (j, ...), over the parts of each problem."""
    parts = problems.in_chunks(work)
    totals = np.zeros((len(problems), *parts[0][1].shape[1:]))
    for chunk, part in parts:
        totals[chunk] += part
    return totals
