"""Hessians of narrow problems: sums over active rows, updated by their changes, and sums over sampled rows."""

import itertools
from collections.abc import Iterable

import numpy as np
import scipy.linalg

from .design import Design
from .memory_plan import HELD_NUMBERS
from .objective import Problems
from .preconditioners import ridges

FEW_PRODUCTS = 1 << 17
"""Up to this number of products, one call adds rows of both signs, since calls cost more than the arithmetic."""
PART_ROWS = 1024
"""Rows of a part that fits the cache of a core."""
ROUNDING = float(np.finfo(np.float64).eps)
LEAST_CURVATURE = 1e-9
"""Curvature of a free intercept while no row is active; a penalized one has at least 1."""
INNER_LIMIT = 200
"""Largest number of conjugate-gradient iterations."""
CANCELLED, LEAST_ERROR = 10.0, 0.1
"""A sum is recomputed from the rows if its peak exceeds it by the factor ``CANCELLED``, and its rounding error times
``C`` exceeds ``LEAST_ERROR``, relative to the penalty's curvature of 1."""


def shrinks_of(problems: Problems) -> np.ndarray:
    """Return the curvature of the penalty for each weight, (width,)."""
    shrinks = np.ones(problems.design.width)
    if problems.free_intercept:
        shrinks[-1] = LEAST_CURVATURE
    return shrinks


def factor(sums: np.ndarray, penalty: float, shrinks: np.ndarray) -> np.ndarray:
    """Return the Cholesky factor, for ``solve_with``, of ``diag(shrinks) + C sums``; sums in the upper triangle."""
    hessian = penalty * sums
    diagonal = hessian.diagonal() + shrinks
    for ridge in itertools.chain([0.0], ridges(len(diagonal), ROUNDING)):
        hessian.flat[:: len(diagonal) + 1] = (1.0 + ridge) * diagonal
        found, failed = scipy.linalg.lapack.dpotrf(hessian.T, lower=1, clean=0)
        if not failed:
            return found
    return np.diag(np.sqrt(diagonal))


