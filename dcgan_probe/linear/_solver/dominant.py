"""Preconditioner of a problem in which a few rows are far longer than the others, for a softmax or beside a sketch.

Such a row, of one feature of 1e10 among ones, holds the scores of its classes in place with a curvature ``S`` (Q, Q)
that is another one for each pair of classes, from nothing to far more than that of all other rows together. No mean
stands for it, so it is added to the preconditioner ``M`` of the other rows as it is. With ``S = B B'``::

    (M + sum_e x_e' S_e x_e)^-1 = M^-1 - M^-1 X' B (1 + B' K B)^-1 B' X M^-1,    K = X M^-1 X'
"""

from collections.abc import Sequence

import numpy as np

from .arrays import array_namespace, device
from .checks import FAR_LONGER
from .losses import Array
from .objective import Problems
from .preconditioners import Preconditioner
from .state import State

MOST_NUMBERS = 1024
"""Rows times classes: the greatest system that is solved for them."""


def dominant_rows(problem: Problems) -> np.ndarray:
    """Return the numbers of the rows that are far longer than most, the longest first, and not too many."""
    lengths = problem.design.lengths()
    longest = np.argsort(-lengths, kind="stable")[: max(1, MOST_NUMBERS // problem.outputs)]
    return longest[lengths[longest] > FAR_LONGER * np.median(lengths)]


class DominantRowsPreconditioner:
    """A preconditioner of the other rows, and the exact curvature of these."""

    def __init__(self, inner: Preconditioner, level: float, problem: Problems, state: State, numbers: np.ndarray):
        """Take a preconditioner prepared for one level without these rows, and where the one problem stands."""
        design, xp = problem.design, problem.design.xp
        chosen = design.array(numbers)
        targets = problem.targets[:, chosen]
        weights = problem.penalties[0] * problem.row_weights[problem.folds[0], chosen][:, None, None]
        if problem.loss.coupled:
            _, residuals = problem.loss.evaluate(state.scores[:, :, chosen], targets)
            self._roots = _roots(problem.loss.hessian_terms(residuals, targets)[0].T, weights)
        else:
            curvature = problem.loss.curvature(state.scores[:, :, chosen], targets[problem.classes])
            self._roots = xp.sqrt(weights * curvature[0].T[:, :, None])
        self._rows = design.rows_at(numbers)
        self._inner, self._images = inner, inner.solve(level, self._rows)
        flat = xp.permute_dims(self._roots, (0, 2, 1)).reshape((-1, problem.outputs))
        size = flat.shape[0]
        products = (self._rows @ self._images.T)[:, None, :, None]
        blocks = (flat @ flat.T).reshape((len(numbers), problem.outputs, len(numbers), problem.outputs))
        system = (products * blocks).reshape((size, size))
        self._system = 0.5 * (system + system.T) + xp.eye(size, dtype=design.dtype, device=design.device)

    def prepare(self, levels: Sequence[float]) -> None:
        """Nothing to do."""

    def solve(self, level: float, residuals: Array) -> Array:
        """Solve for residuals (Q, width) of the problem."""
        base = self._inner.solve(level, residuals)
        xp, roots = array_namespace(base), self._roots
        scores = (self._rows @ base.T)[:, None, :] @ roots
        pulls = roots @ xp.linalg.solve(self._system, scores.reshape((-1, 1))).reshape((*roots.shape[:2], 1))
        return base - pulls[:, :, 0].T @ self._images

    def largest(self, count: int) -> Array:
        """Give those of the other rows."""
        return self._inner.largest(count)


def _roots(probabilities: Array, weights: Array) -> Array:
    """Return ``B`` (E, Q, Q) with ``B B' = weight (diag(p) - p p')`` of chances ``p`` (E, Q) and weights (E, 1, 1)."""
    xp, outputs = array_namespace(probabilities), probabilities.shape[1]
    identity = xp.eye(outputs, dtype=probabilities.dtype, device=device(probabilities))
    # Sums of pairs: p - p^2 would lose the digits of a chance near 1, and give a shift of all scores a curvature.
    pairs = weights * probabilities[:, :, None] * probabilities[:, None, :] * (1.0 - identity)
    values, vectors = xp.linalg.eigh(xp.sum(pairs, axis=2, keepdims=True) * identity - pairs)
    least = outputs * float(xp.finfo(probabilities.dtype).eps) * values[:, -1:]
    return vectors * xp.sqrt(xp.where(values > least, values, 0.0))[:, None, :]
