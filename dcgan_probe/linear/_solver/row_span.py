"""Solution of problems with fewer rows than features, in the span of the rows.

Every minimizer lies in the span of the rows: ``w = X'b``. With the pivoted Cholesky factorization ``X X' = L L'`` of
rank ``r`` and rows in the order of the pivots, let ``L_1`` be the first ``r`` rows of ``L``. Then ``a = L_1' b`` has
``X w = L a`` and ``|w| = |a|``, so ``L`` (N, r) replaces the features, and ``b = L_1'^-1 a`` recovers the weights.

A column with a feature far larger than the others would lose their digits in ``X X'``. Such columns are excluded from
the Gram matrix and appended to ``L``.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy.linalg

from ...runtime import numpy_generator
from .arrays import check_finite, host, host64
from .design import Design
from .dominant_subspace import DominantSubspace
from .gram import gram_matrix
from .input_checks import FAR_LONGER, typical_mean
from .objective import Problems
from .preconditioners import Factored, Sketched, levels_of
from .problem_groups import FIRST_TOLERANCE, solve_alone, solve_group
from .solution import Limits, ProblemResults
from .state import state_at

REFINEMENT_RANK = 512
MOST_APART = 512
"""Largest number of columns excluded from the Gram matrix and appended to the span."""


@dataclass(frozen=True)
class RowSpan:
    """Coordinates of the rows in an orthonormal basis of their span."""

    coordinates: np.ndarray
    """float64 (N, r)."""
    pivots: np.ndarray
    """Numbers of the rows that span all rows, int64 (r,)."""

    @classmethod
    def of(cls, gram: np.ndarray) -> "RowSpan":
        """Factorize a Gram matrix, float64 (N, N), which may be singular and is not changed."""
        lower, pivots, rank, _ = scipy.linalg.lapack.dpstrf(gram, lower=1)
        pivots = pivots.astype(np.int64) - 1
        coordinates = np.zeros((len(gram), max(rank, 1)))  # if all rows are zero, one empty coordinate remains
        coordinates[pivots, :rank] = np.tril(lower[:, :rank])
        return cls(coordinates, pivots[:rank])

    def moments(self, row_weights: np.ndarray | None = None) -> np.ndarray:
        """Return ``L'L`` (r, r), with a defined lower triangle; the triangle ``L_1`` saves two thirds of a product.

        With weights ``W`` (N,) of mean 1, the result is ``L'WL``.
        """
        if not len(self.pivots):
            return np.zeros((1, 1))
        if row_weights is not None:
            return scipy.linalg.blas.dsyrk(
                1.0, self.coordinates * np.sqrt(row_weights)[:, np.newaxis], trans=1, lower=1
            )
        corner = np.asfortranarray(self.coordinates[self.pivots])
        moments, _ = scipy.linalg.lapack.dlauum(corner, lower=1, overwrite_c=1)
        others = np.delete(self.coordinates, self.pivots, axis=0)
        if len(others):
            moments = scipy.linalg.blas.dsyrk(1.0, others, beta=1.0, c=moments, trans=1, lower=1, overwrite_c=1)
        return moments

    def dual(self, weights: np.ndarray) -> np.ndarray:
        """Return ``b`` (J, N) with ``w = X'b``, zero outside the pivots, for weights ``a`` (J, r)."""
        result = np.zeros((len(weights), len(self.coordinates)))
        rank = len(self.pivots)
        if rank:
            corner, inner = self.coordinates[self.pivots, :rank], weights[:, :rank].T
            solved = scipy.linalg.solve_triangular(corner, inner, lower=True, trans="T", check_finite=False)
            result[:, self.pivots] = solved.T
        return result


