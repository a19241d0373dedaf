"""Takes images and a position, gives the mini-batch of that position; knows no network.

The order is a new permutation in each pass over the set, and a batch may span two passes. Since the batch depends on
(seed, position) alone, a resumed run sees exactly the images that an uninterrupted one would have seen. Of several
ranks each takes its part of the same batch.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np
import torch

from ..images import ImageSet, to_signed
from ..runtime import ALONE, Ranks, UserError, torch_generator
from .config import TrainConfig
from .windows import WindowOrder, WindowReader

CUDA_SHARE = 0.5  # of the free device memory that the images may take before they stay on the host


class Batches(Protocol):
    """What training asks of its images."""

    def batch(self, position: int) -> torch.Tensor:
        """Give this rank's part of the batch at ``position``, signed float32 (n, channels, H, W), channels last."""


def open_batches(config: TrainConfig, images: ImageSet, device: torch.device, ranks: Ranks = ALONE) -> Batches:
    """Give the mini-batches of a set that is held in memory whole, or in the config's windows.

    Raises
    ------
    UserError
        If the set has fewer images than a batch, the ranks do not divide a batch, or there is no memory for windows.
    """
    if len(images) < config.batch_size:
        raise UserError(
            f"got {len(images)} training images, expected at least one batch of {config.batch_size}; "
            "give more images or a smaller batch",
            option="batch-size",
        )
    if config.window:
        windows = WindowStream(images, config.batch_size, config.window, config.seed, device, ranks)
        return Ahead(windows, config.batch_size) if device.type == "cuda" else windows
    whole = BatchStream(images, config.batch_size, config.seed, device, ranks)
    return whole if whole.resident else Ahead(whole, config.batch_size)


class BatchStream:
    """Shuffled mini-batches of an image set, addressed by position.

    The uint8 images live on ``device`` if they fit there, else in host memory.
    """

    def __init__(self, images: ImageSet, batch_size: int, seed: int, device: torch.device, ranks: Ranks = ALONE):
        self._rows, self._batch_size, self._seed, self._device = len(images), batch_size, seed, device
        self._part = ranks.part(batch_size)
        pixels = torch.from_numpy(np.ascontiguousarray(images.images[:]))
        self._pixels = pixels.to(device) if fits(pixels.nbytes, device) else pixels
        self._order: tuple[int, torch.Tensor] = (-1, torch.empty(0, dtype=torch.int64))

    @property
    def resident(self) -> bool:
        """Whether the images live where training computes."""
        return self._pixels.device.type == self._device.type

    def rows(self, position: int) -> torch.Tensor:
        """Give the row numbers, int64 (batch_size,), of the whole batch that starts at ``position`` images seen."""
        return joined(self._rest, position, self._batch_size)

    def batch(self, position: int) -> torch.Tensor:
        """Give this rank's part of the signed images at ``position``."""
        return as_batch(self._pixels[self.rows(position)[self._part]], self._device)

    def _rest(self, position: int) -> torch.Tensor:
        number, offset = divmod(position, self._rows)
        if self._order[0] != number:
            random = torch_generator(self._seed, "order", number)
            # Beside the images, so that a step moves no row numbers.
            self._order = (number, torch.randperm(self._rows, generator=random).to(self._pixels.device))
        return self._order[1][offset:]


class WindowStream:
    """Mini-batches of a set that stays in its file but for the window in use and the next one; addressed likewise."""

    def __init__(
        self,
        images: ImageSet,
        batch_size: int,
        window: int,
        seed: int,
        device: torch.device,
        ranks: Ranks = ALONE,
    ):
        self._batch_size, self._device, self._part = batch_size, device, ranks.part(batch_size)
        self._order = WindowOrder(len(images), window, seed)
        self._reader = WindowReader(images, self._order, window)

    def rows(self, position: int) -> torch.Tensor:
        """Give the row numbers, int64 (batch_size,), of the whole batch that starts at ``position`` images seen."""

        def rest(start: int) -> torch.Tensor:
            window, offset = self._order.find(start)
            return self._order.rows(window)[offset:]

        return joined(rest, position, self._batch_size)

    def batch(self, position: int) -> torch.Tensor:
        """Give this rank's part of the signed images at ``position``."""

        def rest(start: int) -> torch.Tensor:
            window, offset = self._order.find(start)
            return self._reader.pixels(window)[offset:]

        return as_batch(joined(rest, position, self._batch_size)[self._part], self._device)


class Ahead:
    """The batches of another source, each prepared and on its way to the GPU while the step before it runs."""

    def __init__(self, batches: Batches, batch_size: int):
        """Take the source, and the distance from one position to the next."""
        self._batches, self._batch_size = batches, batch_size
        self._thread = ThreadPoolExecutor(1, "batches")
        self._next: tuple[int, Future[torch.Tensor]] | None = None

    def batch(self, position: int) -> torch.Tensor:
        """Give the batch at ``position``, and begin the one after it."""
        if self._next is None or self._next[0] != position:
            self._begin(position)
        assert self._next is not None
        result = self._next[1].result()
        self._begin(position + self._batch_size)
        return result

    def _begin(self, position: int) -> None:
        # One thread: a source is asked for one batch at a time.
        self._next = (position, self._thread.submit(self._batches.batch, position))


def joined(rest: Callable[[int], torch.Tensor], position: int, count: int) -> torch.Tensor:
    """Join what ``rest`` gives from a position to the end of its pass or window, until there are ``count`` rows."""
    parts, start, stop = [], position, position + count
    while start < stop:
        part = rest(start)[: stop - start]
        parts.append(part)
        start += len(part)
    return torch.cat(parts)


def as_batch(pixels: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Give uint8 images (n, channels, H, W) as the networks take them: signed float32, channels last, on ``device``."""
    if device.type == "cuda" and pixels.device.type == "cpu":
        pixels = pixels.pin_memory()  # from where the GPU fetches it by itself
    return to_signed(pixels.to(device, non_blocking=True)).contiguous(memory_format=torch.channels_last)


def fits(size: int, device: torch.device) -> bool:
    """Tell whether ``size`` bytes of images may live on ``device``."""
    return device.type != "cuda" or size < CUDA_SHARE * torch.cuda.mem_get_info(device)[0]
