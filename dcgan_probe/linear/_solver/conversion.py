"""Conversion of rows to the dtype of a block, in threads, since numpy converts on one core."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .losses import Array

THREADS = 2
WIDEN_NUMBERS = 1 << 15
CACHED_NUMBERS = 1 << 15
"""Numbers copied and finished in one step, so that they stay in the cache of a core."""
SIGN_AND_HALF, HALF_SCALE = np.int32(-0x70002000), np.float32(2.0**112)


Finish = Callable[[Array], None]
"""In-place change of part of a block (n, D) after its rows are copied."""


def convert(source: Array, block: Array, pool: ThreadPoolExecutor, finish: Finish | None = None) -> None:
    """Copy rows (n, D) into a block (n, D) and finish it, in ``THREADS`` threads of the pool if it is large."""
    if not isinstance(block, np.ndarray) or block.size <= CACHED_NUMBERS:
        fill(source, block, finish)
        return
    cuts = [len(block) * part // THREADS for part in range(THREADS + 1)]
    parts = [slice(start, stop) for start, stop in itertools.pairwise(cuts)]
    list(pool.map(lambda part: fill(source[part], block[part], finish), parts))


def fill(source: Array, block: Array, finish: Finish | None = None) -> None:
    """Copy rows (n, D) into a block (n, D) and finish it, in this thread."""
    if not isinstance(block, np.ndarray):
        block[...] = source
        if finish is not None:
            finish(block)
        return
    halves = source.dtype == np.float16 and block.dtype == np.float32
    copy = _widen if halves and source.flags.c_contiguous and block.flags.c_contiguous else np.copyto
    if finish is None:
        copy(block, source)
        return
    size = max(1, CACHED_NUMBERS // max(1, block.shape[1]))
    for start in range(0, len(block), size):
        part = slice(start, start + size)
        copy(block[part], source[part])
        finish(block[part])


def _widen(block: np.ndarray, source: np.ndarray) -> None:
    """Copy finite float16 (n, D) into float32, faster than numpy's cast on processors without an instruction for it.

    A shift by 13 bits aligns exponent and fraction with those of float32; the value is then 2^112 too small.
    """
    bits, values = block.view(np.int32).reshape(-1), block.reshape(-1)
    halves = source.view(np.int16).reshape(-1)
    for start in range(0, len(halves), WIDEN_NUMBERS):
        part = slice(start, start + WIDEN_NUMBERS)
        np.copyto(bits[part], halves[part])
        np.left_shift(bits[part], 13, out=bits[part])
        np.bitwise_and(bits[part], SIGN_AND_HALF, out=bits[part])
        np.multiply(values[part], HALF_SCALE, out=values[part])
