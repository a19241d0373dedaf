"""Gram matrix of the rows of features in memory."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.linalg

from .conversion import THREADS
from .scaling import Scaling

BLOCK_BYTES = 16 << 20
SMALL_ROWS = 2048
"""Up to this number of rows, the threads of BLAS cost more time than they save."""


def gram_matrix(features: np.ndarray, scaling: Scaling | None = None, apart: np.ndarray | None = None) -> np.ndarray:
    """Compute ``F F'``, float64 (N, N), of features in memory, optionally standardized, over blocks of columns.

    Columns whose numbers are in ``apart`` are excluded.

    Up to ``SMALL_ROWS`` rows, columns are divided among threads here: the threads of BLAS wait for each other, and slow
    down the products that follow.
    """
    apart = np.zeros(0, np.int64) if apart is None else apart
    rows, columns = features.shape
    size = max(64, BLOCK_BYTES // (8 * rows))
    if rows <= SMALL_ROWS:
        halves = [slice(number * columns // THREADS, (number + 1) * columns // THREADS) for number in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            grams = pool.map(lambda half: _small_gram(features, half, size, scaling, apart), halves)
            return sum(grams, np.zeros((rows, rows)))
    gram = np.zeros((rows, rows), order="F")
    for start in range(0, columns, size):
        part = _columns(features, slice(start, start + size), scaling, apart)
        gram = scipy.linalg.blas.dsyrk(1.0, part.T, beta=1.0, c=gram, trans=1, lower=1, overwrite_c=1)
    lower = np.tril(gram, -1)
    lower += lower.T
    np.fill_diagonal(lower, np.diagonal(gram))
    return lower


def _small_gram(
    features: np.ndarray, columns: slice, size: int, scaling: Scaling | None, apart: np.ndarray
) -> np.ndarray:
    gram = np.zeros((len(features), len(features)))
    for start in range(columns.start, columns.stop, size):
        part = _columns(features, slice(start, min(start + size, columns.stop)), scaling, apart)
        gram += part @ part.T
    return gram


def _columns(features: np.ndarray, columns: slice, scaling: Scaling | None, apart: np.ndarray) -> np.ndarray:
    """Copy columns to C-ordered float64, optionally standardized; columns in ``apart`` become 0."""
    part = features[:, columns].astype(np.float64, order="C")
    if scaling is not None:
        part -= scaling.mean[columns]
        part -= scaling.rest[columns]
        part /= scaling.deviation[columns]
    part[:, apart[(apart >= columns.start) & (apart < columns.stop)] - columns.start] = 0.0
    return part
