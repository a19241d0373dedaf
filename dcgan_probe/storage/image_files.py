"""The HDF5 image-array file: layout, reader and block-wise writer.

Layout (the project's one local form for images)::

    images    uint8  (N, H, W, C)   C is 1 or 3
    labels    int64  (N,)           optional
    NAME      number (N,)           optional: an attribute of each image, such as its age in years
    attrs     name, split, source   text
              resample              text: the filter that resized the images to H x W when the file was written; empty
                                    or absent if no image was resized or the filter is not recorded
              unreadable            number of images of the source that could not be read and are left out; absent if
                                    none was allowed to be
              class_names           JSON list in the order of the labels, optional
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..runtime import UserError
from .allotted import create_allotted
from .files import require_space, whole_file
from .hdf5 import DamagedFileError, open_hdf5
from .names import unicode_text
from .stamps import FileStamp

CHUNK_ROWS = 256


class ImageLayoutError(UserError):
    """An HDF5 file that was opened and is no image-array file; ``dcgan-probe prepare`` may read it."""

    def __init__(self, message: str, file: h5py.File, stamp: FileStamp):
        super().__init__(f"{message}; `dcgan-probe prepare` writes such a file from other forms", option="dataset")
        self.file, self.stamp = file, stamp


class StoredImages:
    """The images of an open file, read when sliced: uint8 (N, channels, H, W).

    Knows ``shape``, ``dtype``, ``len``, slices, and arrays of row numbers in any order or one bool a row, as a numpy
    array does, so that a set larger than memory can stand where an array stands. Every reading ends in an error if the
    file is no longer as it was when it was opened.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, dataset: h5py.Dataset, stamp: FileStamp):
        """Wrap uint8 (N, H, W, channels) of a file that was stamped before it was opened."""
        rows, height, width, channels = dataset.shape
        self._dataset, self._stamp = dataset, stamp
        self.shape = (rows, channels, height, width)

    @property
    def path(self) -> Path:
        """The file that they lie in."""
        return Path(self._dataset.file.filename)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        try:
            block = self._dataset[rows] if isinstance(rows, slice) else self._read_rows(np.arange(len(self))[rows])
        except OSError as error:
            self.require_unchanged()
            raise UserError(
                f"{self.path}: rows cannot be read ({error}); it is damaged: restore it from a copy, or make it again"
            ) from error
        self.require_unchanged()
        return np.ascontiguousarray(block.transpose(0, 3, 1, 2))

    def require_unchanged(self) -> None:
        """Check that the file is as it was when it was opened.

        Raises
        ------
        ChangedFileError
            If not.
        """
        self._stamp.require_unchanged()

    def _read_rows(self, rows: np.ndarray) -> np.ndarray:
        """Read rows, integers (n,) in any order: uint8 (n, H, W, C).

        HDF5 is slow at lists of rows, so each chunk's rows are read as one range and picked out in memory.
        """
        block = np.empty((len(rows), *self._dataset.shape[1:]), np.uint8)
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        chunk_rows = self._dataset.chunks[0] if self._dataset.chunks else CHUNK_ROWS
        edges = np.searchsorted(ordered, np.arange(0, len(self) + chunk_rows, chunk_rows))
        for first, last in pairwise(edges):
            if first < last:
                start, stop = ordered[first], ordered[last - 1] + 1
                block[order[first:last]] = self._dataset[start:stop][ordered[first:last] - start]
        return block

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype=dtype)


@dataclass(frozen=True)
class ImageFile:
    """Contents of an image-array file; the images stay on disk until they are sliced."""

    images: StoredImages
    labels: np.ndarray | None
    name: str
    split: str
    """``train`` or ``test``; empty if the file has no such attribute."""
    source: str
    resample: str
    """Filter that resized the images, such as ``box``; empty if none was resized or the filter is not recorded."""
    unreadable: int
    """Images of the source that could not be read and are left out."""
    class_names: tuple[str, ...] | None
    attributes: dict[str, np.ndarray]
    """Further numbers of each image by their names, integers or floats (N,)."""


