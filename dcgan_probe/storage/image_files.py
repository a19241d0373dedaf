"""HDF5 image-array files: layout, reader and block-wise writer.

Layout::

    images    uint8  (N, H, W, C)   C is 1 or 3
    labels    int64  (N,)           optional
    NAME      number (N,)           optional: attribute of each image, such as age in years
    attrs     name, split, source   text
              resample              text: filter that resized the images to H x W when the file was written; empty or
                                    absent if no image was resized or the filter is not recorded
              unreadable            number of unreadable images of the source that are omitted; absent if unreadable
                                    images were errors
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
from .file_stamps import FileStamp
from .files import require_space, whole_file
from .hdf5 import DamagedFileError, open_hdf5
from .preallocated import create_allotted
from .safe_names import unicode_text

CHUNK_ROWS = 256


class ImageLayoutError(UserError):
    """Open HDF5 file with another layout, which ``dcgan-probe prepare`` may be able to read."""

    def __init__(self, message: str, file: h5py.File, stamp: FileStamp):
        super().__init__(f"{message}; `dcgan-probe prepare` converts files of other layouts", parameter="dataset")
        self.file, self.stamp = file, stamp


class StoredImages:
    """Images of an open file, uint8 (N, channels, H, W), read when indexed.

    Like a numpy array, it has ``shape``, ``dtype`` and ``len``, and can be indexed by slices, by row numbers in any
    order and by a bool mask of the rows, so it can replace an array for sets larger than memory. Reading fails if the
    file has changed since it was opened.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, dataset: h5py.Dataset, stamp: FileStamp):
        """Wrap a data set uint8 (N, H, W, channels) of a file that was stamped before it was opened."""
        rows, height, width, channels = dataset.shape
        self._dataset, self._stamp = dataset, stamp
        self.shape = (rows, channels, height, width)

    @property
    def path(self) -> Path:
        """Path of the file."""
        return Path(self._dataset.file.filename)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        try:
            block = self._dataset[rows] if isinstance(rows, slice) else self._read_rows(np.arange(len(self))[rows])
        except OSError as error:
            self.require_unchanged()
            raise UserError(
                f"{self.path}: rows cannot be read ({error}); the file is corrupt: restore it from a copy, or write it "
                "again"
            ) from error
        self.require_unchanged()
        return np.ascontiguousarray(block.transpose(0, 3, 1, 2))

    def require_unchanged(self) -> None:
        """Check that the file has not changed since it was opened.

        Raises
        ------
        ChangedFileError
            If the file was changed or removed.
        """
        self._stamp.require_unchanged()

    def _read_rows(self, rows: np.ndarray) -> np.ndarray:
        """Read rows uint8 (n, H, W, C) by their numbers, integers (n,) in any order.

        HDF5 is slow with lists of rows, so the rows of each chunk are read as one range and selected in memory.
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
    """Content of an image-array file; the images stay on disk until they are indexed."""

    images: StoredImages
    labels: np.ndarray | None
    """int64 (N,), or None for an unlabeled file."""
    name: str
    split: str
    """``train`` or ``test``; empty if the file has no such attribute."""
    source: str
    """Origin of the images, for people."""
    resample: str
    """Filter that resized the images, such as ``box``; empty if no image was resized or the filter is not recorded."""
    unreadable: int
    """Number of unreadable images of the source that are omitted."""
    class_names: tuple[str, ...] | None
    """Class names in the order of the labels; None if unknown."""
    attributes: dict[str, np.ndarray]
    """Numeric attributes of each image by name, integers or floats (N,)."""


def open_image_file(path: str | Path) -> ImageFile:
    """Open an image-array file and check its layout.

    Raises
    ------
    UnreadableFileError
        If another program has the file open for writing.
    ImageLayoutError
        If the file is an HDF5 file with another layout.
    UserError
        If the file is missing, cannot be read or is corrupt. The images raise ``ChangedFileError`` if the file changes
        later.
    """
    path = Path(path)
    try:
        stamp = FileStamp.of(path)  # before anything is read
        file = open_hdf5(path)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist, expected an image-array file") from error
    except DamagedFileError as error:
        raise UserError(f"{error}; restore it from a copy, or write it again with `dcgan-probe prepare`") from error
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
    """Read the fields of ``ImageFile`` other than images and labels from an open file."""
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
    """Read class names from a JSON list, or from an array of texts, h5py's form of a list."""
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
    """Write an image-array file from consecutive blocks, atomically and in memory independent of their number.

    Parameters
    ----------
    blocks
        Pairs of images uint8 (n, channels, H, W) and labels int64 (n,) or None, ``rows`` images in total.
    name, split, source
        Text attributes of the file.
    class_names
        Class names in the order of the labels.
    attributes
        Numeric attributes of each image by name, integers or floats (rows,).
    facts
        Function that returns further attributes of the file, such as ``resample``. It is called after the last block,
        when the conversions of streamed images are complete.
    check
        Function that is called before the file is renamed to its final name, and raises if the source of the blocks
        has changed.

    Raises
    ------
    UserError
        If the blocks have different image shapes, the number of images is not ``rows``, or the disk is full.
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
                    f"{file['images'].shape[1:]} (height, width, channels) and {rows} rows in total"
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
