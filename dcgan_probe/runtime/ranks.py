"""Ranks of a torchrun job, and their collective operations.

Files are read and written at the first rank only (``from_first``), decisions that may differ between ranks are combined
(``agree``), and large computations are shared by all ranks and collected at the first in order (``in_order``,
``assist``). With one rank each operation is a plain call.
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

WAIT = timedelta(days=1)  # for a busy rank; a rank that has ended is noticed at once
Made = TypeVar("Made")
Item = TypeVar("Item")


class FirstRankError(UserError):
    """Error of the first rank, raised at the other ranks; only the first rank reports it."""


class Ranks:
    """Processes of one job; this process is number ``rank`` of ``size``, counted from 0."""

    def __init__(self, rank: int = 0, size: int = 1, cpu_group: "ProcessGroup | None" = None):
        """Create the ranks of a process.

        Parameters
        ----------
        cpu_group
            Process group for objects in main memory; None for the default group.
        """
        self.rank, self.size, self._cpu_group = rank, size, cpu_group

    @property
    def first(self) -> bool:
        """True for the rank that writes files and messages."""
        return self.rank == 0

    def part(self, batch_size: int) -> slice:
        """Return the rows of a batch that belong to this rank.

        Raises
        ------
        UserError
            If the batch size is not a multiple of the number of ranks.
        """
        if batch_size % self.size:
            raise UserError(
                f"got a batch of {batch_size} for {self.size} ranks, expected a multiple of {self.size}: the batch "
                "size is the total over all ranks",
                parameter="batch_size",
            )
        rows = batch_size // self.size
        return slice(self.rank * rows, (self.rank + 1) * rows)

    def average(self, tensors: "Sequence[torch.Tensor]") -> None:
        """Replace each tensor by its mean over the ranks, in place and in one message.

        All ranks receive the same bits.
        """
        if self.size == 1:
            return
        import torch

        flat = torch.cat([tensor.flatten() for tensor in tensors])
        with self._explained_loss():
            torch.distributed.all_reduce(flat)
        parts = flat.div_(self.size).split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def agree(self, *flags: bool) -> tuple[bool, ...]:
        """Return, at every rank, whether each flag is true at any rank.

        The flags are exchanged in main memory, so GPUs are not synchronized.
        """
        if self.size == 1:
            return flags
        import torch

        highest = torch.tensor(flags, dtype=torch.int32)
        with self._explained_loss():
            torch.distributed.all_reduce(highest, torch.distributed.ReduceOp.MAX, group=self._cpu_group)
        return tuple(bool(flag) for flag in highest.tolist())

    def from_first(self, make: Callable[[], Made]) -> Made:
        """Call ``make`` at the first rank only, and return its result at every rank.

        Raises
        ------
        UserError
            If ``make`` raises it; the other ranks raise ``FirstRankError``.
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
        outcome = [made, error]
        with self._explained_loss():
            torch.distributed.broadcast_object_list(outcome, src=0, group=self._cpu_group)
        if error is not None:
            raise error
        if outcome[1] is not None:
            raise FirstRankError(str(outcome[1]), parameter=outcome[1].parameter)
        return outcome[0]

    def after_first(self, make: Callable[[], Made]) -> Made:
        """Call ``make`` at the first rank, then at the others, which find the files that the first has written."""
        kept: list[Made] = []
        self.from_first(lambda: kept.append(make()))
        return kept[0] if self.first else make()

    def in_order(self, work: "Callable[[Item], np.ndarray]", items: Sequence[Item]) -> "Iterator[np.ndarray]":
        """Yield, at the first rank, the results of ``work`` in the order of the items, each computed at one rank.

        The other ranks must call ``assist`` at the same time.

        Parameters
        ----------
        work
            Function that returns a float32 array with two axes for an item.
        """
        self.from_first(lambda: items)
        for start in range(0, len(items), self.size):
            yield work(items[start])
            for rank in range(1, min(self.size, len(items) - start)):
                yield self._receive(rank)

    def assist(self, work: "Callable[[Item], np.ndarray]") -> None:
        """Compute this rank's share of the items that the first rank processes by ``in_order``."""
        items: Sequence[Item] = self.from_first(tuple)
        for item in items[self.rank :: self.size]:
            self._send(work(item))

    def _send(self, array: "np.ndarray") -> None:
        import numpy as np
        import torch

        with self._explained_loss():
            torch.distributed.send(torch.tensor(array.shape), 0, group=self._cpu_group)
            torch.distributed.send(torch.from_numpy(np.ascontiguousarray(array)), 0, group=self._cpu_group)

    def _receive(self, rank: int) -> "np.ndarray":
        import torch

        shape = torch.empty(2, dtype=torch.int64)
        with self._explained_loss():
            torch.distributed.recv(shape, rank, group=self._cpu_group)
            array = torch.empty(shape.tolist(), dtype=torch.float32)
            torch.distributed.recv(array, rank, group=self._cpu_group)
        return array.numpy()

    @contextmanager
    def _explained_loss(self) -> Iterator[None]:
        """Explain the error of a lost rank, whose connections are closed when it ends for any reason."""
        try:
            yield
        except RuntimeError as error:
            raise UserError(
                f"rank {self.rank} of {self.size} cannot reach the other ranks ({str(error).splitlines()[0]}): one of "
                "them has ended or was killed, so this rank ends too. Saved files are kept; rerun the command to "
                "resume, on any number of ranks."
            ) from error


ALONE = Ranks()


def launched_rank() -> tuple[int, int]:
    """Return the rank of this process and the number of ranks that torchrun started; 0 and 1 without torchrun."""
    return int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def rank_device(name: str = "auto") -> "torch.device":
    """Return the torch device of a name; with several ranks, each rank has the GPU of its number on its machine.

    Parameters
    ----------
    name
        As for ``resolve_device``; with several ranks, ``auto``, ``cpu`` or ``cuda``.

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
            f"got device {name!r} for {size} ranks, expected auto, cpu or cuda: each rank uses a different GPU",
            parameter="device",
        )
    if name == "cpu" or not torch.cuda.is_available():
        return resolve_device("cpu" if name == "auto" else name)
    number, available = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if number >= available:
        raise UserError(
            f"this machine has {available} GPUs for {os.environ['LOCAL_WORLD_SIZE']} ranks; start torchrun with "
            f"--nproc-per-node {available}, or use `device=cpu`",
            parameter="device",
        )
    fix_cublas_workspace()
    torch.cuda.set_device(number)  # the default device of allocations by NCCL and torch
    return torch.device("cuda", number)


@contextmanager
def joined_ranks(device: "torch.device") -> Iterator[Ranks]:
    """Connect the ranks that torchrun started, by gloo and, for tensors on GPUs, by NCCL.

    Without torchrun, or with one rank, no connection is made.
    """
    from torch import distributed

    rank, size = launched_rank()
    if size == 1:
        yield ALONE
        return
    if device.type == "cuda":
        distributed.init_process_group("nccl", device_id=device)
        cpu_group = cast("ProcessGroup", distributed.new_group(backend="gloo", timeout=WAIT))
        yield Ranks(rank, size, cpu_group)
    else:
        distributed.init_process_group("gloo", timeout=WAIT)
        yield Ranks(rank, size)
    # NCCL waits until CUDA graphs with its operations are destroyed; their owners are reference cycles.
    gc.collect()
    # Not in a finally clause: after an error, the destruction of a group may wait for a lost rank.
    distributed.destroy_process_group()
