"""Folders of image files, with their splits and classes, as streams of images."""

import warnings
from pathlib import Path

import numpy as np

from ..runtime import Notice, UserError
from ..storage import ChangedFileError, FileStamps
from .annotations import annotate
from .decoding import find_channels, read_image
from .eight_bit import Reading
from .folder_listing import EXTENSIONS, NO_IMAGES, Listing, list_images, shown
from .streams import ImageStream

SPLIT_FOLDERS = {"train": ("train", "training"), "test": ("test", "testing", "val", "valid", "validation")}
"""Names of the folder of each split, the usual name first; the initial may be a capital."""
PICTURES = ("images", "imgs")
"""Names of a single subfolder that contains all images directly and is not a class."""
Rows = tuple[list[Path], np.ndarray | None, tuple[str, ...] | None]


def open_folder(path: Path, split: str, reading: Reading) -> ImageStream:
    """Stream the images of one split of a folder.

    If ``PATH/train`` exists, ``PATH/train`` and ``PATH/test`` are the splits; otherwise the whole folder is the
    training set. If ``PATH/test`` is missing or has no labels, ``val``, ``valid`` or ``validation`` is the test split.
    A split contains either images or one subfolder per class. Labels follow the sorted names of the subfolders, and
    rows follow the sorted paths, as in torchvision's ``ImageFolder``. A file ``labels.csv`` or ``val_annotations.txt``
    replaces the subfolders as the source of labels. Each real folder is visited once. A ``Notice`` reports the choice
    of a split and names the skipped entries: names that start with a dot, files without an image suffix, folders such
    as ``__MACOSX``, and links to folders that are already listed.

    Raises
    ------
    UserError
        If the split is missing, a folder cannot be read, or the folder contains no images, images beside class folders,
        or an empty class folder.
    """
    root, (files, labels, names) = _find_split(path, split)
    stamps = FileStamps(files)

    def require_unchanged() -> None:
        stamps.require_unchanged()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Notice)
            now = _rows(list_images(root), split)[0]
        if now != files:
            raise ChangedFileError(
                f"{root} changed while it was read: got {len(now):,} images, expected the {len(files):,} images from "
                "before; rerun the command once no program writes to the folder",
                parameter="dataset",
            )

    stream = ImageStream(
        count=len(files),
        read=lambda index: read_image(stamps.path(index), reading, stream.remarks),
        describe=lambda index: str(files[index]),
        find_channels=lambda: find_channels([*files, *_files_of_other_split(path, split)], reading),
        labels=labels,
        name=path.resolve().name,
        split=split,
        source=str(root),
        class_names=names,
        require_unchanged=require_unchanged,
    )
    return stream


def _find_split(path: Path, split: str) -> tuple[Path, Rows]:
    """Return the folder of a split and its rows."""
    if not _folders(path, "train"):
        if split != "train":
            raise UserError(
                f"{path} has no {split} split, expected the folders {path / 'train'} and {path / 'test'} (or "
                f"{', '.join(SPLIT_FOLDERS['test'][2:])})",
                parameter="dataset",
            )
        listing = list_images(path)
        others = [name for name in listing.classes if name.lower() in SPLIT_FOLDERS["test"]]
        if others and len(others) == len(listing.classes) and not listing.flat:
            raise UserError(
                f"{path} has the folders {', '.join(others)} but no training split, expected a folder train beside "
                f"them; add that folder, or pass {path / others[0]} as the data set",
                parameter="dataset",
            )
        return path, _reported_rows(listing, split)
    candidates = _folders(path, split)
    if not candidates:
        raise UserError(
            f"{path} has no {split} split, expected a folder {' or '.join(SPLIT_FOLDERS[split])} beside train",
            parameter="dataset",
        )
    chosen, rows = candidates[0], _reported_rows(list_images(candidates[0]), split)
    for other in candidates[1:]:
        if rows[1] is not None or split == "train":
            break
        other_rows = _reported_rows(list_images(other), split)
        if other_rows[1] is not None:
            chosen, rows = other, other_rows
    if split == "test" and chosen.name.lower() not in ("test", "testing"):
        reason = "has no labels" if chosen != candidates[0] else "is missing"
        unread = [each.name for each in candidates if each != chosen and each.name.lower() not in ("test", "testing")]
        rest = f"; not read: {', '.join(unread)}" if unread else ""
        warnings.warn(f"{path / 'test'} {reason}, so {chosen} is the test split{rest}", Notice, stacklevel=3)
    return chosen, rows


def _folders(path: Path, split: str) -> list[Path]:
    """Return the existing folders of a split, the usual name first."""
    names = [form for name in SPLIT_FOLDERS[split] for form in (name, name.capitalize())]
    found: list[Path] = []
    for name in names:
        folder = path / name
        if folder.is_dir() and not any(folder.samefile(other) for other in found):
            found.append(folder)
    return found


def _files_of_other_split(path: Path, split: str) -> list[Path]:
    """Return the image files of the other split, which must have the same channels; empty if it cannot be listed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Notice)
            root, (files, _, _) = _find_split(path, "test" if split == "train" else "train")
    except (UserError, OSError):
        return []
    return files if root != path else []


def _reported_rows(listing: Listing, split: str) -> Rows:
    """Return the rows of a listing, and issue a ``Notice`` on skipped entries."""
    rows = _rows(listing, split)
    if skipped := listing.describe_skipped():
        warnings.warn(skipped, Notice, stacklevel=4)
    return rows


def _rows(listing: Listing, split: str) -> Rows:
    """Return the files in order, their labels int64 (N,) and class names; the last two are None for unlabeled files."""
    root, flat, classes = listing.root, listing.flat, listing.classes
    below = [path for files in classes.values() for path in files]
    if annotated := annotate(listing, [*flat, *below]):
        return [*flat, *below], *annotated
    only = next(iter(classes)).lower() if len(classes) == 1 else ""
    if not flat and only in PICTURES and all(path.parent.parent == root for path in below):
        flat, classes = below, {}
    empty = [name for name, files in classes.items() if not files]
    if flat and len(empty) < len(classes):
        raise UserError(
            f"{root}: got {len(flat)} images beside folders of images ({shown(list(classes))}), expected only images "
            "or only one folder per class; move the images or the folders away",
            parameter="dataset",
        )
    if flat:
        for name in empty:
            listing.skip(NO_IMAGES, root / name)
        return flat, None, None
    if not classes or len(empty) == len(classes) or (empty and split == "train"):
        what = f"no images in the class folders {shown(empty)}" if classes else "no images"
        skipped = f" ({listing.describe_skipped()})" if listing.skipped else ""
        raise UserError(
            f"{root}: got {what}, expected files that end in {' '.join(EXTENSIONS)}{skipped}; add images, or remove "
            "empty folders",
            parameter="dataset",
        )
    labels = np.repeat(np.arange(len(classes), dtype=np.int64), [len(files) for files in classes.values()])
    return below, labels, tuple(classes)
