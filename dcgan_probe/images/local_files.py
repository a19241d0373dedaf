"""Takes a set's name or the path of an .h5 file, gives the image-array file of one split; knows no other source."""

import os
from pathlib import Path

from ..runtime import UserError
from ..storage import ImageFile, open_image_file
from .imageset import ImageSet

SPLITS = ("train", "test")


def default_data_dir() -> Path:
    """Give the folder of the local image sets: ``DCGAN_PROBE_DATA`` from the environment, or else ``data``."""
    return Path(os.environ.get("DCGAN_PROBE_DATA") or "data")


def find_named_file(name: str, split: str, data_dir: Path) -> ImageSet | None:
    """Open ``NAME_SPLIT.h5``, or ``NAME.h5`` if it holds that split; None if neither is in ``data_dir``.

    A ``NAME.h5`` that does not say its split is a training set.

    Raises
    ------
    UserError
        If a file is there but cannot be read, or says that it holds the other split.
    """
    path = data_dir / f"{name}_{split}.h5"
    if path.is_file():
        return _as_image_set(_open_split(path, split), split, path, name)
    path = data_dir / f"{name}.h5"
    if path.is_file():
        file = open_image_file(path)
        if (file.split or "train") == split:
            return _as_image_set(file, split, path, name)
    return None


def load_file(path: Path, split: str) -> ImageSet:
    """Open one split of the set that ``path`` belongs to: ``X_test.h5`` lies beside ``X_train.h5``.

    A file ``X.h5`` serves the split that it says it holds, or else ``train``.

    Raises
    ------
    UserError
        If the split's file is not there, cannot be read, or says that it holds the other split.
    """
    base, _, own = path.stem.rpartition("_")
    if own not in SPLITS:
        file = open_image_file(path)
        if (file.split or "train") == split:
            return _as_image_set(file, split, path)
        base = path.stem
    wanted = path.with_name(f"{base}_{split}.h5")
    if not wanted.is_file():
        raise UserError(
            f"{path} has no {split} split: expected {wanted} beside it, or a file whose attribute 'split' says {split}",
            option="dataset",
        )
    return _as_image_set(_open_split(wanted, split), split, wanted)


def _open_split(path: Path, split: str) -> ImageFile:
    file = open_image_file(path)
    if file.split in SPLITS and file.split != split:
        raise UserError(
            f"{path} says that it holds the {file.split} split, expected {split}; put the right file there",
            option="dataset",
        )
    return file


def _as_image_set(file: ImageFile, split: str, path: Path, name: str | None = None) -> ImageSet:
    return ImageSet(
        images=file.images,
        labels=file.labels,
        name=name or file.name,
        split=split,
        source=f"{path} ({file.source})" if file.source else str(path),
        class_names=file.class_names,
        attributes=file.attributes,
    )


def local_names(data_dir: Path) -> list[str]:
    """Give the sorted names of the sets that lie in ``data_dir`` as .h5 files."""
    names = set()
    for path in data_dir.glob("*.h5"):
        base, _, split = path.stem.rpartition("_")
        names.add(base if base and split in SPLITS else path.stem)
    return sorted(names)
