"""Named arrays in one compressed ``.npz`` file."""

import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime import UserError
from .files import read_bytes, whole_file

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Constant date of all entries, so that equal arrays give equal files."""


def write_arrays(path: str | Path, **arrays: Any) -> None:
    """Write named arrays to one compressed file, atomically.

    ``numpy.load`` reads the file like any ``.npz``. Integers are compressed with LZMA, which is smaller than numpy's
    own compression. Floating-point numbers are compressed as in numpy, since LZMA is slower on weights and no smaller.

    Parameters
    ----------
    **arrays
        Arrays of any shape and dtype except objects; a number is stored as an array without axes.

    Raises
    ------
    UserError
        If the disk is full or the folder cannot be written.
    """
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in ((name, np.asanyarray(given)) for name, given in arrays.items()):
            content, method = BytesIO(), zipfile.ZIP_DEFLATED if array.dtype.kind == "f" else zipfile.ZIP_LZMA
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", EPOCH), content.getvalue(), method)


def read_arrays(path: str | Path, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Read arrays by name.

    Parameters
    ----------
    names
        Arrays that the file must contain.
    optional
        Arrays that are read if the file contains them.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    UserError
        If the file cannot be opened, is corrupt or not a file of arrays, or lacks one of ``names``.
    """
    content = BytesIO(read_bytes(path))
    try:
        stored = np.load(content)
        return {name: stored[name] for name in (*names, *(other for other in optional if other in stored))}
    except MemoryError:
        raise
    except Exception as error:  # zipfile, lzma and numpy raise many types of error for other content
        raise UserError(
            f"{path} cannot be read ({type(error).__name__}: {error}); it is corrupt, or not a file of arrays; "
            "move it away and rerun the command that wrote it"
        ) from error
