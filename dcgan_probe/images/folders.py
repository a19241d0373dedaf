"""Takes a folder of image files, with or without a subfolder a class, gives its stream; knows no size and no array."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..runtime import UserError
from ..storage import ChangedFileError, FileStamps
from .streams import DEEP_MODES, GREY_MODES, ImageStream

EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")  # those of torchvision


def open_folder(path: Path, split: str) -> ImageStream:
    """List the images of one split of a folder.

    ``PATH/train`` and ``PATH/test`` are the splits where ``PATH/train`` exists; otherwise the whole folder is the
    training set. Each holds images, or one subfolder a class: labels follow the sorted names of the subfolders, and
    rows the sorted paths, as in torchvision's ``ImageFolder``. Names that start with a dot are skipped.

    Raises
    ------
    UserError
        If the split is not there, or the folder holds no images, images both beside and in class folders, an empty
        class folder, or other classes than the training split.
    """
    root = path
    if (path / "train").is_dir():
        root = path / split
    if (root == path and split != "train") or not root.is_dir():
        raise UserError(
            f"{path} has no {split} split: expected the folders {path / 'train'} and {path / 'test'}", option="dataset"
        )
    files, labels, names = _list_images(root)
    if root != path and split != "train" and names != (expected := _list_images(path / "train")[2]):
        raise UserError(
            f"{root}: got {_classes(names)}, expected those of {path / 'train'}: {_classes(expected)}", option="dataset"
        )
    stamps = FileStamps(files)

    def require_unchanged() -> None:
        stamps.require_unchanged()
        if (now := _list_images(root)[0]) != files:
            raise ChangedFileError(
                f"{root} changed while it was read: got {len(now):,} images, expected the {len(files):,} that it held "
                "before; repeat the command once nothing writes to it",
                option="dataset",
            )

    return ImageStream(
        count=len(files),
        read=lambda index: read_image(stamps.path(index)),
        describe=lambda index: str(files[index]),
        find_channels=lambda: _find_channels(files),
        labels=labels,
        name=path.resolve().name,
        split=split,
        source=str(root),
        class_names=names,
        require_unchanged=require_unchanged,
    )


def _list_images(root: Path) -> tuple[list[Path], np.ndarray | None, tuple[str, ...] | None]:
    """Give the files in order, and for a tree their labels, int64 (N,), and the class names."""
    flat = sorted(path for path in root.iterdir() if _is_image(path))
    folders = {path.name: _walk(path) for path in sorted(root.iterdir()) if path.is_dir() and path.name[0] != "."}
    if flat and any(folders.values()):
        raise UserError(
            f"{root}: got {len(flat)} images beside folders of images ({', '.join(folders)}), expected only images or "
            "only one folder a class; move them apart",
            option="dataset",
        )
    if flat:
        return flat, None, None
    empty = [name for name, files in folders.items() if not files]
    if empty or not folders:
        what = f"no images in the class folders {', '.join(empty)}" if folders else "no images"
        raise UserError(f"{root}: got {what}, expected files that end in {' '.join(EXTENSIONS)}", option="dataset")
    labels = np.repeat(np.arange(len(folders), dtype=np.int64), [len(files) for files in folders.values()])
    return [path for files in folders.values() for path in files], labels, tuple(folders)


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in EXTENSIONS and path.name[0] != "." and path.is_file()


def _walk(folder: Path) -> list[Path]:
    return [
        path
        for parent, _, names in sorted(os.walk(folder, followlinks=True))
        for name in sorted(names)
        if _is_image(path := Path(parent) / name)
    ]


def _classes(names: tuple[str, ...] | None) -> str:
    return "no classes" if names is None else f"{len(names)} classes ({', '.join(names)})"


def read_image(path: Path) -> Image.Image:
    """Decode one image file, turned upright as its EXIF orientation says.

    Raises
    ------
    UserError
        If the file is not an image, is truncated, or has more than 8 bits a channel.
    """
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            upright.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from error
    if upright.mode in DEEP_MODES or upright.mode.startswith("I;"):
        raise UserError(f"{path} has more than 8 bits a channel (mode {upright.mode}), expected an 8-bit image")
    return upright


def _find_channels(files: Sequence[Path]) -> int:
    """Read the headers until one is not greyscale."""
    for path in files:
        try:
            with Image.open(path) as image:
                if image.mode not in GREY_MODES:
                    return 3
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise _unreadable(path, error) from error
    return 1


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(f"{path} cannot be read as an image ({error}); replace or remove it", option="dataset")
