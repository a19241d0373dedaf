"""Takes content and a path, gives a file that is whole or absent; knows no format but JSON."""

import errno
import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..runtime import Notice, UserError
from .stamps import opened_whole

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG)
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
SLACK_BYTES = 1 << 20  # of a file's own bookkeeping


@contextmanager
def explained_disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a folder that cannot be written into a ``UserError`` that names ``path``.

    HDF5 may report a full disk as a ``RuntimeError``, so the number is also looked for in the message.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        text, number = str(error), getattr(error, "errno", None)
        if number in FULL_DISK or any(f"errno = {full}," in text for full in FULL_DISK):
            raise UserError(f"the disk is full: {path} could not be written; free some space, then repeat") from error
        if number == errno.EFBIG or f"errno = {errno.EFBIG}," in text:
            raise UserError(
                f"{path} could not be written: it is larger than `ulimit -f` or the file system allows; raise the "
                "limit, or choose another folder"
            ) from error
        if number in UNWRITABLE:
            raise UserError(f"{path} cannot be written ({os.strerror(number)}); choose another folder") from error
        raise


def require_space(path: Path, size: int) -> None:
    """Refuse to begin a file of ``size`` bytes that the disk has no room for.

    HDF5 cannot let go of what it could not write: a file that fails half-way may crash the interpreter when it is
    closed. So the room is asked for first.

    Raises
    ------
    UserError
        If there is less free space than that, or files may not be so large.
    """
    largest = sys.maxsize if resource is None else resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if 0 <= largest < size + SLACK_BYTES:  # no limit is -1
        raise UserError(
            f"{path} needs {size / 1e6:,.1f} MB, and `ulimit -f` allows {largest / 1e6:,.1f} MB a file; raise the limit"
        )
    free = shutil.disk_usage(path.parent).free
    if size + SLACK_BYTES > free:
        raise UserError(
            f"the disk is full: {path} needs {size / 1e6:,.1f} MB, and {free / 1e6:,.1f} MB are free; "
            "free some space, then repeat"
        )


def require_writable(folder: str | Path) -> None:
    """Check before a piece of work that files can be listed and made in a folder, or where it is missing, itself.

    Raises
    ------
    UserError
        If they cannot.
    """
    place = Path(folder)
    with explained_disk_errors(place):
        while not place.exists() and place != place.parent:
            place = place.parent
        os.scandir(place).close()
        tempfile.TemporaryFile(dir=place).close()


@contextmanager
def whole_file(path: str | Path, check: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` when the block succeeds, remove it when not.

    The content reaches the disk before the rename, so a reader sees the old file or the new one, never a part.

    Parameters
    ----------
    check
        Called just before the rename: an error of it keeps the file from its name.

    Raises
    ------
    UserError
        If the disk is full or the folder cannot be written.
    """
    path = Path(path)
    with explained_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        os.chmod(name, 0o666 & ~_umask())
        temporary = Path(name)
        try:
            yield temporary
            with open(temporary, "r+b") as file:  # Windows flushes no file that is open for reading alone
                os.fsync(file.fileno())
            check()
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write ``value`` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    UserError
        If the file is missing, cannot be read, or is not JSON.
    """
    try:
        return json.loads(read_bytes(path).decode())
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a JSON file ({error}); it is corrupt, so restore it from a copy") from error


def read_bytes(path: str | Path) -> bytes:
    """Read a file whole.

    Raises
    ------
    FileNotFoundError
        If there is none.
    UserError
        If it is there and cannot be read, or changes meanwhile.
    """
    try:
        with opened_whole(path) as file:
            return file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); allow that, or move it away") from error


def set_aside(path: Path, reason: str) -> Path:
    """Rename a file that cannot be used to ``NAME.unreadable``, or the next free name, and warn with both names.

    Parameters
    ----------
    reason
        Completes the sentence that begins with the file's path, such as ``is not HDF5``.
    """
    number, kept = 1, path.with_name(f"{path.name}.unreadable")
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.unreadable-{number}")
    with explained_disk_errors(path):
        path.rename(kept)
    warnings.warn(f"{path} {reason}; it is made again, and kept as {kept.name}", Notice, stacklevel=2)
    return kept
