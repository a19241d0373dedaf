"""Takes what a piece of work needs, refuses what cannot fit in this machine's free memory; knows no work."""

import ctypes
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import UserError

if TYPE_CHECKING:
    import torch

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""
KEPT = {M_MMAP_THRESHOLD: 2**30, M_TRIM_THRESHOLD: 2**31 - 1}
USUAL = {M_MMAP_THRESHOLD: 2**25, M_TRIM_THRESHOLD: 2**26}
"""Bytes. The usual ones are the largest that glibc comes to by itself."""


def memory_in_use() -> int:
    """Give the resident memory of this process in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def gpu_memory_in_use(device: "torch.device") -> int | None:
    """Give the bytes of a GPU's memory that torch holds for this process, free blocks included; None elsewhere."""
    import torch

    return torch.cuda.memory_reserved(device) if device.type == "cuda" else None


def available_memory() -> int:
    """Give the memory in bytes that can be had without swapping; all pages where the system says no more."""
    try:
        with open("/proc/meminfo") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


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
