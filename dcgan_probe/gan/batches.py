"""Mini-batches of an image set, addressed by position, with labels for conditional networks.

Each pass over the set has a new permutation, and a batch may span two passes. A batch depends on (seed, position)
alone, so a resumed run sees exactly the images of an uninterrupted one. With several ranks, each rank reads its part of
the same batch.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, Protocol

import numpy as np
import torch

from ..images import ImageSet
from ..runtime import ALONE, Ranks, UserError, torch_generator
from .config import TrainConfig
from .image_windows import WindowOrder, WindowReader

CUDA_SHARE = 0.5  # largest share of free device memory for the images; larger sets stay on the host


class Batch(NamedTuple):
    """Images and labels of one training step."""

    images: torch.Tensor
    """uint8 (n, channels, H, W), a quarter of the bytes of signed images; the step converts them."""
    labels: torch.Tensor | None
    """int64 (n,); None for unconditional networks."""


class Batches(Protocol):
    """Source of mini-batches for training."""

    def batch(self, position: int) -> Batch:
        """Return this rank's part of the batch at ``position``."""

    def require_unchanged(self) -> None:
        """Raise ``ChangedFileError`` if later batches are read from a file that has changed since it was opened."""


def open_batches(config: TrainConfig, images: ImageSet, device: torch.device, ranks: Ranks = ALONE) -> Batches:
    """Return the mini-batches of a set, held in memory whole or in the config's windows.

    Raises
    ------
    UserError
        If the set has fewer images than a batch, the ranks do not divide a batch, or memory has no room for windows.
    """
    if len(images) < config.batch_size:
        raise UserError(
            f"got {len(images)} training images, expected at least one batch of {config.batch_size}; "
            "give more images or a smaller batch",
            parameter="batch_size",
        )
    labels = known_labels(config, images)
    if config.window:
        windows = WindowStream(images, config.batch_size, config.window, config.seed, device, ranks, labels)
        return Prefetcher(windows, config.batch_size) if device.type == "cuda" else windows
    whole = BatchStream(images, config.batch_size, config.seed, device, ranks, labels)
    return whole if whole.resident else Prefetcher(whole, config.batch_size)


def known_labels(config: TrainConfig, images: ImageSet) -> torch.Tensor | None:
    """Return the labels int64 (N,) for conditional networks, and None for unconditional ones."""
    return torch.from_numpy(images.require_labels("a conditional network")) if config.network.classes else None


class BatchStream:
    """Shuffled mini-batches of an image set, addressed by position.

    The uint8 images are stored on ``device`` if they fit there, otherwise in host memory.
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
        """Read the images; batches include ``labels``, int64 (N,), if given."""
        self._rows, self._batch_size, self._seed, self._device = len(images), batch_size, seed, device
        self._part = ranks.part(batch_size)
        pixels = torch.from_numpy(np.ascontiguousarray(images.images[:]))
        self._pixels = pixels.to(device) if fits(pixels.nbytes, device) else pixels
        self._labels = None if labels is None else labels.to(self._pixels.device)
        self._order: tuple[int, torch.Tensor] = (-1, torch.empty(0, dtype=torch.int64))

    @property
    def resident(self) -> bool:
        """True if the images are stored on the device that trains."""
        return self._pixels.device.type == self._device.type

    def rows(self, position: int) -> torch.Tensor:
        """Return the row numbers, int64 (batch_size,), of the whole batch that starts at ``position`` images seen."""
        return concat_rows(self._rest, position, self._batch_size)

    def batch(self, position: int) -> Batch:
        """Return this rank's part of the batch at ``position``."""
        rows = self.rows(position)[self._part]
        return as_batch(self._pixels[rows], None if self._labels is None else self._labels[rows], self._device)

    def require_unchanged(self) -> None:
        """Do nothing: all images are in memory."""

    def _rest(self, position: int) -> torch.Tensor:
        number, offset = divmod(position, self._rows)
        if self._order[0] != number:
            random = torch_generator(self._seed, "order", number)
            # On the images' device, so that no step transfers row numbers.
            self._order = (number, torch.randperm(self._rows, generator=random).to(self._pixels.device))
        return self._order[1][offset:]


class WindowStream:
    """Mini-batches of a set that stays in its file; memory holds the current window and the next one."""

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
        """Start reading; batches include ``labels``, int64 (N,), if given."""
        self._batch_size, self._device, self._part = batch_size, device, ranks.part(batch_size)
        self._images, self._labels = images, labels
        self._order = WindowOrder(len(images), window, seed)
        self._reader = WindowReader(images, self._order, window)

    def rows(self, position: int) -> torch.Tensor:
        """Return the row numbers, int64 (batch_size,), of the whole batch that starts at ``position`` images seen."""

        def rest(start: int) -> torch.Tensor:
            window, offset = self._order.find(start)
            return self._order.rows(window)[offset:]

        return concat_rows(rest, position, self._batch_size)

    def batch(self, position: int) -> Batch:
        """Return this rank's part of the batch at ``position``."""

        def rest(start: int) -> torch.Tensor:
            window, offset = self._order.find(start)
            return self._reader.pixels(window)[offset:]

        labels = None if self._labels is None else self._labels[self.rows(position)[self._part]]
        return as_batch(concat_rows(rest, position, self._batch_size)[self._part], labels, self._device)

    def require_unchanged(self) -> None:
        """Raise ``ChangedFileError`` if the images' file has changed since it was opened."""
        self._images.require_unchanged()


class Prefetcher:
    """Batches of another source, each prepared and copied to the GPU during the previous step."""

    def __init__(self, batches: Batches, batch_size: int):
        """Wrap a source whose consecutive positions are ``batch_size`` apart."""
        self._batches, self._batch_size = batches, batch_size
        self._thread = ThreadPoolExecutor(1, "batches")
        self._next: tuple[int, Future[Batch]] | None = None

    def batch(self, position: int) -> Batch:
        """Return the batch at ``position``, and start preparing the next one."""
        if self._next is None or self._next[0] != position:
            self._begin(position)
        assert self._next is not None
        result = self._next[1].result()
        self._begin(position + self._batch_size)
        return result

    def require_unchanged(self) -> None:
        """Check the wrapped source."""
        self._batches.require_unchanged()

    def _begin(self, position: int) -> None:
        # A single thread, so that the source prepares one batch at a time.
        self._next = (position, self._thread.submit(self._batches.batch, position))


def concat_rows(rest: Callable[[int], torch.Tensor], position: int, count: int) -> torch.Tensor:
    """Concatenate the rows of ``rest`` from ``position`` on, one pass or window at a time, to ``count`` rows."""
    parts, start, stop = [], position, position + count
    while start < stop:
        part = rest(start)[: stop - start]
        parts.append(part)
        start += len(part)
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def as_batch(pixels: torch.Tensor, labels: torch.Tensor | None, device: torch.device) -> Batch:
    """Return uint8 images (n, channels, H, W) and their labels on ``device``."""
    return Batch(to_device(pixels, device), None if labels is None else to_device(labels, device))


def to_device(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Copy a tensor to ``device``; the copy to a GPU may end after this function returns."""
    if device.type == "cuda" and values.device.type == "cpu":
        values = values.pin_memory()  # an asynchronous copy needs pinned memory
    return values.to(device, non_blocking=True)


def fits(size: int, device: torch.device) -> bool:
    """Return whether ``size`` bytes of images may be stored on ``device``."""
    return device.type != "cuda" or size < CUDA_SHARE * torch.cuda.mem_get_info(device)[0]
