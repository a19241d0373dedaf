"""Windows of shuffled blocks of an image set, within bounded memory.

A pass visits the blocks, 256 consecutive rows each, in a new random order. The blocks of a window are read together and
their rows are shuffled, while the next window is read in the background. A set that is sorted by class is well mixed,
since a window holds blocks from the whole set. The rows of a window depend only on the seed, the pass and the number of
the window.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from ..images import ImageSet
from ..runtime import available_memory, check_memory, torch_generator
from .config import BLOCK

DEFAULT_WINDOW = 65_536  # images
MEMORY_SHARE = 0.5  # largest share of the available memory for a whole set
HELD = 3  # windows: in use, read ahead, and in conversion from the file's layout


@dataclass(frozen=True)
class Window:
    """Window of a pass."""

    number: int
    """Number of the pass, from 0."""
    index: int
    """Number of the window within the pass, from 0."""


class WindowOrder:
    """Rows of each window of a set, in order, computed without reading the set."""

    def __init__(self, rows: int, window: int, seed: int, block: int = BLOCK):
        """Cut ``rows`` rows into blocks, of which ``window // block`` make a window."""
        self._rows, self._block, self._seed = rows, block, seed
        self._blocks, self._together = -(-rows // block), window // block
        self._pass = (-1, np.empty(0, np.int64), np.empty(0, np.int64))

    def find(self, position: int) -> tuple[Window, int]:
        """Return the window at ``position`` images seen, and the offset within it."""
        number, offset = divmod(position, self._rows)
        _, starts = self._in_pass(number)
        index = int(np.searchsorted(starts, offset, side="right")) - 1
        return Window(number, index), offset - int(starts[index])

    def after(self, window: Window) -> Window:
        """Return the next window, which belongs to the next pass if this window is the last of its pass."""
        last = (window.index + 1) * self._together >= self._blocks
        return Window(window.number + 1, 0) if last else Window(window.number, window.index + 1)

    def rows(self, window: Window) -> torch.Tensor:
        """Return the row numbers, int64 (n,), of a window in their shuffled order."""
        order, _ = self._in_pass(window.number)
        blocks = order[window.index * self._together : (window.index + 1) * self._together]
        rows = (blocks[:, None] * self._block + np.arange(self._block)).ravel()
        rows = rows[rows < self._rows]  # the last block of the set may be short
        random = torch_generator(self._seed, "window", window.number, window.index)
        return torch.from_numpy(rows)[torch.randperm(len(rows), generator=random)]

    def _in_pass(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the order of the blocks in a pass, and the offset at which each window begins."""
        if self._pass[0] != number:
            random = torch_generator(self._seed, "blocks", number)
            order = torch.randperm(self._blocks, generator=random).numpy()
            sizes = np.minimum(self._block, self._rows - order * self._block)
            self._pass = (number, order, (np.cumsum(sizes) - sizes)[:: self._together])
        return self._pass[1:]


class WindowReader:
    """Reader of a window's pixels, which also reads the next window in a thread and frees earlier ones."""

    def __init__(self, images: ImageSet, order: WindowOrder, window: int):
        """Check that memory has room for the windows."""
        check_memory(
            f"reading {images.name} in windows of {window:,} images",
            held_bytes(images, window),
            available_memory(),
            "use a smaller `window`",
            parameter="window",
        )
        self._images, self._order = images.images, order
        self._thread = ThreadPoolExecutor(1, "windows")
        self._reads: dict[Window, Future[torch.Tensor]] = {}

    def pixels(self, window: Window) -> torch.Tensor:
        """Return the uint8 images (n, channels, H, W) of a window, in its order."""
        needed = (window, self._order.after(window))
        self._reads = {each: self._reads.get(each) or self._begin(each) for each in needed}
        return self._reads[window].result()

    def _begin(self, window: Window) -> "Future[torch.Tensor]":
        rows = self._order.rows(window).numpy()
        return self._thread.submit(lambda: torch.from_numpy(self._images[rows]))


def held_bytes(images: ImageSet, window: int) -> int:
    """Return the bytes of the images held in windows, or of the whole set if ``window`` is 0."""
    rows = HELD * min(window, len(images)) if window else len(images)
    return rows * images.channels * images.height * images.width


def choose_window(images: ImageSet, copies: int = 1) -> int:
    """Return the window for a set held by ``copies`` processes of this machine; 0 if whole copies fit into memory."""
    fits = copies * held_bytes(images, 0) < MEMORY_SHARE * available_memory()
    whole = fits or isinstance(images.images, np.ndarray)
    return 0 if whole else DEFAULT_WINDOW
