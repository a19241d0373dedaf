"""Exclusive locks between processes, as lock files beside the protected files.

A lock file exists while its lock is held, and is removed before the lock is released. A process that acquires the lock
of a removed file creates a new file.

The library ``filelock`` is not used: it leaves its files beside the results, and on a file system without locks it
raises the bare error or falls back to marker files, where this module reports the remedy.
"""

import errno
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from ..runtime import Notice, UserError
from .files import explained_disk_errors

NO_LOCKS = "DCGAN_PROBE_NO_LOCKS"
"""Environment variable that disables locks, unless it is unset, empty, 0, no, off or false."""
HELD = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES)
"""Error numbers for a lock that another process holds."""
WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)
"""Error numbers for a file system without locks."""
POLL_SECONDS = 0.1
SILENT_SECONDS = 3.0
"""Longest wait for a lock without a notice."""


def _system_module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


fcntl = _system_module("fcntl")
msvcrt = _system_module("msvcrt")
"""Modules of POSIX and of Windows; None on the other system."""


def locks_wanted() -> bool:
    """Return whether the environment allows locks."""
    return os.environ.get(NO_LOCKS, "").strip().lower() in ("", "0", "no", "off", "false")


@contextmanager
def without_locks() -> Iterator[None]:
    """Disable locks within the block, in this process and its children, for file systems without locks."""
    before = os.environ.get(NO_LOCKS)
    os.environ[NO_LOCKS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[NO_LOCKS]
        else:
            os.environ[NO_LOCKS] = before


def lacks_locks(path: Path, error: OSError) -> str:
    """Return the message for a path on a file system without locks."""
    return (
        f"{path} cannot be locked ({os.strerror(error.errno or 0)}): its file system has no locks. Disable locks with "
        f"`dcgan-probe --no-locks VERB ...` or {NO_LOCKS}=1; two commands must then not write to the same run, results "
        "or features at the same time"
    )


@contextmanager
def locked(path: str | Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock on ``path`` against other processes, with the file ``.NAME.lock`` beside it.

    The lock file and empty folders that were created for it are removed at the end.

    Parameters
    ----------
    wait
        Whether to wait for another process that holds the lock; otherwise raise.

    Raises
    ------
    UserError
        If another process holds the lock and ``wait`` is false, or the file system has no locks.
    """
    path = Path(path)
    lock = path.with_name(f".{path.name}.lock")
    made = [folder for folder in path.parents if not folder.exists()]
    try:
        with explained_disk_errors(path):
            handle = _acquire(path, lock, wait)
        # Outside of explained_disk_errors, since an error in the body is not about this file.
        try:
            yield
        finally:
            _release(lock, handle)
    finally:
        with suppress(OSError):  # a folder that is not empty
            for folder in made:
                folder.rmdir()


def remove_stale_locks(folder: str | Path) -> None:
    """Remove the lock files of killed processes from a folder; lock files that are in use stay."""
    for lock in Path(folder).glob(".*.lock"):
        with suppress(OSError, UserError), locked(lock.with_name(lock.name[1:].removesuffix(".lock")), wait=False):
            pass


def _acquire(path: Path, lock: Path, wait: bool) -> int | None:
    """Lock the file ``lock`` and return its handle; None if locks are disabled or unsupported."""
    if not locks_wanted() or (fcntl is None and msvcrt is None):
        path.parent.mkdir(parents=True, exist_ok=True)
        return None
    while True:
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # the previous holder of the lock has removed the folder
            continue
        taken = False
        try:
            _lock(handle, path, wait)
            taken = _is_same_file(handle, lock)
        except OSError as error:
            if error.errno in WITHOUT_LOCKS:
                lock.unlink(missing_ok=True)
                raise UserError(lacks_locks(path, error)) from error
            if error.errno in HELD:
                text = f"another process is working on {path}; wait until it ends, or choose another name"
                raise UserError(text) from error
            raise
        finally:
            if not taken:
                os.close(handle)
        if taken:
            return handle


def _lock(handle: int, path: Path, wait: bool) -> None:
    began, noticed = time.monotonic(), False
    while True:
        try:
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            return
        except OSError as error:
            if not wait or error.errno not in HELD:
                raise
        if not noticed and time.monotonic() - began > SILENT_SECONDS:
            noticed = True
            warnings.warn(f"waiting for another process, which is working on {path}", Notice, stacklevel=4)
        time.sleep(POLL_SECONDS)


def _is_same_file(handle: int, lock: Path) -> bool:
    """Return whether the open file still has the name of the lock file."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(lock))
    except FileNotFoundError:
        return False


def _release(lock: Path, handle: int | None) -> None:
    if handle is None:
        return
    if fcntl is not None:
        with suppress(OSError):  # before the lock is released, after which the name may be another process's lock file
            lock.unlink()
        os.close(handle)
        return
    msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
    os.close(handle)
    with suppress(OSError):  # Windows does not remove a file that another process has open
        lock.unlink()
