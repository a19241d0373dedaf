"""Takes a set in blocks of rows, gives it in windows of shuffled blocks, within bounded memory; knows no batch.

A pass takes the blocks, 256 consecutive rows each, in a new random order. As many as make a window are read together
and their rows shuffled; the next window is read meanwhile. A set that is sorted by class comes well mixed, since a
window holds blocks from everywhere. What is in a window depends on (seed, pass, number) alone.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from ..images import ImageSet
from ..runtime import available_memory, check_memory, torch_generator
from .config import BLOCK

DEFAULT_WINDOW = 65_536  # images
MEMORY_SHARE = 0.5  # of the available memory that a set may take whole
HELD = 3  # windows: in use, read ahead, and in transit from the file's layout


@dataclass(frozen=True)
class Window:
    """One window of one pass."""

    number: int
    """Of the pass, from 0."""
    index: int
    """Within the pass, from 0."""


class WindowOrder:
    """Which rows of a set each window holds, and in which order; reads nothing."""

    def __init__(self, rows: int, window: int, seed: int, block: int = BLOCK):
        """Cut ``rows`` rows into blocks, of which ``window // block`` make a window."""
        self._rows, self._block, self._seed = rows, block, seed
        self._blocks, self._together = -(-rows // block), window // block
        self._pass = (-1, np.empty(0, np.int64), np.empty(0, np.int64))

    def find(self, position: int) -> tuple[Window, int]:
        """Give the window that holds ``position`` images seen, and the place within it."""
        number, offset = divmod(position, self._rows)
        _, starts = self._in_pass(number)
        index = int(np.searchsorted(starts, offset, side="right")) - 1
        return Window(number, index), offset - int(starts[index])

    def after(self, window: Window) -> Window:
        """Give the window that follows, of the next pass where this is the last of its own."""
        last = (window.index + 1) * self._together >= self._blocks
        return Window(window.number + 1, 0) if last else Window(window.number, window.index + 1)

    def rows(self, window: Window) -> torch.Tensor:
        """Give the row numbers, int64 (n,), of a window in their shuffled order."""
        order, _ = self._in_pass(window.number)
        blocks = order[window.index * self._together : (window.index + 1) * self._together]
        rows = (blocks[:, None] * self._block + np.arange(self._block)).ravel()
        rows = rows[rows < self._rows]  # the last block of the set may be short
        random = torch_generator(self._seed, "window", window.number, window.index)
        return torch.from_numpy(rows)[torch.randperm(len(rows), generator=random)]

    def _in_pass(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the order of the blocks in a pass, and the place at which each window begins."""
        if self._pass[0] != number:
            random = torch_generator(self._seed, "blocks", number)
            order = torch.randperm(self._blocks, generator=random).numpy()
            sizes = np.minimum(self._block, self._rows - order * self._block)
            self._pass = (number, order, (np.cumsum(sizes) - sizes)[:: self._together])
        return self._pass[1:]


class WindowReader:
    """The pixels of a window and, in a thread of its own, of the next one; earlier ones are let go."""

    def __init__(self, images: ImageSet, order: WindowOrder, window: int):
        """Refuse windows that memory has no room for."""
        check_memory(
            f"reading {images.name} in windows of {window:,} images",
            held_bytes(images, window),
            available_memory(),
            "take a smaller `window`",
            option="window",
        )
        self._images, self._order = images.images, order
        self._thread = ThreadPoolExecutor(1, "windows")
        self._reads: dict[Window, Future[torch.Tensor]] = {}

    def pixels(self, window: Window) -> torch.Tensor:
        """Give the uint8 images (n, channels, H, W) of a window, in its order."""
        wanted = (window, self._order.after(window))
        self._reads = {each: self._reads.get(each) or self._begin(each) for each in wanted}
        return self._reads[window].result()

    def _begin(self, window: Window) -> "Future[torch.Tensor]":
        rows = self._order.rows(window).numpy()
        return self._thread.submit(lambda: torch.from_numpy(self._images[rows]))


def held_bytes(images: ImageSet, window: int) -> int:
    """Give the memory that the images take in windows, or whole where ``window`` is 0."""
    rows = HELD * min(window, len(images)) if window else len(images)
    return rows * images.channels * images.height * images.width


def choose_window(images: ImageSet, copies: int = 1) -> int:
    """Give the window for a set of which ``copies`` processes of this machine would hold a copy: 0 if these fit."""
    fits = copies * held_bytes(images, 0) < MEMORY_SHARE * available_memory()
    whole = fits or isinstance(images.images, np.ndarray)
    return 0 if whole else DEFAULT_WINDOW
