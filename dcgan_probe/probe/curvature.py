"""Hessian sums of narrow problems, of which only rows whose curvature changed are multiplied again."""

import itertools

import numpy as np
import scipy.linalg

from .objective import Problems
from .preconditioners import ridges
from .rows import Rows


class Curvature:
    """Sums ``sum_i r_i c_ij x_i x_i'`` of J problems, and the curvature of each row that is in them."""

    def __init__(self, problems: Problems, rows: Rows):
        """Sum up at scores of zero, where every row has the same curvature."""
        width = problems.design.width
        folds, numbers = np.unique(problems.folds, return_inverse=True)
        weights = problems.row_weights[folds]
        curvature = 2.0 if not problems.loss.coupled else 1.0 / problems.outputs

        def work(part: slice, block: np.ndarray, sums: np.ndarray) -> None:
            for total, shares in zip(sums, weights[:, part], strict=True):
                _add_square(total, block, curvature * shares)

        (sums,) = rows.sums(work, [(len(folds), width, width)])
        self._rows, self._sums = rows, sums[numbers]
        self._held = np.full((len(problems), problems.design.rows), curvature, np.float32)

    def follow(self, problems: Problems, which: np.ndarray, bends: np.ndarray, anew: np.ndarray) -> None:
        """Bring problems ``which`` (j,) to second derivatives ``bends`` (j, Q, N); ``anew`` (j,) says which from 0."""
        self._held[which[anew]] = 0.0
        self._sums[which[anew]] = 0.0
        weights = problems.row_weights

        def work(part: slice, block: np.ndarray, sums: np.ndarray) -> None:
            curvature = problems.loss.mean_curvature(bends[:, :, part])
            for j, total in enumerate(sums):
                change = curvature[j] - self._held[which[j], part]
                if change.any():
                    _add_square(total, block, change * weights[problems.folds[j], part])
            self._held[which, part] = curvature

        (sums,) = self._rows.sums(work, [(len(which), *self._sums.shape[1:])])
        self._sums[which] += sums

    def factor(self, which: int, penalty: float, shrinks: np.ndarray) -> np.ndarray:
        """Return the Cholesky factor, in the upper triangle, of a problem's ``diag(shrinks) + C sum``."""
        hessian = penalty * self._sums[which]
        diagonal = hessian.diagonal() + shrinks
        for ridge in itertools.chain([0.0], ridges(len(diagonal), np.finfo(np.float64).eps)):
            np.fill_diagonal(hessian, (1.0 + ridge) * diagonal)
            factor, failed = scipy.linalg.lapack.dpotrf(hessian.T, lower=1, clean=0)
            if not failed:
                return factor
        return np.diag(np.sqrt(diagonal))


def _add_square(total: np.ndarray, block: np.ndarray, shares: np.ndarray) -> None:
    """Add ``sum_i share_i x_i x_i'`` to the upper triangle of a total, of the rows whose share is not 0."""
    for sign in (1.0, -1.0):
        chosen = np.flatnonzero(sign * shares > 0.0)
        if len(chosen):
            some = block[chosen] if len(chosen) < len(block) else block
            some = some * np.sqrt(sign * shares[chosen], dtype=np.float64)[:, None]
            scipy.linalg.blas.dsyrk(sign, some.T, beta=1.0, c=total.T, lower=1, overwrite_c=1)
