"""Opening of HDF5 files, with separate errors for files in use, missing file locks and corrupt files."""

import os
from pathlib import Path

import h5py

from ..runtime import UserError
from .locks import HELD, WITHOUT_LOCKS, lacks_locks, locks_wanted
from .preallocated import UNBUFFERED

LOCKING = "HDF5_USE_FILE_LOCKING"
UNLOCKABLE = "unable to lock file"
"""HDF5's message for a file that can be opened but not locked."""
OPEN, OTHER_LOCKING = "already open", "locking flag"
"""HDF5's messages for a file that its writer has marked as open, and for a file that this process has opened with
another locking flag."""


class UnreadableFileError(UserError):
    """File that cannot be opened: another program has locked it, or the system cannot read it."""


class DamagedFileError(UserError):
    """File that can be read but is corrupt or not an HDF5 file."""


def open_hdf5(path: str | Path, mode: str = "r") -> h5py.File:
    """Open an HDF5 file; files that are opened for writing have no chunk cache.

    HDF5 also locks files: shared for reading, exclusively for writing. If HDF5's environment variable
    ``HDF5_USE_FILE_LOCKING`` is set, it takes precedence over ``--no-locks``.

    Parameters
    ----------
    mode
        Mode of ``h5py.File``, such as ``r``, ``r+`` or ``w``.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    UnreadableFileError
        If another program has the file open for writing, or open at all when ``mode`` writes; if its file system has no
        locks; or if the system cannot read it.
    DamagedFileError
        If the file is corrupt or not an HDF5 file.
    OSError
        If ``mode`` is ``w`` and the file cannot be created.
    """
    path = Path(path)
    options = {} if mode == "r" else dict(UNBUFFERED)
    if not locks_wanted():
        options["locking"] = False
    try:
        return h5py.File(path, mode, **options)
    except FileNotFoundError:
        raise
    except OSError as error:
        explained = _explained(path, error, making=mode == "w")
        raise explained from (None if explained is error else error)


def _explained(path: Path, error: OSError, *, making: bool) -> Exception:
    """Return the error that explains HDF5's error; HDF5's error itself for a file that cannot be created."""
    text, number = str(error), error.errno
    if UNLOCKABLE in text and number in HELD:
        return UnreadableFileError(
            f"{path} is open in another program that may be writing to it; close it there, then rerun the command"
        )
    if UNLOCKABLE in text and number in WITHOUT_LOCKS:
        if locks_wanted():
            return UnreadableFileError(lacks_locks(path, error))
        setting = f"{LOCKING}={os.environ.get(LOCKING)}"
        return UnreadableFileError(f"{path} cannot be locked, but {setting} requires a lock; unset that variable")
    if making:
        return error
    if OPEN in text:
        return UnreadableFileError(
            f"{path} is in use ({text}); close it, then rerun the command. If no program has it open, the program that "
            f"wrote it was killed: `h5clear -s {path}` marks it as closed"
        )
    if OTHER_LOCKING in text:
        return UnreadableFileError(f"{path} is in use in this process ({text}); close it first")
    if number is not None:
        return UnreadableFileError(f"{path} cannot be read ({os.strerror(number)}); make it readable, then rerun")
    return DamagedFileError(f"{path} is corrupt, or not an HDF5 file ({text})")
