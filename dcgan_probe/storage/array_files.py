"""Takes named arrays and a path, gives one compressed ``.npz`` file, and reads it back; knows no array's meaning."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime import UserError
from .files import read_bytes, whole_file


def write_arrays(path: str | Path, **arrays: Any) -> None:
    """Write named arrays, whole or not at all; a number becomes an array without axes.

    Raises
    ------
    UserError
        If the disk is full or the folder cannot be written.
    """
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)


def read_arrays(path: str | Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Read arrays by their names.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UserError
        If it cannot be opened, is damaged or no file of arrays, or lacks one of the names.
    """
    content = BytesIO(read_bytes(path))
    try:
        stored = np.load(content)
        return {name: stored[name] for name in names}
    except Exception as error:  # foreign bytes raise errors of many kinds in zipfile, zlib and numpy
        raise UserError(
            f"{path} cannot be read ({type(error).__name__}: {error}); it is damaged or foreign, so delete it and "
            "repeat the command that made it"
        ) from error