def solve_with(factor: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Solve for vectors (Q, width) with a Cholesky factor from ``factor``."""
    return scipy.linalg.lapack.dpotrs(factor, vectors.T, lower=1)[0].T


def add_squares(total: np.ndarray, block: np.ndarray, shares: np.ndarray) -> None:
    """Add ``sum_i share_i x_i x_i'`` of rows (n, D) to the upper triangle of float64 (width, width).

    Rows without the constant column are copied with it.
    """
    changed = shares.nonzero()[0]
    if len(changed) * len(total) ** 2 <= FEW_PRODUCTS and block.shape[1] == len(total):
        part = block[changed]
        total += (part.T * shares[changed]) @ part
        return
    for sign in (1.0, -1.0):
        chosen = changed[shares[changed] * sign > 0.0]
        for start in range(0, len(chosen), PART_ROWS):
            part = chosen[start : start + PART_ROWS]
            some = block[part] if block.shape[1] == len(total) else with_constant(block[part], len(total))
            own = shares[part]
            scale = float(own[0])
            if (own != scale).any():
                scale = sign
                some = some * np.sqrt(np.abs(own), dtype=np.float64)[:, None]
            scipy.linalg.blas.dsyrk(scale, some.T, beta=1.0, c=total.T, lower=1, overwrite_c=1)


def with_constant(block: np.ndarray, width: int) -> np.ndarray:
    """Return rows (n, D) in float64, with a constant column if the width includes one."""
    result = np.ones((len(block), width))
    result[:, : block.shape[1]] = block
    return result


class ActiveSums:
    """Sums ``sum_i r_i c_ij x_i x_i'`` of J uncoupled problems, updated by the rows whose curvature changed."""

    def __init__(self, problems: Problems, at_zero: bool):
        """Start without rows, or with all rows at scores of zero, where one sum serves all problems of a fold."""
        design = problems.design
        self._rows: np.ndarray | None = None
        if design.rows * design.width <= HELD_NUMBERS:
            ((_, block),) = design.blocks(np.float64)
            self._rows = with_constant(block, design.width)
        self._held = np.zeros((len(problems), design.rows), np.float32)
        self._sums = np.zeros((len(problems), design.width, design.width))
        self._peaks = np.zeros(len(problems))
        if at_zero:
            folds, numbers = np.unique(problems.folds, return_inverse=True)
            sums = np.zeros((len(folds), design.width, design.width))
            for rows, block in self._blocks(design):
                for total, fold in zip(sums, folds, strict=True):
                    add_squares(total, block, 2.0 * problems.row_weights[fold, rows])
            self._sums[:] = sums[numbers]
            self._held[:] = 2.0
            self._peaks[:] = np.trace(self._sums, axis1=1, axis2=2)

    def follow(self, problems: Problems, which: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Update problems ``which`` (j,) to residuals (j, 1, N); return their sums float64 (j, width, width)."""
        curvature = self._curvature(problems, residuals)
        changes = curvature - self._held[which]
        rebuilt = np.count_nonzero(changes, axis=1) > np.count_nonzero(curvature, axis=1)
        traces = np.trace(self._sums[which], axis1=1, axis2=2)
        errors = ROUNDING * problems.penalties * self._peaks[which]
        rebuilt |= (self._peaks[which] > CANCELLED * traces) & (errors > LEAST_ERROR)
        self._sums[which[rebuilt]], self._peaks[which[rebuilt]], changes[rebuilt] = 0.0, 0.0, curvature[rebuilt]
        if changes.any():
            for rows, block in self._blocks(problems.design):
                for j, number in enumerate(which):
                    shares = changes[j, rows]
                    if problems.weighted:
                        shares = shares * problems.row_weights[problems.folds[j], rows]
                    add_squares(self._sums[number], block, shares)
        self._held[which] = curvature
        sums = self._sums[which]
        self._peaks[which] = np.maximum(self._peaks[which], np.trace(sums, axis1=1, axis2=2))
        return sums

    def _blocks(self, design: Design) -> Iterable[tuple[slice, np.ndarray]]:
        return design.blocks() if self._rows is None else [(slice(0, design.rows), self._rows)]

    @staticmethod
    def _curvature(problems: Problems, residuals: np.ndarray) -> np.ndarray:
        targets = problems.targets[problems.classes]
        return problems.loss.hessian_terms(residuals, targets)[:, 0, :].astype(np.float32, copy=False)


class SampledRows:
    """Hessian of a softmax, ``C sum_i r_i (diag(p_i) - p_i p_i') x x_i x_i'`` plus the penalty, on a sample of rows.

    A row is drawn with a probability ``q`` proportional to its residual, which bounds its curvature, and has the weight
    ``1 / q``.
    """

    def __init__(self, problems: Problems, scores: np.ndarray, residuals: np.ndarray, count: int):
        """Draw about ``count`` rows of the one problem at scores and residuals (Q, N)."""
        design, loss = problems.design, problems.loss
        pull = residuals.max(axis=0).astype(np.float64)
        probabilities = np.ones(design.rows)
        if count < design.rows:
            probabilities = np.minimum(1.0, pull * (count / max(float(pull.sum()), 1e-300)))
        chosen = np.flatnonzero(np.diff(np.floor(np.cumsum(probabilities) + 0.5), prepend=0.0))
        self._penalty, self._shrinks = float(problems.penalties[0]), shrinks_of(problems)
        self._block = np.ones((len(chosen), design.width), design.dtype)
        for rows, block in design.blocks():
            first, last = np.searchsorted(chosen, (rows.start, rows.stop))
            self._block[first:last, : design.columns] = block[chosen[first:last] - rows.start]
        targets = problems.targets[problems.classes[0], chosen][None]
        _, found = loss.evaluate(scores[None, :, chosen].astype(design.dtype, copy=False), targets)
        self._loss, self._hessian_terms = loss, loss.hessian_terms(found, targets)
        weights = problems.row_weights[problems.folds[0], chosen] / probabilities[chosen]
        self._weights = (self._penalty * weights).astype(design.dtype)

    def solve(self, gradient: np.ndarray, limit: float) -> np.ndarray:
        """Return ``d`` (Q, width) with a norm of ``H d + g`` of at most a limit.

        The method is conjugate gradients; the preconditioner uses the mean curvature of each row for all outputs.
        """
        some = (
            self._block * np.sqrt(self._loss.mean_curvature(self._hessian_terms)[0].clip(0.0) * self._weights)[:, None]
        )
        syrk = scipy.linalg.blas.get_blas_funcs("syrk", (some,))
        triangle = factor(syrk(1.0, some.T, lower=1).T.astype(np.float64), 1.0, self._shrinks)
        residual, direction = -gradient, np.zeros_like(gradient)
        search = preconditioned = solve_with(triangle, residual)
        energy = float(np.vdot(residual, preconditioned))
        for _ in range(INNER_LIMIT):
            product = self._product(search)
            curvature = float(np.vdot(search, product))
            if not (curvature > 0.0 and energy > 0.0):
                break
            direction += (energy / curvature) * search
            residual -= (energy / curvature) * product
            if np.linalg.norm(residual) <= limit:
                break
            preconditioned = solve_with(triangle, residual)
            energy, before = float(np.vdot(residual, preconditioned)), energy
            search = preconditioned + (energy / before) * search
        return direction

    def _product(self, direction: np.ndarray) -> np.ndarray:
        slopes = direction.astype(self._block.dtype) @ self._block.T
        product = self._loss.product(self._hessian_terms, slopes[None])[0]
        product *= self._weights
        return self._shrinks * direction + product @ self._block
