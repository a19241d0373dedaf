"""Memory of this process: in use, still to be had, and too little of it.

A limit may come from the machine, a control group (of a container or a scheduler) or ``ulimit -v``.
"""

import ctypes
import mmap
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import UserError

if TYPE_CHECKING:
    import torch

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""
KEPT = {M_MMAP_THRESHOLD: 2**30, M_TRIM_THRESHOLD: 2**31 - 1}
USUAL = {M_MMAP_THRESHOLD: 2**25, M_TRIM_THRESHOLD: 2**26}
"""Bytes. The usual ones are the largest that glibc comes to by itself."""
GROUPS = {"v1": Path("/sys/fs/cgroup/memory"), "v2": Path("/sys/fs/cgroup"), "both": Path("/sys/fs/cgroup/unified")}
"""Folders of the control groups: of both versions, and of the second where the first is mounted too."""
GROUP_FILES = {
    "v1": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    "v2": ("memory.max", "memory.current", "inactive_file"),
}
"""Files of a group's limit and use, and the line of ``memory.stat`` for cached pages of files that are let go first."""
MEMBERSHIP = Path("/proc/self/cgroup")
OUT_OF_MEMORY = (
    *("can't allocate memory", "not enough memory", "out of memory", "bad_alloc", "Cannot allocate memory"),
    "failed to map segment",
)
"""Words of errors that are no ``MemoryError``: torch's, of a CPU and a GPU, C++'s, the system's and its linker's."""


def memory_in_use() -> int:
    """Give the resident memory of this process in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * mmap.PAGESIZE
    except OSError:
        return 0


def gpu_memory_in_use(device: "torch.device") -> int | None:
    """Give the bytes of a GPU's memory that torch holds for this process, free blocks included; None elsewhere."""
    import torch

    return torch.cuda.memory_reserved(device) if device.type == "cuda" else None


def available_memory() -> int:
    """Return the memory in bytes that this process can still get without swapping and without being killed.

    It is the least of the memory that the machine, each control group of this process and its address space have left.
    Where the system says nothing, it is ``sys.maxsize``.
    """
    return max(0, min(_machine_left(), _address_space_left(), *_groups_left()))


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory could not be had."""
    if isinstance(error, RuntimeError | OSError | ImportError):  # of torch, of the system and of its linker
        return any(words in str(error) for words in OUT_OF_MEMORY)
    return isinstance(error, MemoryError)


def _machine_left() -> int:
    with suppress(OSError, StopIteration), open("/proc/meminfo") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    with suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * mmap.PAGESIZE
    return sys.maxsize


def _address_space_left() -> int:
    limit = sys.maxsize if resource is None else resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == sys.maxsize or limit == resource.RLIM_INFINITY:
        return sys.maxsize
    with suppress(OSError), open("/proc/self/statm") as file:
        return limit - int(file.read().split()[0]) * mmap.PAGESIZE
    return limit


def _groups_left() -> Iterator[int]:
    """Yield what is left of the limit of each control group that holds this process, and of each group around it."""
    with suppress(OSError):
        for line in MEMBERSHIP.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "memory" not in controllers.split(","):
                continue
            version = "v1" if controllers else "v2"
            for root in [GROUPS["v1"]] if controllers else [GROUPS["v2"], GROUPS["both"]]:
                # A group outside of the container's own tree is written with leading dots, or is missing there.
                inside = root / path.lstrip("/") if ".." not in path else root
                for folder in (inside, *inside.parents):
                    if folder.is_relative_to(root):
                        yield _group_left(folder, *GROUP_FILES[version])


def _group_left(folder: Path, limit: str, used: str, cached: str) -> int:
    try:
        most = int((folder / limit).read_text())  # v2 writes max for no limit
        stat = dict(line.split(" ", 1) for line in (folder / "memory.stat").read_text().splitlines())
        return most - int((folder / used).read_text()) + int(stat.get(cached, 0))
    except (OSError, ValueError):
        return sys.maxsize


def check_memory(what: str, needed: int, available: int, remedy: str, *, option: str | None = None) -> None:
    """Refuse work that cannot fit.

    Parameters
    ----------
    needed, available
        Bytes, both with or both without what this process holds already.
    remedy
        What the user can do, such as ``take fewer patches``.

    Raises
    ------
    UserError
        With what is needed, what there is, and what to do.
    """
    if needed > available:
        raise UserError(
            f"{what} needs about {needed / 1e9:.1f} GB of memory, and {available / 1e9:.1f} GB are there; {remedy}",
            option=option,
        )


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Let the C library keep freed memory for the next request, in the place of giving it back to the system.

    A loop that frees and requests the same megabytes each turn has otherwise every page mapped and zeroed anew: 7,000
    page faults a step of ``cpu32`` (their cost: benchmarks/bench_freed_memory.py). At the end all that is free is given
    back. Of glibc's allocator only; elsewhere, or where ``MALLOC_`` variables set it, nothing changes.
    """
    if platform.libc_ver()[0] != "glibc" or any(name.startswith("MALLOC_") for name in os.environ):
        yield
        return
    libc = ctypes.CDLL(None)
    for parameter, value in KEPT.items():
        libc.mallopt(parameter, value)
    try:
        yield
    finally:
        for parameter, value in USUAL.items():
            libc.mallopt(parameter, value)
        libc.malloc_trim(0)


@contextmanager
def explained_memory() -> Iterator[None]:
    """Turn an error of memory that could not be had into a ``UserError``."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(
            f"out of memory ({reason}): {available_memory() / 1e9:.1f} GB are left of what the machine, its control "
            "group and `ulimit -v` allow. Take less at a time (`memory`, `dtype`, `batch_size`, `window` or "
            "`workers`, where the command has them), or ask for more memory"
        ) from error
