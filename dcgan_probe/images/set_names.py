"""Names of image sets: built-in names, files in the data folder, and paths."""

import os
from contextlib import suppress
from pathlib import Path

from ..runtime import UserError
from ..storage import plain_name

SPLITS = ("train", "test")
SUFFIXES = {"train": ("train",), "test": ("test", "val", "valid", "validation")}
"""Last parts of file names for each split, the usual one first."""
TORCHVISION_NAMES = ("cifar10", "svhn", "mnist")
BUILT_IN = ("glyphs", "glyphs:N", *TORCHVISION_NAMES, "lsun:CATEGORY")
TRAIN_IMAGES = 20_000
"""Training images of ``glyphs``."""


def default_data_dir() -> Path:
    """Return the folder of local image sets: the environment variable ``DCGAN_PROBE_DATA``, or else ``data``."""
    return Path(os.environ.get("DCGAN_PROBE_DATA") or "data")


def require_known(dataset: str, data_dir: Path) -> None:
    """Check that a name or path refers to an image set, without opening a file.

    Raises
    ------
    UserError
        If the path does not exist, and no set of that name is built in or in ``data_dir``.
    """
    with suppress(OSError):  # reported when the set is opened
        if is_path(dataset):
            require_path(Path(dataset).expanduser())
        elif not dataset:
            raise unknown_set(dataset, "train", data_dir)
        elif dataset.partition(":")[0] == "glyphs":
            number_of_glyphs(dataset)
        elif dataset not in (*TORCHVISION_NAMES, *local_names(data_dir)) and not dataset.startswith("lsun:"):
            path = Path(dataset).expanduser()
            if not path.exists():
                raise unknown_set(dataset, "train", data_dir)
            require_path(path)


def is_path(dataset: str) -> bool:
    """Return whether the text is a path even if an image set has that name."""
    return "/" in dataset or Path(dataset).suffix == ".h5" or dataset in (".", "..")


def require_path(path: Path) -> None:
    """Check that a path is a folder or an .h5 file.

    Raises
    ------
    UserError
        If the path does not exist, or is another file.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist, expected a folder of images or an .h5 file", parameter="dataset")
    if not path.is_dir() and path.suffix != ".h5":
        raise UserError(f"got {path}, expected a folder of images or an .h5 file", parameter="dataset")


def number_of_glyphs(dataset: str) -> int:
    """Return the number of training images of ``glyphs`` or ``glyphs:N``.

    Raises
    ------
    UserError
        If N is not a whole number of at least 5.
    """
    if dataset == "glyphs":
        return TRAIN_IMAGES
    text = dataset.removeprefix("glyphs:")
    if not text.isdecimal() or int(text) < 5:
        raise UserError(f"got dataset {dataset!r}, expected glyphs:N with a whole N of at least 5", parameter="dataset")
    return int(text)


def local_names(data_dir: Path) -> list[str]:
    """Return the sorted names of the .h5 image sets in ``data_dir``."""
    names = set()
    for path in data_dir.glob("*.h5"):
        base, _, split = path.stem.rpartition("_")
        names.add(base if base and any(split in each for each in SUFFIXES.values()) else path.stem)
    return sorted(names)


def unknown_set(dataset: str, split: str, data_dir: Path) -> UserError:
    """Return the error for an unknown set or a missing split."""
    names = local_names(data_dir)
    if dataset in names:
        return UserError(
            f"{dataset} has no {split} split in {data_dir}, expected {data_dir / f'{dataset}_{split}.h5'}, "
            f"or {dataset}.h5 whose attribute 'split' is {split}",
            parameter="dataset",
        )
    return UserError(
        f"unknown image set {dataset!r}, expected a set in {data_dir} ({', '.join(names) or 'which has no .h5 files'}),"
        f" a built-in set ({', '.join(BUILT_IN)}), or the path of a folder or an .h5 file",
        parameter="dataset",
    )


def set_name(dataset: str) -> str:
    """Return the name of a set without loading it, such as ``glyphs`` for ``glyphs:300``; see ``load_images``."""
    if dataset.endswith(".h5") or "/" in dataset:
        return plain_name(Path(dataset).name.removesuffix(".h5"))
    return plain_name(dataset.partition(":")[0] if dataset.startswith("glyphs:") else dataset)
