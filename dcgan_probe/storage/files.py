"""Files that are written atomically, and JSON files."""

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
from .file_stamps import opened_whole

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG)
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
SLACK_BYTES = 1 << 20  # for the metadata of a file


@contextmanager
def explained_disk_errors(path: Path) -> Iterator[None]:
    """Convert errors of a full disk, a file-size limit or an unwritable folder into a ``UserError`` on ``path``.

    HDF5 can report a full disk as a ``RuntimeError``, so the error number is also searched in the message.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        text, number = str(error), getattr(error, "errno", None)
        if number in FULL_DISK or any(f"errno = {full}," in text for full in FULL_DISK):
            raise UserError(f"the disk is full: {path} cannot be written; free some space, then rerun") from error
        if number == errno.EFBIG or f"errno = {errno.EFBIG}," in text:
            raise UserError(
                f"{path} cannot be written: it is larger than `ulimit -f` or the file system allows; raise the limit, "
                "or choose another folder"
            ) from error
        if number in UNWRITABLE:
            raise UserError(f"{path} cannot be written ({os.strerror(number)}); choose another folder") from error
        raise


def require_space(path: Path, size: int) -> None:
    """Check that the disk has room for a file of ``size`` bytes before it is created.

    HDF5 can crash the interpreter when it closes a file whose buffered data could not be written.

    Raises
    ------
    UserError
        If the free space or the limit of a file's size is smaller.
    """
    largest = sys.maxsize if resource is None else resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if 0 <= largest < size + SLACK_BYTES:  # no limit is -1
        raise UserError(
            f"{path} needs {size / 1e6:,.1f} MB, but `ulimit -f` limits files to {largest / 1e6:,.1f} MB; raise the "
            "limit"
        )
    free = shutil.disk_usage(path.parent).free
    if size + SLACK_BYTES > free:
        raise UserError(
            f"the disk is full: {path} needs {size / 1e6:,.1f} MB, but only {free / 1e6:,.1f} MB are free; "
            "free some space, then rerun"
        )


def require_writable(folder: str | Path) -> None:
    """Check that files can be listed and created in a folder, or that a missing folder can be created.

    Raises
    ------
    UserError
        If the folder, or the nearest existing folder above it, is not readable and writable.
    """
    place = Path(folder)
    with explained_disk_errors(place):
        while not place.exists() and place != place.parent:
            place = place.parent
        os.scandir(place).close()
        tempfile.TemporaryFile(dir=place).close()


@contextmanager
def whole_file(path: str | Path, check: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, which is renamed to ``path`` if the block succeeds, else removed.

    The content is flushed to the disk before the rename, so a reader sees either the old file or the new file, never a
    part of it.

    Parameters
    ----------
    check
        Function that is called just before the rename; if it raises, the file is not renamed.

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
            with open(temporary, "r+b") as file:  # Windows does not flush a file that is open only for reading
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
    """Write a text file in UTF-8, atomically."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: Any) -> None:
    """Write a value as indented JSON, atomically."""
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
        raise UserError(f"{path} does not exist, expected a JSON file") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a JSON file ({error}); it is corrupt; restore it from a copy") from error


def read_bytes(path: str | Path) -> bytes:
    """Read a whole file.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    UserError
        If the file cannot be read, or changes during the reading.
    """
    try:
        with opened_whole(path) as file:
            return file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); make it readable, or move it away") from error


def set_aside(path: Path, reason: str) -> Path:
    """Rename an unusable file to ``NAME.unreadable`` or the next free name, and issue a warning that gives both names.

    Parameters
    ----------
    reason
        Predicate of a sentence whose subject is the path, such as ``is not HDF5``.

    Returns
    -------
    pathlib.Path
        New path of the file.
    """
    number, kept = 1, path.with_name(f"{path.name}.unreadable")
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.unreadable-{number}")
    with explained_disk_errors(path):
        path.rename(kept)
    warnings.warn(f"{path} {reason}; the file is renamed to {kept.name} and written again", Notice, stacklevel=2)
    return kept
