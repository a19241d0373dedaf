"""Preconditioner of a problem with a few rows far longer than the others, for a softmax or a sketch.

Such a row, for example with one feature of 1e10 among ones, has a curvature ``S`` (Q, Q) that varies between pairs of
classes, from zero to far more than the curvature of all other rows together. A mean over classes does not represent it,
so the exact ``S`` is added to the preconditioner ``M`` of the other rows by the Woodbury identity. With ``S = B B'``::

    (M + sum_e x_e' S_e x_e)^-1 = M^-1 - M^-1 X' B (1 + B' K B)^-1 B' X M^-1,    K = X M^-1 X'
"""

from collections.abc import Sequence

import numpy as np

from .arrays import array_namespace, device
from .input_checks import FAR_LONGER
from .losses import Array
from .objective import Problems
from .preconditioners import Preconditioner
from .state import State

MOST_NUMBERS = 1024
"""Largest size of the linear system of the dominant rows: rows times classes."""


def dominant_rows(problem: Problems) -> np.ndarray:
    """Return the numbers of the rows far longer than the median, longest first, as many as ``MOST_NUMBERS`` allows."""
    lengths = problem.design.lengths()
    longest = np.argsort(-lengths, kind="stable")[: max(1, MOST_NUMBERS // problem.outputs)]
    return longest[lengths[longest] > FAR_LONGER * np.median(lengths)]


class DominantRowsPreconditioner:
    """Preconditioner with the exact curvature of a few dominant rows."""

    def __init__(self, inner: Preconditioner, level: float, problem: Problems, state: State, numbers: np.ndarray):
        """Extend a preconditioner, prepared at one level without these rows, at the state of the one problem."""
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
        """Do nothing: the inner preconditioner is prepared."""

    def solve(self, level: float, residuals: Array) -> Array:
        """Solve for residuals (Q, width) of the problem."""
        base = self._inner.solve(level, residuals)
        xp, roots = array_namespace(base), self._roots
        scores = (self._rows @ base.T)[:, None, :] @ roots
        pulls = roots @ xp.linalg.solve(self._system, scores.reshape((-1, 1))).reshape((*roots.shape[:2], 1))
        return base - pulls[:, :, 0].T @ self._images

    def largest(self, count: int) -> Array:
        """Return the largest directions of the other rows."""
        return self._inner.largest(count)


def _roots(probabilities: Array, weights: Array) -> Array:
    """Return ``B`` (E, Q, Q) with ``B B' = weight (diag(p) - p p')`` for ``p`` (E, Q) and weights (E, 1, 1)."""
    xp, outputs = array_namespace(probabilities), probabilities.shape[1]
    identity = xp.eye(outputs, dtype=probabilities.dtype, device=device(probabilities))
    # Sums over pairs: p - p^2 would lose digits for p near 1, and a shift of all scores would have a curvature.
    pairs = weights * probabilities[:, :, None] * probabilities[:, None, :] * (1.0 - identity)
    values, vectors = xp.linalg.eigh(xp.sum(pairs, axis=2, keepdims=True) * identity - pairs)
    least = outputs * float(xp.finfo(probabilities.dtype).eps) * values[:, -1:]
    return vectors * xp.sqrt(xp.where(values > least, values, 0.0))[:, None, :]
