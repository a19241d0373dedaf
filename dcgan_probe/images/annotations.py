"""Files of labels: ``labels.csv`` and Tiny ImageNet's ``val_annotations.txt``."""

import csv
import unicodedata
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..runtime import Notice, UserError
from .classes import sorted_names
from .folder_listing import Listing, shown

INSIDE = ("labels.csv", "val_annotations.txt")
FILE_COLUMNS = (
    "file",
    "filename",
    "file_name",
    "image",
    "image_name",
    "image_id",
    "img",
    "id",
    "path",
    "name",
    "fname",
)
LABEL_COLUMNS = ("label", "labels", "class", "class_name", "category", "target")
DELIMITERS = ",;\t"


def annotate(listing: Listing, files: Sequence[Path]) -> tuple[np.ndarray, tuple[str, ...]] | None:
    """Read the labels of listed images from a file of labels.

    The file lies in the listed folder, or is a ``labels.csv`` beside a folder without subfolders. Classes are sorted by
    name, or by number if all names are numbers. A ``Notice`` reports that the file is used.

    Returns
    -------
    tuple or None
        Labels int64 (N,) and class names; None if there is no such file or none of its rows names a listed image.

    Raises
    ------
    UserError
        If the file cannot be read as a table of names and classes, lacks some of the images, or lies beside several
        folders and names images that could be in more than one of them.
    """
    candidates = [listing.root / name for name in INSIDE]
    if not listing.classes:
        candidates.append(listing.root.parent / "labels.csv")
    path = next((each for each in candidates if each.is_file()), None)
    if path is None or not files:
        return None
    table = read_annotations(path)
    if path.parent != listing.root:
        _require_distinct(path, listing.root, files, table)
    found = [_look_up(table, keys) for keys in _keys(files, path.parent, listing.root, table)]
    missing = [str(file.relative_to(listing.root)) for file, name in zip(files, found, strict=True) if not name]
    if len(missing) == len(files):
        warnings.warn(f"{path} is not used: it names none of the images in {listing.root}", Notice, stacklevel=3)
        return None
    if missing:
        raise UserError(
            f"{path} has no class for {len(missing)} of the {len(files)} images in {listing.root}: {shown(missing)}; "
            "add rows for these images, or move them away",
            parameter="dataset",
        )
    listing.unskip(path)
    names = sorted_names({name for name in found if name})
    place = {name: label for label, name in enumerate(names)}
    more = ", not from the folders" if listing.classes and len(listing.classes) > 1 else ""
    surplus = len(table) - len(files)
    rows = (
        f"; {surplus:,} of its rows name no image of this folder" if surplus > 0 and path.parent == listing.root else ""
    )
    warnings.warn(f"{listing.root}: labels are read from {path}{more}{rows}", Notice, stacklevel=3)
    return np.array([place[name] for name in found if name], np.int64), names


def read_annotations(path: Path) -> dict[str, str]:
    """Read a table of file names and class names, with or without a header.

    Returns
    -------
    dict
        Class name of each file name, both in NFC.

    Raises
    ------
    UserError
        If the file is not a table in UTF-8, its columns of files and classes are ambiguous, or a file has two classes.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = "\t" if path.suffix == ".txt" else max(DELIMITERS, key=first.count)
        rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is not a table in UTF-8 ({error}); write it again", parameter="dataset") from error
    header, *rest = [[unicodedata.normalize("NFC", cell.strip()) for cell in row] for row in rows] or [[]]
    file_column, label_column, titled = _columns(path, header)
    table: dict[str, str] = {}
    for row in rest if titled else [header, *rest]:
        if len(row) <= max(file_column, label_column):
            raise UserError(
                f"{path}: got the row {delimiter.join(row)!r}, expected a file and a class", parameter="dataset"
            )
        name, label = row[file_column].replace("\\", "/").removeprefix("./"), row[label_column]
        if table.setdefault(name, label) != label:
            raise UserError(
                f"{path}: got two classes of {name}, {table[name]} and {label}; keep one", parameter="dataset"
            )
    return table


def _columns(path: Path, header: Sequence[str]) -> tuple[int, int, bool]:
    """Return the column numbers of files and of classes, and whether the first row is a header."""
    titles = [title.lower() for title in header]
    files = [number for number, title in enumerate(titles) if title in FILE_COLUMNS]
    labels = [number for number, title in enumerate(titles) if title in LABEL_COLUMNS]
    if files and len(titles) == 2:
        return files[0], 1 - files[0], True
    if files and labels:
        return files[0], labels[0], True
    if (path.suffix == ".txt" and len(titles) >= 2) or len(titles) == 2:
        return 0, 1, False
    raise UserError(
        f"{path}: got the columns {shown(list(header))}, expected `file` and `label`, or two columns without a header",
        parameter="dataset",
    )


def _keys(files: Sequence[Path], beside: Path, root: Path, table: dict[str, str]) -> list[list[str]]:
    """Return the names that a table may have for each file: its paths, its name, and its name without the suffix."""
    by_name = len({file.name for file in files}) == len(files)
    by_stem = by_name and len({file.stem for file in files}) == len(files)
    keys = []
    for file in files:
        paths = [file.relative_to(beside).as_posix(), file.relative_to(root).as_posix()]
        keys.append([*paths, *([file.name] if by_name else []), *([file.stem] if by_stem else [])])
    return keys


def _require_distinct(path: Path, root: Path, files: Sequence[Path], table: dict[str, str]) -> None:
    """Refuse a table beside several folders if a name without its folder matches images in more than one of them."""
    others = [each for each in path.parent.iterdir() if each.is_dir() and each.resolve() != root.resolve()]
    stems = {each.stem for folder in others for each in folder.iterdir() if each.is_file()}
    bare = [file for file in files if _look_up(table, [file.relative_to(path.parent).as_posix()]) is None]
    if twice := [file.name for file in bare if file.stem in stems]:
        raise UserError(
            f"{path} names images without their folder, and {root.name} and other folders beside it contain "
            f"{shown(twice)}; name the images with their folder, such as {root.name}/{twice[0]}",
            parameter="dataset",
        )


def _look_up(table: dict[str, str], keys: Sequence[str]) -> str | None:
    return next((table[key] for key in (unicodedata.normalize("NFC", key) for key in keys) if key in table), None)