def open_image_file(path: str | Path) -> ImageFile:
    """Open an image-array file and check its layout.

    Raises
    ------
    UnreadableFileError
        If another program has it open for writing.
    UserError
        If the file is missing, cannot be read, is damaged or not an image-array file. Its images raise
        ``ChangedFileError`` later on, if the file is written to.
    """
    path = Path(path)
    try:
        stamp = FileStamp.of(path)  # before anything is read
        file = open_hdf5(path)
    except FileNotFoundError as error:
        raise UserError(f"there is no image file {path}") from error
    except DamagedFileError as error:
        raise UserError(f"{error}; restore it from a copy, or make it again with `dcgan-probe prepare`") from error
    images, labels = file.get("images"), file.get("labels")
    if (
        not isinstance(images, h5py.Dataset)
        or images.dtype != np.uint8
        or images.ndim != 4
        or images.shape[3] not in (1, 3)
    ):
        found = "no dataset 'images'" if images is None else f"'images' {images.dtype} {images.shape}"
        message = f"{path} is not an image-array file: got {found}, expected 'images' uint8 (N, H, W, 1 or 3)"
        raise ImageLayoutError(message, file, stamp)
    if labels is not None and (labels.shape != images.shape[:1] or labels.dtype.kind not in "iu"):
        message = f"{path}: got labels {labels.dtype} {labels.shape}, expected integers ({images.shape[0]},)"
        raise ImageLayoutError(message, file, stamp)
    return ImageFile(
        images=StoredImages(images, stamp),
        labels=None if labels is None else labels[:].astype(np.int64),
        **file_facts(path, file),
    )


def file_facts(path: Path, file: h5py.File) -> dict[str, Any]:
    """Return all that an open file holds beside its images and labels, as the other fields of ``ImageFile``."""
    return {
        "name": _text(file, "name") or path.stem,
        "split": _text(file, "split"),
        "source": _text(file, "source"),
        "resample": _text(file, "resample"),
        "unreadable": int(file.attrs.get("unreadable", 0)),
        "class_names": _class_names(path, file),
        "attributes": {
            name: dataset[:]
            for name, dataset in file.items()
            if name not in ("images", "labels")
            and isinstance(dataset, h5py.Dataset)
            and dataset.shape == file["images"].shape[:1]
            and dataset.dtype.kind in "iuf"
        },
    }


def _text(file: h5py.File, name: str) -> str:
    value = file.attrs.get(name, "")
    return value.decode() if isinstance(value, bytes) else str(value)


def _class_names(path: Path, file: h5py.File) -> tuple[str, ...] | None:
    """Read class names from a JSON list, or from an array of texts as h5py stores a list of them."""
    value = file.attrs.get("class_names")
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "OSU":
        return tuple(name.decode() if isinstance(name, bytes) else str(name) for name in value)
    text = _text(file, "class_names")
    if not text:
        return None
    try:
        return tuple(str(name) for name in json.loads(text))
    except (json.JSONDecodeError, TypeError) as error:
        raise UserError(f"{path}: got class_names {text[:60]!r}, expected a JSON list of names") from error


def write_image_file(
    path: str | Path,
    blocks: Iterable[tuple[np.ndarray, np.ndarray | None]],
    *,
    rows: int,
    name: str,
    split: str,
    source: str,
    class_names: tuple[str, ...] | None = None,
    attributes: Mapping[str, np.ndarray] | None = None,
    facts: Callable[[], Mapping[str, str | int]] = dict,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Write an image-array file from consecutive blocks; memory does not grow with their number.

    Parameters
    ----------
    blocks
        Pairs of uint8 images (n, channels, H, W) and int64 labels (n,) or None, ``rows`` images in all.
    attributes
        Further numbers of each image by their names, integers or floats (rows,).
    facts
        Function that returns further attributes of the file, such as ``resample``. The call follows the last block,
        since what was done to streamed images is known only then.
    check
        Called when all is written, before the file gets its name: raises if the source of the blocks has changed.

    Raises
    ------
    UserError
        If the blocks differ from each other in shape, or their rows from ``rows`` in number.
    """
    with whole_file(path, check) as temporary, open_hdf5(temporary, "w") as file:
        start = 0
        for images, labels in blocks:
            stop = start + len(images)
            if start == 0:
                _, channels, height, width = images.shape
                shape = (rows, height, width, channels)
                require_space(Path(path), math.prod(shape))
                create_allotted(file, "images", shape, np.uint8, CHUNK_ROWS)
                if labels is not None:
                    create_allotted(file, "labels", (rows,), np.int64, rows)
            if stop > rows or file["images"].shape[1:] != (*images.shape[2:], images.shape[1]):
                raise UserError(
                    f"{path}: got a block of images {images.shape} at row {start}, expected "
                    f"{file['images'].shape[1:]} (height, width, channels) and {rows} rows in all"
                )
            file["images"][start:stop] = images.transpose(0, 2, 3, 1)
            if labels is not None:
                file["labels"][start:stop] = labels
            start = stop
        if start != rows or rows == 0:
            raise UserError(f"{path}: got {start} images, expected {rows or 'at least one'}")
        about = {"name": name, "split": split, "source": source, **facts()}
        file.attrs.update({key: unicode_text(each) if isinstance(each, str) else each for key, each in about.items()})
        for attribute, numbers in (attributes or {}).items():
            file[attribute] = numbers
        if class_names:
            file.attrs["class_names"] = json.dumps(class_names)
