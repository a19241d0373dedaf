"""Exclusive locks between processes, each a file beside what it protects.

A lock file exists while its lock is held, and is removed before the lock is given up. A process that then gets the lock
of the removed file makes the next one.

They are not those of the library ``filelock``: its files stay beside the results, and on a file system without locks it
raises the bare error or makes do with marker files, where a user has to be told what to do.
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
"""Environment variable: no file is locked where it is set, to anything but 0, no, off or false."""
HELD = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES)
"""Error numbers of a lock that another process holds."""
WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)
"""Error numbers of a file system that has no locks."""
POLL_SECONDS = 0.1
SILENT_SECONDS = 3.0
"""Of a wait for a lock; a longer one is said."""


def _system_module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


fcntl = _system_module("fcntl")
msvcrt = _system_module("msvcrt")
"""None on systems that lack the module: POSIX has the first, Windows the second."""


def locks_wanted() -> bool:
    """Return whether files are to be locked, as far as the environment says."""
    return os.environ.get(NO_LOCKS, "").strip().lower() in ("", "0", "no", "off", "false")


@contextmanager
def without_locks() -> Iterator[None]:
    """Lock no file within the block, in this process and those that it starts: for file systems that have no locks."""
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
    """Return the message for a file system on which ``path`` cannot be locked."""
    return (
        f"{path} cannot be locked ({os.strerror(error.errno or 0)}): its file system has no locks. With `dcgan-probe "
        f"--no-locks VERB ...`, or {NO_LOCKS}=1, nothing is locked; two commands must then not write to the same run, "
        "results or features at the same time"
    )


@contextmanager
def locked(path: str | Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock for ``path`` (in ``.NAME.lock`` beside it) against other processes.

    The lock file, and folders that were made for it and are empty, are removed at the end.

    Raises
    ------
    UserError
        If another process holds it and ``wait`` is false, or the file system has no locks.
    """
    path = Path(path)
    lock = path.with_name(f".{path.name}.lock")
    made = [folder for folder in path.parents if not folder.exists()]
    try:
        with explained_disk_errors(path):
            handle = _take(path, lock, wait)
        # Outside, since an error of the body is not about this file.
        try:
            yield
        finally:
            _release(lock, handle)
    finally:
        with suppress(OSError):  # of a folder that is not empty
            for folder in made:
                folder.rmdir()


def remove_stale_locks(folder: str | Path) -> None:
    """Remove the lock files in a folder that killed processes have left: those of locks that nobody holds."""
    for lock in Path(folder).glob(".*.lock"):
        with suppress(OSError, UserError), locked(lock.with_name(lock.name[1:].removesuffix(".lock")), wait=False):
            pass


def _take(path: Path, lock: Path, wait: bool) -> int | None:
    """Lock the file ``lock`` and return its handle; None where nothing is locked."""
    if not locks_wanted() or (fcntl is None and msvcrt is None):
        path.parent.mkdir(parents=True, exist_ok=True)
        return None
    while True:
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # whoever held the lock has removed the folder since
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
                text = f"another process is working on {path}; wait for it, or choose another name"
                raise UserError(text) from error
            raise
        finally:
            if not taken:
                os.close(handle)
        if taken:
            return handle


def _lock(handle: int, path: Path, wait: bool) -> None:
    began, said = time.monotonic(), False
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
        if not said and time.monotonic() - began > SILENT_SECONDS:
            said = True
            warnings.warn(f"waiting for another process, which is working on {path}", Notice, stacklevel=4)
        time.sleep(POLL_SECONDS)


def _is_same_file(handle: int, lock: Path) -> bool:
    """Return whether the open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(lock))
    except FileNotFoundError:
        return False


def _release(lock: Path, handle: int | None) -> None:
    if handle is None:
        return
    if fcntl is not None:
        with suppress(OSError):  # before the lock is given up: later another process may hold a file of this name
            lock.unlink()
        os.close(handle)
        return
    msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
    os.close(handle)
    with suppress(OSError):  # Windows removes no file that another process has open
        lock.unlink()
