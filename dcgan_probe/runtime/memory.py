"""Takes what a piece of work needs, refuses what cannot fit in this machine's free memory; knows no work."""

import os

from .errors import UserError


def memory_in_use() -> int:
    """Give the resident memory of this process in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


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
