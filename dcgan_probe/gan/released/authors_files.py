"""Numbered array files of a released network."""

import re
from pathlib import Path

import numpy as np

from ...runtime import UserError
from ...storage import ChangedFileError, opened_whole

FILE = re.compile(r"(?P<prefix>.*)(?P<kind>discrim|gen)_params\.jl_(?P<number>\d+)\.npy")
EXPECTED_FILES = "expected models/NAME/ of the authors' repository, with its *_discrim_params.jl_NN.npy"


def find_arrays(folder: Path) -> tuple[str, dict[str, dict[int, Path]]]:
    """Find the files of one net: their common prefix, and for each network a mapping from number to path.

    Raises
    ------
    UserError
        If the folder does not exist, or holds no discriminator array, more than one net, or one number twice.
    """
    if not folder.is_dir():
        raise UserError(f"the folder {folder} does not exist; {EXPECTED_FILES}")
    matches = [(path, match) for path in sorted(folder.iterdir()) if (match := FILE.fullmatch(path.name))]
    prefixes = sorted({match["prefix"] for _, match in matches if match["kind"] == "discrim"})
    if not prefixes:
        raise UserError(f"{folder} holds no array of a discriminator; {EXPECTED_FILES}")
    if len(prefixes) > 1:
        names = ", ".join(f"{prefix}discrim_params" for prefix in prefixes)
        raise UserError(f"{folder} holds the arrays of {len(prefixes)} nets ({names}); put each in a separate folder")
    files: dict[str, dict[int, Path]] = {"discrim": {}, "gen": {}}
    for path, match in matches:
        if match["prefix"] != prefixes[0]:
            continue
        first = files[match["kind"]].setdefault(int(match["number"]), path)
        if first != path:
            raise UserError(f"{folder} holds one array twice, as {first.name} and {path.name}; remove one of them")
    return prefixes[0], {kind: dict(sorted(numbered.items())) for kind, numbered in files.items()}


def read_array(path: Path) -> np.ndarray:
    """Read one array as float32.

    Raises
    ------
    UserError
        If the file is corrupt or not an array, its numbers are not floating-point or not finite, or it changes while
        it is read.
    """
    try:
        with opened_whole(path) as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
    except ChangedFileError:
        raise
    except Exception as error:  # numpy raises many types of exceptions on corrupt bytes
        raise UserError(
            f"{path} is corrupt, or not a NumPy array ({error}); restore it from the authors' repository"
        ) from error
    if array.dtype.kind != "f":
        raise UserError(f"{path}: got dtype {array.dtype}, expected floating point")
    with np.errstate(over="ignore"):
        result = array.astype(np.float32)
    if not np.isfinite(result).all():
        raise UserError(f"{path} holds numbers that are not finite; restore it from the authors' repository")
    return result
