"""Names of image sets: built-in ones, those of files in a data folder, and paths."""

import os
from contextlib import suppress
from pathlib import Path

from ..runtime import UserError
from ..storage import plain_name

SPLITS = ("train", "test")
SUFFIXES = {"train": ("train",), "test": ("test", "val", "valid", "validation")}
"""Last parts of the names of files that hold a split, the usual one first."""
TORCHVISION_NAMES = ("cifar10", "svhn", "mnist")
BUILT_IN = ("glyphs", "glyphs:N", *TORCHVISION_NAMES, "lsun:CATEGORY")
TRAIN_IMAGES = 20_000
"""Training images of ``glyphs``."""


def default_data_dir() -> Path:
    """Return the folder of the local image sets: ``DCGAN_PROBE_DATA`` from the environment, or else ``data``."""
    return Path(os.environ.get("DCGAN_PROBE_DATA") or "data")


def require_known(dataset: str, data_dir: Path) -> None:
    """Refuse a name or path of which no image set can come, without opening a file.

    Raises
    ------
    UserError
        If there is no such path, and no set of that name is built in or lies in ``data_dir``.
    """
    with suppress(OSError):  # reported by whatever opens the set
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
    """Return whether the text is always a path, whatever sets there are."""
    return "/" in dataset or Path(dataset).suffix == ".h5" or dataset in (".", "..")


def require_path(path: Path) -> None:
    """Refuse a path that is neither a folder nor an .h5 file."""
    if not path.exists():
        raise UserError(f"there is no folder or file {path}", option="dataset")
    if not path.is_dir() and path.suffix != ".h5":
        raise UserError(f"{path} is neither a folder of images nor an .h5 file", option="dataset")


def number_of_glyphs(dataset: str) -> int:
    """Return the number of training images of ``glyphs`` or ``glyphs:N``."""
    if dataset == "glyphs":
        return TRAIN_IMAGES
    text = dataset.removeprefix("glyphs:")
    if not text.isdecimal() or int(text) < 5:
        raise UserError(f"got dataset {dataset!r}, expected glyphs:N with a whole N of at least 5", option="dataset")
    return int(text)


def local_names(data_dir: Path) -> list[str]:
    """Return the sorted names of the sets that lie in ``data_dir`` as .h5 files."""
    names = set()
    for path in data_dir.glob("*.h5"):
        base, _, split = path.stem.rpartition("_")
        names.add(base if base and any(split in each for each in SUFFIXES.values()) else path.stem)
    return sorted(names)


def unknown_set(dataset: str, split: str, data_dir: Path) -> UserError:
    """Return the error for a set that is nowhere, or has no such split."""
    names = local_names(data_dir)
    if dataset in names:
        return UserError(
            f"{dataset} has no {split} split in {data_dir}: expected {data_dir / f'{dataset}_{split}.h5'}, "
            f"or {dataset}.h5 whose attribute 'split' says {split}",
            option="dataset",
        )
    return UserError(
        f"there is no image set {dataset!r}: in {data_dir} are {', '.join(names) or 'no .h5 files'}; built in are "
        f"{', '.join(BUILT_IN)}; or give the path of a folder or of an .h5 file",
        option="dataset",
    )


def set_name(dataset: str) -> str:
    """Return the name that ``load_images`` gives to a set, without loading it: ``glyphs`` for ``glyphs:300``."""
    if dataset.endswith(".h5") or "/" in dataset:
        return plain_name(Path(dataset).name.removesuffix(".h5"))
    return plain_name(dataset.partition(":")[0] if dataset.startswith("glyphs:") else dataset)
