"""Takes what torchrun tells this process, gives its rank and what all ranks do together; knows no network and no file.

Numbers that decide go one way: what reads or writes files is done at the first rank (``from_first``), what every rank
sees differently is agreed (``agree``), and what is too much for one rank is computed by all and comes to the first in
order (``in_order``, ``assist``). With one rank each of these is the plain call.
"""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .devices import fix_cublas_workspace, resolve_device
from .errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch.distributed import ProcessGroup

WAIT = timedelta(days=1)  # for a rank that is at work; one that has ended is noticed at once
Made = TypeVar("Made")
Item = TypeVar("Item")


class FirstRankError(UserError):
    """An error of the first rank, as the other ranks get it: it is for the first rank to tell it."""


class Ranks:
    """The processes that do one job together; this one is number ``rank`` of ``size``, counted from 0."""

    def __init__(self, rank: int = 0, size: int = 1, words: "ProcessGroup | None" = None):
        """Take the place among the ranks, and the group that carries what lies in main memory (None: the only one)."""
        self.rank, self.size, self._words = rank, size, words

    @property
    def first(self) -> bool:
        """Whether this is the rank that writes and tells."""
        return self.rank == 0

    def part(self, batch_size: int) -> slice:
        """Give this rank's rows of a batch.

        Raises
        ------
        UserError
            If the ranks do not divide it.
        """
        if batch_size % self.size:
            raise UserError(
                f"got a batch of {batch_size} for {self.size} ranks, expected a multiple of {self.size}: it is the "
                "total, of which each rank takes an equal part",
                option="batch_size",
            )
        rows = batch_size // self.size
        return slice(self.rank * rows, (self.rank + 1) * rows)

    def average(self, tensors: "Sequence[torch.Tensor]") -> None:
        """Replace each tensor by its mean over the ranks, in place and in one message.

        Afterwards all ranks hold the same bits.
        """
        if self.size == 1:
            return
        import torch

        flat = torch.cat([tensor.flatten() for tensor in tensors])
        with self._reaching():
            torch.distributed.all_reduce(flat)
        parts = flat.div_(self.size).split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def agree(self, *wishes: bool) -> tuple[bool, ...]:
        """Give, at every rank, for each wish whether any rank has it.

        It passes through main memory alone: a GPU is not waited for.
        """
        if self.size == 1:
            return wishes
        import torch

        flags = torch.tensor(wishes, dtype=torch.int32)
        with self._reaching():
            torch.distributed.all_reduce(flags, torch.distributed.ReduceOp.MAX, group=self._words)
        return tuple(bool(flag) for flag in flags.tolist())

    def from_first(self, make: Callable[[], Made]) -> Made:
        """Call ``make`` at the first rank alone; give every rank what it gave, or raise what it raised.

        Raises
        ------
        UserError
            Of ``make``; ``FirstRankError`` at the other ranks.
        """
        if self.size == 1:
            return make()
        import torch

        made: Any = None
        error: UserError | None = None
        if self.first:
            try:
                made = make()
            except UserError as raised:
                error = raised
        told = [made, error]
        with self._reaching():
            torch.distributed.broadcast_object_list(told, src=0, group=self._words)
        if error is not None:
            raise error
        if told[1] is not None:
            raise FirstRankError(str(told[1]), option=told[1].option)
        return told[0]

    def after_first(self, make: Callable[[], Made]) -> Made:
        """Call ``make`` at every rank, the others once the first is done: they find the files that it has made."""
        kept: list[Made] = []
        self.from_first(lambda: kept.append(make()))
        return kept[0] if self.first else make()

    def in_order(self, work: "Callable[[Item], np.ndarray]", items: Sequence[Item]) -> "Iterator[np.ndarray]":
        """Give, at the first rank, ``work`` of each item in the items' order, each computed at one rank.

        The other ranks call ``assist`` meanwhile.

        Parameters
        ----------
        work
            Gives float32 arrays of two axes.
        """
        self.from_first(lambda: items)
        for start in range(0, len(items), self.size):
            yield work(items[start])
            for rank in range(1, min(self.size, len(items) - start)):
                yield self._receive(rank)

    def assist(self, work: "Callable[[Item], np.ndarray]") -> None:
        """Compute this rank's share of what the first rank asks for with ``in_order``."""
        items: Sequence[Item] = self.from_first(tuple)
        for item in items[self.rank :: self.size]:
            self._send(work(item))

    def _send(self, array: "np.ndarray") -> None:
        import numpy as np
        import torch

        with self._reaching():
            torch.distributed.send(torch.tensor(array.shape), 0, group=self._words)
            torch.distributed.send(torch.from_numpy(np.ascontiguousarray(array)), 0, group=self._words)

    def _receive(self, rank: int) -> "np.ndarray":
        import torch

        shape = torch.empty(2, dtype=torch.int64)
        with self._reaching():
            torch.distributed.recv(shape, rank, group=self._words)
            array = torch.empty(shape.tolist(), dtype=torch.float32)
            torch.distributed.recv(array, rank, group=self._words)
        return array.numpy()

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Explain that another rank is gone: its connections are closed when it ends, whatever ended it."""
        try:
            yield
        except RuntimeError as error:
            raise UserError(
                f"rank {self.rank} of {self.size} can no longer reach the others ({str(error).splitlines()[0]}): one "
                "has ended or was killed, so this one ends too. What was saved is kept; rerun the command to "
                "resume, on any number of ranks."
            ) from error


ALONE = Ranks()


def launched_rank() -> tuple[int, int]:
    """Give the rank and the number of ranks that torchrun started; 0 and 1 without it."""
    return int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def rank_device(name: str = "auto") -> "torch.device":
    """Resolve a device as ``resolve_device``; for one of several ranks, a GPU is that of its number on its machine.

    Raises
    ------
    UserError
        If the machine has no such device, or fewer GPUs than ranks.
    """
    import torch

    _, size = launched_rank()
    if size == 1:
        return resolve_device(name)
    if name not in ("auto", "cpu", "cuda"):
        raise UserError(
            f"got device {name!r} for {size} ranks, expected auto, cpu or cuda: each rank takes a GPU of its own",
            option="device",
        )
    if name == "cpu" or not torch.cuda.is_available():
        return resolve_device("cpu" if name == "auto" else name)
    number, there = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if number >= there:
        raise UserError(
            f"this machine has {there} GPUs for {os.environ['LOCAL_WORLD_SIZE']} ranks; start it with "
            f"--nproc-per-node {there}, or take `device=cpu`",
            option="device",
        )
    fix_cublas_workspace()
    torch.cuda.set_device(number)  # NCCL and torch allocate there what names no device
    return torch.device("cuda", number)


@contextmanager
def joined_ranks(device: "torch.device") -> Iterator[Ranks]:
    """Join the ranks that torchrun started, over gloo, and for tensors on GPUs over NCCL; one rank joins nothing."""
    from torch import distributed

    rank, size = launched_rank()
    if size == 1:
        yield ALONE
        return
    if device.type == "cuda":
        distributed.init_process_group("nccl", device_id=device)
        words = cast("ProcessGroup", distributed.new_group(backend="gloo", timeout=WAIT))
        yield Ranks(rank, size, words)
    else:
        distributed.init_process_group("gloo", timeout=WAIT)
        yield Ranks(rank, size)
    # NCCL waits for the end of recorded CUDA graphs that send its messages; what holds them refers to itself.
    gc.collect()
    # Not after an error: a group that has lost a rank may wait for it while it is taken apart.
    distributed.destroy_process_group()
