"""Approximate inverses of the curvature of every problem, from the second moments of a design.

The curvature of problem ``j`` is near ``1 + f_j X'X`` with ``f_j = 2 C_j share_j``, where ``share_j`` is the mean
curvature of a row over the largest one. Problems whose ``f`` lie within ``LEVEL_RATIO`` of each other share a *level*,
one ``f`` for all, so a few factorizations, or one sketch, serve every class, C and fold.

``Factored`` is exact at a level, with memory and time proportional to ``width^2`` and ``width^3``. ``Sketched``
contains the largest ``r`` eigenvalues, and replaces the others by the smallest of these; a randomized Nystroem sketch
computes them in one pass.

Source: Frangella, Tropp and Udell, "Randomized Nystroem preconditioning", 2023, algorithm 2.1.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import scipy.linalg

from ...runtime import numpy_generator
from .arrays import array_namespace, check_finite, device
from .design import Design
from .losses import Array

LEVEL_RATIO = 10.0
TRIANGLE_BLOCK = 512
POWER_ITERATIONS = 3


def levels_of(factors: np.ndarray) -> tuple[list[float], np.ndarray]:
    """Return the levels in increasing order, and the number of each factor's level, int64 (J,)."""
    levels: list[float] = []
    numbers = np.empty(len(factors), dtype=np.int64)
    rising = np.sort(np.unique(factors))
    while len(rising):
        near = rising[rising <= LEVEL_RATIO * rising[0]]
        numbers[(factors >= near[0]) & (factors <= near[-1])] = len(levels)
        levels.append(float(np.sqrt(near[0] * near[-1])))
        rising = rising[len(near) :]
    return levels, numbers


class Preconditioner(Protocol):
    """Approximate inverse of ``1 + f X'X`` at levels of ``f``."""

    def prepare(self, levels: Sequence[float]) -> None:
        """Prepare for these levels; other levels may be dropped."""

    def solve(self, level: float, residuals: Array) -> Array:
        """Solve for residuals (J, width) of problems at one level."""

    def largest(self, count: int) -> Array:
        """Return an approximate orthonormal basis (width, count) of the largest eigenvectors of ``X'X``."""


class Factored:
    """Cholesky factors of ``1 + f X'X`` in the design's dtype, one for each level.

    The lower triangle of the array holds the moments, the upper triangle the first factor.
    """

    def __init__(self, moments: Array):
        """Store ``X'X`` (width, width), of which only the lower triangle is used; the array is overwritten."""
        check_finite(moments.diagonal())
        self._moments = moments
        self._diagonal = moments.diagonal().copy() if isinstance(moments, np.ndarray) else moments.diagonal().clone()
        self._factors: dict[float, Array] = {}

    def prepare(self, levels: Sequence[float]) -> None:
        """Factorize at new levels, with a ridge above the rounding of ``X'X``.

        Products in float32 leave an error of about ``eps sqrt(width)`` of the diagonal. For features with a large mean,
        or linearly dependent ones, this makes ``X'X`` indefinite by more than the 1 compensates.
        """
        self._factors = {level: factor for level, factor in self._factors.items() if level in levels}
        for level in levels:
            if level not in self._factors:
                self._factors[level] = self._factorise(level)

    def solve(self, level: float, residuals: Array) -> Array:
        """Solve for residuals (J, width) by forward and backward substitution."""
        if isinstance(residuals, np.ndarray):
            return scipy.linalg.cho_solve((self._factors[level], False), residuals.T, check_finite=False).T
        import torch

        return torch.cholesky_solve(residuals.T, self._factors[level]).T

    def largest(self, count: int) -> Array:
        """Approximate the basis by power iterations of a random one; to be called before ``prepare``."""
        xp = array_namespace(self._moments)
        width = len(self._moments)
        start = numpy_generator(0, "directions", width).standard_normal((width, min(width, 2 * count)))
        basis = xp.asarray(start, dtype=self._moments.dtype, device=device(self._moments))
        for _ in range(POWER_ITERATIONS):
            basis = xp.linalg.qr(_symmetric_product(self._moments, basis))[0]
        small = basis.T @ _symmetric_product(self._moments, basis)
        return basis @ xp.linalg.eigh(0.5 * (small + small.T))[1][:, -count:]

    def _factorise(self, level: float) -> Array:
        if not isinstance(self._moments, np.ndarray):
            return self._factorise_torch(level)
        in_use = any(factor is self._moments for factor in self._factors.values())
        factor = np.empty_like(self._moments) if in_use else self._moments
        potrf = scipy.linalg.lapack.get_lapack_funcs("potrf", (factor,))
        for ridge in ridges(len(factor), float(np.finfo(factor.dtype).eps)):
            _lift(self._moments, level, factor)
            factor.T.flat[:: len(factor) + 1] = 1.0 + level * (1.0 + ridge) * self._diagonal
            _, failed = potrf(factor, lower=0, clean=0, overwrite_a=1)
            if not failed:
                break
        else:
            factor = np.diag(np.sqrt(1.0 + level * self._diagonal))
        return factor

    def _factorise_torch(self, level: float) -> Array:
        import torch

        diagonal: Array = self._diagonal
        lower = torch.tril(self._moments, -1)
        for ridge in ridges(len(self._moments), float(torch.finfo(self._moments.dtype).eps)):
            shifted = level * (lower + lower.T)
            shifted.diagonal().copy_(1.0 + level * (1.0 + ridge) * diagonal)
            factor, failed = torch.linalg.cholesky_ex(shifted)
            if not int(failed):
                return factor
        return torch.diag((1.0 + level * diagonal).sqrt())


