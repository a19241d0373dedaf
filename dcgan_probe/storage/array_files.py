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
"""Date of every entry, so that equal arrays give equal files."""


def write_arrays(path: str | Path, **arrays: Any) -> None:
    """Write named arrays compressed, whole or not at all; a number becomes an array without axes.

    ``numpy.load`` reads the file as any ``.npz``. Integers are compressed with LZMA, which takes half of the space of
    numpy's own compression; floating-point numbers with the latter, since LZMA is ten times slower on weights and
    saves nothing.

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
    """Read arrays by their names, and those ``optional`` ones that the file holds.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UserError
        If it cannot be opened, is damaged or no file of arrays, or lacks one of ``names``.
    """
    content = BytesIO(read_bytes(path))
    try:
        stored = np.load(content)
        return {name: stored[name] for name in (*names, *(other for other in optional if other in stored))}
    except MemoryError:
        raise
    except Exception as error:  # foreign bytes raise errors of many kinds in zipfile, lzma and numpy
        raise UserError(
            f"{path} cannot be read ({type(error).__name__}: {error}); it is corrupt, or not a file of arrays, so "
            "move it away and repeat the command that made it"
        ) from error
