"""Takes content and a path, gives a file that is whole or absent; knows no format but JSON."""

import errno
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..runtime import UserError

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def explained_disk_errors(path: Path) -> Iterator[None]:
    """Turn a full disk or a folder that may not be written into a ``UserError`` that names ``path``.

    HDF5 reports a full disk without its number, so the number is also looked for in the message.
    """
    try:
        yield
    except OSError as error:
        text = str(error)
        if error.errno in FULL_DISK or any(f"errno = {number}," in text for number in FULL_DISK):
            raise UserError(f"the disk is full: {path} could not be written; free some space, then repeat") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise UserError(f"{path} may not be written ({os.strerror(error.errno)}); choose another folder") from error
        raise


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` when the block succeeds, remove it when not.

    The content reaches the disk before the rename, so a reader sees the old file or the new one, never a part.

    Raises
    ------
    UserError
        If the disk is full or the folder may not be written.
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
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
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
        If the file is missing or is not JSON.
    """
    path = Path(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a JSON file ({error}); it is truncated or foreign") from error


@contextmanager
def locked(path: str | Path) -> Iterator[None]:
    """Hold an exclusive lock for ``path`` (in ``.NAME.lock`` beside it) against other processes."""
    path = Path(path)
    with explained_disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path.parent / f".{path.name}.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
