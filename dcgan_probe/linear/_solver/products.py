"""Products of blocks of rows, added in place: a block with itself, and weights with a block."""

from collections.abc import Iterator

import numpy as np
import scipy.linalg

from .losses import Array

BLOCK_BYTES = 16 << 20
PART_ROWS = 2048
"""Rows of a part: products with few columns are faster in parts of this size (``benchmarks/SOLVER.md``)."""
SKINNY = 256


def weighed_parts(block: Array, row_weights: Array | None) -> Iterator[tuple[Array, Array | None]]:
    """Yield a block (n, D) as a whole, or parts of its rows with a positive weight, so that no copy exceeds a part."""
    if row_weights is None:
        yield block, None
        return
    size = max(16, BLOCK_BYTES // (8 * block.shape[1]))
    for start in range(0, block.shape[0], size):
        part, own = block[start : start + size], row_weights[start : start + size]
        kept = own != 0.0
        yield (part, own) if bool(kept.all()) else (part[kept], own[kept])


def add_cross_product(block: Array, moments: Array) -> None:
    """Add ``block' block`` to the lower triangle of moments (D, D), in Fortran order for numpy."""
    if isinstance(block, np.ndarray):
        syrk = scipy.linalg.blas.get_blas_funcs("syrk", (moments,))
        if block.flags.c_contiguous:
            syrk(1.0, block.T, beta=1.0, c=moments, lower=1, overwrite_c=1)
        else:
            syrk(1.0, block, beta=1.0, c=moments, trans=1, lower=1, overwrite_c=1)
    else:
        moments += block.T @ block


def add_product(sums: Array, left: Array, block: Array) -> None:
    """Add ``left block`` to sums (J, D): few rows of ``left`` part by part, many without a temporary of that size."""
    if len(left) <= SKINNY:
        for start in range(0, block.shape[0], PART_ROWS):
            rows = slice(start, start + PART_ROWS)
            sums += left[:, rows] @ block[rows]
    elif isinstance(block, np.ndarray) and block.flags.c_contiguous:
        gemm = scipy.linalg.blas.get_blas_funcs("gemm", (block,))
        gemm(1.0, block.T, left.T, beta=1.0, c=sums.T, overwrite_c=1)
    else:
        sums += left @ block