class Sketched:
    """Largest eigenvalues of ``X'WX`` and their eigenvectors, from a randomized Nystroem sketch."""

    def __init__(self, design: Design, rank: int, generator: np.random.Generator, row_weights: Array | None = None):
        """Sketch a design in one pass, with ``4 N width rank`` operations and ``2 width rank`` numbers of memory.

        ``row_weights`` (N,), of mean 1 and in the design's dtype, is the diagonal of ``W``; None for weights of 1.
        """
        xp = design.xp
        directions = design.array(generator.standard_normal((design.width, rank), dtype=np.float32), design.dtype)
        images = design.sketch(directions, row_weights)
        check_finite(images)
        shift = float(xp.finfo(design.dtype).eps) * float(xp.sum(images * images, dtype=xp.float64)) ** 0.5 / rank**0.5
        images += shift * directions
        core = xp.astype(directions.T @ images, xp.float64)
        core = 0.5 * (core + core.T)
        del directions
        # X'X ~ Y (D'Y)^-1 Y' for images Y of directions D; the root of the middle factor comes from its spectrum.
        values, vectors = xp.linalg.eigh(core)
        sound = values > float(xp.finfo(design.dtype).eps) * values[-1]
        root = vectors[:, sound] / xp.sqrt(values[sound])
        images = images @ xp.astype(root, design.dtype)
        spectrum, rotation = xp.linalg.eigh(xp.astype(images.T @ images, xp.float64))
        sound = spectrum > shift + float(xp.finfo(design.dtype).eps) * spectrum[-1]
        self._vectors = images @ xp.astype(rotation[:, sound] / xp.sqrt(spectrum[sound]), design.dtype)
        self._values = np.asarray((spectrum[sound] - shift).tolist())
        self._array = design.array

    def prepare(self, levels: Sequence[float]) -> None:
        """Do nothing: the same spectrum is used at all levels."""

    def largest(self, count: int) -> Array:
        """Return the eigenvectors of the largest eigenvalues."""
        return self._vectors[:, -count:]

    def solve(self, level: float, residuals: Array) -> Array:
        """Divide by ``1 + f eigenvalue`` along the eigenvectors, using the smallest eigenvalue in other directions."""
        rest = 1.0 / (1.0 + level * self._values[0])
        known = self._array(1.0 / (1.0 + level * self._values) - rest, residuals.dtype)
        return rest * residuals + (residuals @ self._vectors * known) @ self._vectors.T


class Rounded:
    """Preconditioner in float32 for problems in float64."""

    def __init__(self, inner: Preconditioner):
        """Wrap a prepared preconditioner."""
        self._inner = inner

    def prepare(self, levels: Sequence[float]) -> None:
        """Do nothing: the wrapped preconditioner is prepared."""

    def solve(self, level: float, residuals: Array) -> Array:
        """Solve for residuals rounded to float32."""
        xp = array_namespace(residuals)
        return xp.astype(self._inner.solve(level, xp.astype(residuals, xp.float32)), residuals.dtype)

    def largest(self, count: int) -> Array:
        """Return the largest directions of the wrapped preconditioner."""
        return self._inner.largest(count)


def ridges(width: int, rounding: float) -> Iterator[float]:
    """Yield increasing shares of the diagonal, from the rounding of sums to values at which the diagonal dominates."""
    ridge = rounding * width**0.5
    while ridge < 10.0 * width:
        yield ridge
        ridge *= 10.0


def _symmetric_product(moments: Array, vectors: Array) -> Array:
    """Multiply by a symmetric matrix, of which a numpy array stores the lower triangle only."""
    if not isinstance(moments, np.ndarray):
        return moments @ vectors
    symm = scipy.linalg.blas.get_blas_funcs("symm", (moments,))
    return symm(1.0, moments, vectors, lower=1)


def _lift(moments: np.ndarray, level: float, factor: np.ndarray) -> None:
    """Write ``level * moments`` to the upper triangle of ``factor``, off the diagonal; both may be the same array."""
    for start in range(0, len(moments), TRIANGLE_BLOCK):
        rows = slice(start, start + TRIANGLE_BLOCK)
        corner = (moments[rows, rows] * moments.dtype.type(level)).T
        np.copyto(factor[rows, rows], corner, where=np.tri(len(corner), k=-1, dtype=bool).T)
        factor[rows, rows.stop :] = (moments[rows.stop :, rows] * moments.dtype.type(level)).T


def precondition(preconditioner: Preconditioner, levels: np.ndarray, gradients: Array) -> Array:
    """Apply a preconditioner to gradients (J, Q, width) at the level of each problem, float64 (J,)."""
    xp = array_namespace(gradients)
    result = xp.empty_like(gradients)
    for level in sorted(set(levels)):
        numbers = np.flatnonzero(levels == level)
        chosen = xp.asarray(numbers, device=device(gradients))
        part = gradients[chosen]
        solved = preconditioner.solve(level, part.reshape((-1, part.shape[-1])))
        result[chosen] = solved.reshape(part.shape)
    return result
