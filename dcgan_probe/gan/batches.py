"""Takes images and a position, gives the mini-batch of that position, with labels if asked; knows no network.

The order is a new permutation in each pass over the set, and a batch may span two passes. Since the batch depends on
(seed, position) alone, a resumed run sees exactly the images that an uninterrupted one would have seen. Of several
ranks each takes its part of the same batch.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, Protocol

import numpy as np
import torch

from ..images import ImageSet
from ..runtime import ALONE, Ranks, UserError, torch_generator
from .config import TrainConfig
from .windows import WindowOrder, WindowReader

CUDA_SHARE = 0.5  # of the free device memory that the images may take before they stay on the host


class Batch(NamedTuple):
    """What a step shows to D."""

    images: torch.Tensor
    """uint8 (n, channels, H, W): a quarter of the bytes of signed ones, which the step makes of them."""
    labels: torch.Tensor | None
    """int64 (n,); None where the networks are not conditional."""


class Batches(Protocol):
    """What training asks of its images."""

    def batch(self, position: int) -> Batch:
        """Give this rank's part of the batch at ``position``."""

    def require_unchanged(self) -> None:
        """Raise ``ChangedFileError`` if batches to come are read from a file that has changed since it was opened."""


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
            option="batch_size",
        )
    labels = known_labels(config, images)
    if config.window:
        windows = WindowStream(images, config.batch_size, config.window, config.seed, device, ranks, labels)
        return Ahead(windows, config.batch_size) if device.type == "cuda" else windows
    whole = BatchStream(images, config.batch_size, config.seed, device, ranks, labels)
    return whole if whole.resident else Ahead(whole, config.batch_size)


def known_labels(config: TrainConfig, images: ImageSet) -> torch.Tensor | None:
    """Give the labels int64 (N,) that conditional networks take; None for unconditional ones, whatever the set has."""
    return torch.from_numpy(images.require_labels("a conditional network")) if config.network.classes else None


class BatchStream:
    """Shuffled mini-batches of an image set, addressed by position.

    The uint8 images live on ``device`` if they fit there, else in host memory.
    """

    def __init__(
        self,
        images: ImageSet,
        batch_size: int,
        seed: int,
        device: torch.device,
        ranks: Ranks = ALONE,
        labels: torch.Tensor | None = None,
    ):
        """Read the images; ``labels`` int64 (N,) are given with them where there are some."""
        self._rows, self._batch_size, self._seed, self._device = len(images), batch_size, seed, device
        self._part = ranks.part(batch_size)
        pixels = torch.from_numpy(np.ascontiguousarray(images.images[:]))
        self._pixels = pixels.to(device) if fits(pixels.nbytes, device) else pixels
        self._labels = None if labels is None else labels.to(self._pixels.device)
        self._order: tuple[int, torch.Tensor] = (-1, torch.empty(0, dtype=torch.int64))

    @property
    def resident(self) -> bool:
        """Whether the images live where training computes."""
        return self._pixels.device.type == self._device.type

    def rows(self, position: int) -> torch.Tensor:
        """Give the row numbers, int64 (batch_size,), of the whole batch that starts at ``position`` images seen."""
        return joined(self._rest, position, self._batch_size)

    def batch(self, position: int) -> Batch:
        """Give this rank's part of the batch at ``position``."""
        rows = self.rows(position)[self._part]
        return as_batch(self._pixels[rows], None if self._labels is None else self._labels[rows], self._device)

    def require_unchanged(self) -> None:
        """Do nothing: all images are in memory."""

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
        labels: torch.Tensor | None = None,
    ):
        """Begin to read; ``labels`` int64 (N,) are given with the images where there are some."""
        self._batch_size, self._device, self._part = batch_size, device, ranks.part(batch_size)
        self._images, self._labels = images, labels
        self._order = WindowOrder(len(images), window, seed)
        self._reader = WindowReader(images, self._order, window)

    def rows(self, position: int) -> torch.Tensor:
        """Give the row numbers, int64 (batch_size,), of the whole batch that starts at ``position`` images seen."""

        def rest(start: int) -> torch.Tensor:
            window, offset = self._order.find(start)
            return self._order.rows(window)[offset:]

        return joined(rest, position, self._batch_size)

    def batch(self, position: int) -> Batch:
        """Give this rank's part of the batch at ``position``."""

        def rest(start: int) -> torch.Tensor:
            window, offset = self._order.find(start)
            return self._reader.pixels(window)[offset:]

        labels = None if self._labels is None else self._labels[self.rows(position)[self._part]]
        return as_batch(joined(rest, position, self._batch_size)[self._part], labels, self._device)

    def require_unchanged(self) -> None:
        """Raise ``ChangedFileError`` if the file of the images is no longer as it was when it was opened."""
        self._images.require_unchanged()


class Ahead:
    """The batches of another source, each prepared and on its way to the GPU while the step before it runs."""

    def __init__(self, batches: Batches, batch_size: int):
        """Take the source, and the distance from one position to the next."""
        self._batches, self._batch_size = batches, batch_size
        self._thread = ThreadPoolExecutor(1, "batches")
        self._next: tuple[int, Future[Batch]] | None = None

    def batch(self, position: int) -> Batch:
        """Give the batch at ``position``, and begin the one after it."""
        if self._next is None or self._next[0] != position:
            self._begin(position)
        assert self._next is not None
        result = self._next[1].result()
        self._begin(position + self._batch_size)
        return result

    def require_unchanged(self) -> None:
        """Ask the source."""
        self._batches.require_unchanged()

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
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def as_batch(pixels: torch.Tensor, labels: torch.Tensor | None, device: torch.device) -> Batch:
    """Give uint8 images (n, channels, H, W) and their labels on ``device``."""
    return Batch(sent(pixels, device), None if labels is None else sent(labels, device))


def sent(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Give a tensor on ``device``, where it may arrive later than this function returns."""
    if device.type == "cuda" and values.device.type == "cpu":
        values = values.pin_memory()  # from where the GPU fetches it by itself
    return values.to(device, non_blocking=True)


def fits(size: int, device: torch.device) -> bool:
    """Tell whether ``size`` bytes of images may live on ``device``."""
    return device.type != "cuda" or size < CUDA_SHARE * torch.cuda.mem_get_info(device)[0]
