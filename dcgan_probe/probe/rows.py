"""Sums over the rows of a narrow design, in blocks that stay in the cache of a core."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import numpy as np

from .conversion import THREADS, fill
from .design import Design
from .scaling import Standardize

CACHED_BYTES = 1 << 20
"""Of a block; scores and residuals of its rows lie beside it."""
HELD_BYTES = 64 << 20
"""Greatest size of converted rows that are kept between passes."""

Work = Callable[..., None]
"""Adds what one block gives to totals: ``work(rows, block, *totals)``."""


class Rows:
    """Rows of a design on the CPU as blocks (n, width), the constant column stored last."""

    def __init__(self, design: Design, dtype: Any):
        """Keep the design, and its converted rows where they are small."""
        self._design, self._dtype = design, dtype
        self._finish = None if design.scaling is None else Standardize(design.scaling, dtype, np.empty(0))
        self._size = max(64, CACHED_BYTES // (np.dtype(dtype).itemsize * design.width))
        self._starts = range(0, design.rows, self._size)
        self._reading = Lock()  # a file is read by one thread at a time
        self._held: dict[int, np.ndarray] = {}
        self._holds = design.rows * design.width * np.dtype(dtype).itemsize <= HELD_BYTES

    def sums(self, work: Work, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
        """Return float64 totals of these shapes, to which ``work`` adds block by block.

        Each thread has its own blocks and totals, so that the order of the sums is the same each time.
        """
        self._design.passes += 1
        shares = [self._starts[number::THREADS] for number in range(min(THREADS, len(self._starts)))]
        if len(shares) == 1:
            return self._share(work, shapes, shares[0])
        with ThreadPoolExecutor(len(shares)) as pool:
            parts = list(pool.map(lambda starts: self._share(work, shapes, starts), shares))
        return [sum(totals[1:], totals[0]) for totals in zip(*parts, strict=True)]

    def _share(self, work: Work, shapes: Sequence[tuple[int, ...]], starts: range) -> list[np.ndarray]:
        totals = [np.zeros(shape) for shape in shapes]
        buffer = None if self._holds else np.empty((self._size, self._design.width), self._dtype)
        for start in starts:
            rows = slice(start, min(start + self._size, self._design.rows))
            work(rows, self._block(rows, buffer), *totals)
        return totals

    def _block(self, rows: slice, buffer: np.ndarray | None) -> np.ndarray:
        if buffer is None:
            if rows.start not in self._held:
                self._held[rows.start] = self._read(
                    rows, np.empty((rows.stop - rows.start, self._design.width), self._dtype)
                )
            return self._held[rows.start]
        return self._read(rows, buffer[: rows.stop - rows.start])

    def _read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        if self._design.in_memory:
            source = self._design.features[rows]
        else:
            with self._reading:
                source = self._design.features[rows]
        fill(source, block[:, : self._design.columns], self._finish)
        block[:, self._design.columns :] = 1.0
        return block
