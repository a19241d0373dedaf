"""Memory in use, available memory and out-of-memory errors of this process.

Memory may be limited by the machine, a control group (of a container or a scheduler) or ``ulimit -v``.
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
"""Values of these parameters in bytes; the usual values are the largest that glibc adapts to."""
GROUPS = {"v1": Path("/sys/fs/cgroup/memory"), "v2": Path("/sys/fs/cgroup"), "both": Path("/sys/fs/cgroup/unified")}
"""Folders of control groups: versions 1 and 2, and version 2 where version 1 is mounted too."""
GROUP_FILES = {
    "v1": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    "v2": ("memory.max", "memory.current", "inactive_file"),
}
"""Files of the limit and the usage of a group, and the key in ``memory.stat`` of file pages that can be reclaimed."""
MEMBERSHIP = Path("/proc/self/cgroup")
OUT_OF_MEMORY = (
    *("can't allocate memory", "not enough memory", "out of memory", "bad_alloc", "Cannot allocate memory"),
    "failed to map segment",
)
"""Messages of out-of-memory errors of other types: from torch (CPU and GPU), C++, the system and its linker."""


def memory_in_use() -> int:
    """Return the resident memory of this process in bytes; 0 on systems without ``/proc``."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * mmap.PAGESIZE
    except OSError:
        return 0


def gpu_memory_in_use(device: "torch.device") -> int | None:
    """Return the GPU memory reserved by torch for this process in bytes, free blocks included; None without CUDA."""
    import torch

    return torch.cuda.memory_reserved(device) if device.type == "cuda" else None


def available_memory() -> int:
    """Return the memory in bytes that this process can allocate without swapping and without being killed.

    It is the minimum over the memory left by the machine, by each control group of the process and by its address
    space, or ``sys.maxsize`` if the system reports none of them.
    """
    return max(0, min(_machine_left(), _address_space_left(), *_groups_left()))


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error is a failed allocation of memory."""
    if isinstance(error, RuntimeError | OSError | ImportError):  # from torch, the system and its linker
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
    """Yield the memory left by each control group of this process and by each parent of these groups, in bytes."""
    with suppress(OSError):
        for line in MEMBERSHIP.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "memory" not in controllers.split(","):
                continue
            version = "v1" if controllers else "v2"
            for root in [GROUPS["v1"]] if controllers else [GROUPS["v2"], GROUPS["both"]]:
                # The path of a group outside of the container's tree starts with dots, or does not exist there.
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


def check_memory(what: str, needed: int, available: int, remedy: str, *, parameter: str | None = None) -> None:
    """Check that the memory needed for some work is available.

    Parameters
    ----------
    what
        Name of the work, the subject of the message.
    needed, available
        Bytes, both including or both excluding the memory that this process already uses.
    remedy
        Remedy for the user, such as ``take fewer patches``.
    parameter
        Name of the parameter that the message is about, if any.

    Raises
    ------
    UserError
        If more memory is needed than available.
    """
    if needed > available:
        raise UserError(
            f"{what} needs about {needed / 1e9:.1f} GB of memory, but only {available / 1e9:.1f} GB are available; "
            f"{remedy}",
            parameter=parameter,
        )


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep freed memory in the C library for later allocations, instead of returning it to the system.

    In a loop that frees and allocates the same megabytes in each iteration, the system would otherwise map and zero
    every page again (see ``benchmarks/bench_freed_memory.py``). All free memory is returned at the end. The context has
    no effect without glibc or if an environment variable ``MALLOC_*`` is set.
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
    """Convert out-of-memory errors into a ``UserError``."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(
            f"out of memory ({reason}): {available_memory() / 1e9:.1f} GB are left within the limits of the machine, "
            "its control group and `ulimit -v`. Reduce `memory`, `dtype`, `batch_size`, `window` or `workers`, where "
            "the command has them, or request more memory"
        ) from error