def solve_in_span(problems: Problems, factors: np.ndarray, limits: Limits, gram: np.ndarray | None) -> ProblemResults:
    """Solve problems with fewer rows than features in the span of the rows, then verify them on the features.

    If rounding in the Gram matrix leaves a gap (columns of very different size), float64 features close it.
    """
    design = problems.design
    if not design.in_memory:
        read = Design(design.features[0 : design.rows], scaling=design.scaling)
        read.mean_square, design = design.mean_square, read
    apart = _far_columns(design)
    span = RowSpan.of(_design_gram(design, gram, apart, with_intercept=not problems.free_intercept))
    rank = span.coordinates.shape[1]
    rows = np.hstack([span.coordinates, host(design.features)[:, apart].astype(np.float64)])
    reduced = Design(rows, intercept=problems.free_intercept)
    reduced.mean_square = typical_mean(reduced.lengths())
    inner = problems.on(reduced)
    levels, numbers = levels_of(factors)
    shared = inner.shared_weights
    whole = problems.free_intercept or len(apart)
    preconditioner = Factored(reduced.moments(shared) if whole else span.moments(shared))
    subspace = DominantSubspace.of(reduced, preconditioner, free_intercept=problems.free_intercept)
    preconditioner.prepare(levels)
    found = ProblemResults.of(len(inner), inner.outputs, reduced.width)
    half = replace(limits, tol=FIRST_TOLERANCE * limits.tol)
    solve_group(inner, preconditioner, subspace, np.array(levels)[numbers], half, found, np.arange(len(inner)))
    solve_alone(inner, 0, half, found)
    flat = found.weights.reshape((-1, reduced.width))
    weights = host64(design.backward(design.array(span.dual(flat[:, :rank])), design.xp.float64))
    weights[:, apart] = flat[:, rank : rank + len(apart)]
    if problems.free_intercept:
        weights[:, -1] = flat[:, -1]
    results = ProblemResults.of(len(problems), problems.outputs, design.width)
    results.weights[:] = weights.reshape(results.weights.shape)
    return _verify_span(problems, design, results, found.iterations, limits, factors)


def _verify_span(
    problems: Problems, design: Design, results: ProblemResults, made: np.ndarray, limits: Limits, factors: np.ndarray
) -> ProblemResults:
    precise = problems.on(design)
    state = state_at(precise, results.weights, design.xp.float64)
    positions = np.arange(len(problems))
    left = results.record(positions, state, made, np.full(len(problems), np.inf), limits)
    problems.design.passes += design.passes if design is not problems.design else 0
    if len(left):
        exact = Design(design.features, scaling=design.scaling, dtype=design.xp.float64)
        generator = numpy_generator(0, "sketch", exact.rows, exact.columns)
        left_over = problems.take(left).on(exact)
        sketch = Sketched(exact, min(REFINEMENT_RANK, exact.rows), generator, left_over.shared_weights)
        levels, numbers = levels_of(factors[left])
        subspace = DominantSubspace.of(exact, sketch, free_intercept=problems.free_intercept)
        solve_group(left_over, sketch, subspace, np.array(levels)[numbers], limits, results, left)
        solve_alone(problems.on(exact), min(REFINEMENT_RANK, exact.rows), limits, results)
        problems.design.passes += exact.passes
    return results


def _far_columns(design: Design) -> np.ndarray:
    """Return the numbers of columns with a feature far larger than a typical row; none for a standardized design."""
    if design.scaling is not None:
        return np.zeros(0, np.int64)
    features = host(design.features)
    sizes = np.maximum(features.max(axis=0), -features.min(axis=0).astype(np.float64))
    return np.flatnonzero(sizes > FAR_LONGER * design.mean_square**0.5)[:MOST_APART]


def _design_gram(design: Design, gram: np.ndarray | None, apart: np.ndarray, *, with_intercept: bool) -> np.ndarray:
    """Return ``X X'``, float64 (N, N), of a design in memory, from the Gram matrix of its features if known."""
    if gram is None or design.scaling is not None or len(apart):
        gram = gram_matrix(host(design.features), design.scaling, apart)
    else:
        gram = gram.copy()
    check_finite(gram)
    if with_intercept:
        gram += 1.0
    return gram
