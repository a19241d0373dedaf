"""Exact steps in the dominant subspace, the span of the eigenvectors of ``X'X`` with the largest eigenvalues.

Features with a mean far from zero make a few eigenvalues of ``X'X`` thousands of times larger than the rest. A change
of the active rows shifts the minimum of a problem along their eigenvectors, by an amount that a preconditioner of all
rows does not contain. A small shift there makes up most of the gradient, and so of the duality gap. With an orthonormal
basis ``Q`` (width, r) of this subspace and ``Z = X Q`` in memory, a Newton step within it needs no pass over the
features::

    (Q'Q + C Z' diag(l'') Z) c = -Q' g        w <- w + step Q c        s <- s + step Z c

with ``l''`` the curvature of each row's loss at the current weights. The step follows every step of descent
(``benchmarks/bench_svm_parts.py`` measures its effect).
"""

import numpy as np

from .design import Design
from .line_searches import Search, search
from .losses import Array, dots, stacked
from .objective import Problems, curvatures
from .preconditioners import Preconditioner

RANK = 32
ROWS_PER_DIRECTION = 128
"""With fewer rows than this per direction, additional directions cost more than they save."""
BLOCK_ROWS = 4096
LEAST_CURVATURE = 1e-9
"""Added curvature, for a free intercept; the curvature of a penalized direction is at least 1."""


class DominantSubspace:
    """Orthonormal basis of the dominant subspace, and the coordinates of the rows in it."""

    def __init__(self, design: Design, basis: Array):
        """Compute the coordinates of the rows in an orthonormal basis (width, r), in one pass over the features."""
        xp = design.xp
        self._basis = xp.asarray(xp.astype(basis.T, design.dtype), copy=True)
        self._coordinates = xp.asarray(design.forward(self._basis).T, copy=True)
        self._pairs = tuple(design.array(each) for each in np.triu_indices(self._basis.shape[0]))

    @classmethod
    def of(cls, design: Design, preconditioner: Preconditioner, *, free_intercept: bool) -> "DominantSubspace":
        """Build the basis from a preconditioner, before its ``prepare``; a free intercept is added to the basis."""
        xp = design.xp
        rank = min(RANK, design.width, max(1, design.rows // ROWS_PER_DIRECTION))
        basis = preconditioner.largest(rank)
        if free_intercept:
            last = xp.zeros_like(basis[:, :1])
            last[-1] = 1.0
            basis = xp.linalg.qr(xp.concat([basis, last], axis=1))[0]
        return cls(design, basis)

    def on(self, design: Design) -> "DominantSubspace":
        """Return the same subspace for another design of the same features."""
        return DominantSubspace(design, self._basis.T)

    def step(
        self, problems: Problems, scores: Array, weights: Array, gradients: Array, changed: Array, moved: Array
    ) -> Search:
        """Move weights float64 (J, Q, width) and scores (J, Q, N), in place, toward the minimum in the subspace.

        The curvature ignores the coupling of outputs; the line search along the resulting direction is exact.

        Parameters
        ----------
        gradients
            Gradients (J, Q, width) before the weights changed by ``moved`` (J, Q, width).
        changed
            Decrease (J, Q, N) of the residuals since then. Only this change is multiplied, so float32 products suffice.

        Returns
        -------
        The result of the line search.
        """
        design, xp = problems.design, problems.design.xp
        basis = xp.astype(self._basis, xp.float64)
        penalties = problems.per_problem(problems.penalties, weights)
        pull = xp.astype(xp.astype(changed, design.dtype, copy=False) @ self._coordinates, xp.float64)
        slopes = (gradients + problems.shrunk(moved)) @ basis.T + penalties * pull
        curvature = self._curvature(problems, scores)
        curvature *= penalties[..., None]
        own = problems.shrunk(basis[None])[0]
        curvature += own @ own.T
        # A free intercept has no curvature if no row is active.
        curvature += LEAST_CURVATURE * xp.eye(own.shape[0], dtype=xp.float64, device=design.device)
        moves = -xp.linalg.solve(curvature, slopes[..., None])[..., 0]
        directions = moves @ basis
        changes = xp.astype(moves, design.dtype) @ self._coordinates.T
        start = dots(slopes, moves)
        found = search(problems, scores, weights, directions, changes, start)
        weights += problems.per_problem(found.steps, directions) * directions
        return found

    def _curvature(self, problems: Problems, scores: Array) -> Array:
        """Compute ``Z' diag(l'') Z`` of every output, float64 (J, Q, r, r), in one product with products of columns."""
        design, xp = problems.design, problems.design.xp
        row_curvatures = stacked(curvatures(problems, scores, design.dtype))
        first, second = self._pairs
        sums = design.zeros((row_curvatures.shape[0], first.shape[0]), xp.float64)
        for start in range(0, design.rows, BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            part = self._coordinates[rows]
            sums += row_curvatures[:, rows] @ (part[:, first] * part[:, second])
        rank = self._basis.shape[0]
        result = design.zeros((row_curvatures.shape[0], rank, rank), xp.float64)
        result[:, first, second] = sums
        result[:, second, first] = sums
        return result.reshape((len(problems), problems.outputs, rank, rank))
