"""Takes a folder, gives the numbered arrays that the authors' scripts wrote into it; knows no network."""

import re
from pathlib import Path

import numpy as np

from ..runtime import UserError
from ..storage import ChangedFileError, opened_whole

FILE = re.compile(r"(?P<prefix>.*)(?P<kind>discrim|gen)_params\.jl_(?P<number>\d+)\.npy")
EXPECTED_FILES = "expected models/NAME/ of the authors' repository, with its *_discrim_params.jl_NN.npy"


def find_arrays(folder: Path) -> tuple[str, dict[str, dict[int, Path]]]:
    """Find the files of one net: what stands before ``discrim_params``, and for each network number to file.

    Raises
    ------
    UserError
        If there is no folder, no array of a discriminator, more than one net, or one number twice.
    """
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; {EXPECTED_FILES}")
    matches = [(path, match) for path in sorted(folder.iterdir()) if (match := FILE.fullmatch(path.name))]
    prefixes = sorted({match["prefix"] for _, match in matches if match["kind"] == "discrim"})
    if not prefixes:
        raise UserError(f"{folder} holds no array of a discriminator; {EXPECTED_FILES}")
    if len(prefixes) > 1:
        names = ", ".join(f"{prefix}discrim_params" for prefix in prefixes)
        raise UserError(f"{folder} holds the arrays of {len(prefixes)} nets ({names}); put each in a folder of its own")
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
        If it is truncated, foreign, no array of floating point numbers, or not finite, or changes meanwhile.
    """
    try:
        with opened_whole(path) as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
    except ChangedFileError:
        raise
    except Exception as error:  # foreign bytes make numpy fail in many ways
        raise UserError(
            f"{path} is not an array that can be read: it is truncated or foreign ({error}); restore it from the "
            "authors' repository"
        ) from error
    if array.dtype.kind != "f":
        raise UserError(f"{path}: got numbers of type {array.dtype}, expected floating point")
    with np.errstate(over="ignore"):
        result = array.astype(np.float32)
    if not np.isfinite(result).all():
        raise UserError(f"{path} holds numbers that are not finite; restore it from the authors' repository")
    return result
