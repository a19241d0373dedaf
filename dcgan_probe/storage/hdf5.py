"""HDF5 files, opened so that a file in use, a file system without locks and damage are told apart."""

import os
from pathlib import Path

import h5py

from ..runtime import UserError
from .allotted import UNBUFFERED
from .locks import HELD, WITHOUT_LOCKS, lacks_locks, locks_wanted

LOCKING = "HDF5_USE_FILE_LOCKING"
UNLOCKABLE = "unable to lock file"
"""HDF5's words for a file that it could open and not lock."""
OPEN, OTHER_LOCKING = "already open", "locking flag"
"""HDF5's words for a file that is marked as open by its writer, or that this process opened with the other locking."""


class UnreadableFileError(UserError):
    """A file whose content is unknown: another program has locked it, or the system does not read it."""


class DamagedFileError(UserError):
    """A file that was read, and is not a whole HDF5 file."""


def open_hdf5(path: str | Path, mode: str = "r") -> h5py.File:
    """Open an HDF5 file; for writing without a cache of chunks.

    HDF5 locks its files too: shared for reading, exclusively for writing. Its own environment variable,
    ``HDF5_USE_FILE_LOCKING``, goes before ``--no-locks`` where it is set.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UnreadableFileError
        If another program has it open for writing, or has it open at all and ``mode`` writes; if its file system has
        no locks; or if the system cannot read it.
    DamagedFileError
        If its content is not that of a whole HDF5 file.
    OSError
        If ``mode`` is ``w`` and the file cannot be made.
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
    """Return the error that says what HDF5's error means; that error itself for a file that could not be made."""
    text, number = str(error), error.errno
    if UNLOCKABLE in text and number in HELD:
        return UnreadableFileError(
            f"{path} is open in another program that may be writing to it; close it there, then rerun the command"
        )
    if UNLOCKABLE in text and number in WITHOUT_LOCKS:
        if locks_wanted():
            return UnreadableFileError(lacks_locks(path, error))
        asked = f"{LOCKING}={os.environ.get(LOCKING)} asks HDF5 for one"
        return UnreadableFileError(f"{path} cannot be locked, but {asked}; unset that variable")
    if making:
        return error
    if OPEN in text:
        return UnreadableFileError(
            f"{path} is in use ({text}); close it, then rerun the command. If no program has it open, its writer was "
            f"killed: `h5clear -s {path}` marks it as closed"
        )
    if OTHER_LOCKING in text:
        return UnreadableFileError(f"{path} is in use in this process ({text}); close it first")
    if number is not None:
        return UnreadableFileError(f"{path} cannot be read ({os.strerror(number)}); allow that, then rerun")
    return DamagedFileError(f"{path} is corrupt, or not an HDF5 file ({text})")
