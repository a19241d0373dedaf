"""HDF5 feature files, written in blocks of rows and resumable by row.

Layout::

    features  float16 or float32  (N, D)   chunks of whole rows
    labels    int64  (N,)                  optional
    rows      int64  ()                    rows written so far
    attrs     key                          hash of ``settings``
              settings                     JSON object that determines the features
              layers                       JSON list of [name, first column, column after the last]
              format_version               int
              complete                     bool, set last

An incomplete file is named ``NAME.part``. All disk space is allocated at creation, so later writes change only bytes of
``features`` and ``rows``, and the file can be opened even if the writing process is killed. ``rows`` is updated after
the rows that it counts are written.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np

from ..runtime import UserError
from .file_stamps import FileStamp
from .files import explained_disk_errors, require_space, set_aside
from .fingerprints import fingerprint_settings
from .hdf5 import DamagedFileError, open_hdf5
from .preallocated import create_allotted

FORMAT_VERSION = 1
CHUNK_BYTES = 1 << 20
ATTRIBUTES = {"key", "settings", "layers", "format_version", "complete"}


class FeatureFileWriter:
    """Writer of a feature file that resumes an incomplete file with the same key.

    The writer is a context manager. ``rows_written`` is the number of the next row, and ``append`` writes the next
    rows. ``__exit__`` renames the file to its final name if all rows are written; otherwise the part file is kept, so
    that a later writer resumes it.
    """

    def __init__(
        self,
        path: str | Path,
        settings: Mapping[str, Any],
        *,
        rows: int,
        layers: Mapping[str, tuple[int, int]],
        dtype: str,
        labels: np.ndarray | None,
    ):
        """Open or create the part file of ``path`` for features (``rows``, D).

        A part file or final file with other content is renamed, with a warning.

        Parameters
        ----------
        settings
            All settings that determine the features, serializable as JSON. Their hash is the key.
        rows
            Rows of the complete file.
        layers
            Column range (first, one after the last) of each layer, in order and without gaps.
        dtype
            ``float16`` or ``float32``.
        labels
            int64 (rows,), or None.

        Raises
        ------
        UserError
            If another program has the part file open, or the disk has too little free space.
        """
        self.path = Path(path)
        self.part = self.path.with_name(self.path.name + ".part")
        self._rows, self._layers, self._dtype, self._labels = rows, dict(layers), np.dtype(dtype), labels
        self._settings = dict(settings)
        self.dimension = max(stop for _, stop in layers.values())
        with explained_disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._reopen() or self._create()
        self.rows_written = int(self._file["rows"][()])

    def _reopen(self) -> h5py.File | None:
        """Open the part file if it has this key; a corrupt file or a file with another key is renamed."""
        try:
            file = open_hdf5(self.part, "r+")
        except FileNotFoundError:
            return None
        except DamagedFileError:
            set_aside(self.part, "is corrupt, or not an HDF5 file")
            return None
        if file.attrs.get("key") == fingerprint_settings(self._settings) and "rows" in file:
            return file
        file.close()
        set_aside(self.part, "does not contain the features that its name stands for")
        return None

    def _create(self) -> h5py.File:
        row_bytes = self.dimension * self._dtype.itemsize
        require_space(self.path, self._rows * row_bytes)
        file = open_hdf5(self.part, "w")
        create_allotted(file, "features", (self._rows, self.dimension), self._dtype, CHUNK_BYTES // row_bytes)
        if self._labels is not None:
            file["labels"] = np.asarray(self._labels, dtype=np.int64)
        file.attrs["key"] = fingerprint_settings(self._settings)
        file.attrs["settings"] = json.dumps(self._settings)
        file.attrs["layers"] = json.dumps([[name, *columns] for name, columns in self._layers.items()])
        file.attrs["format_version"] = FORMAT_VERSION
        file.attrs["complete"] = False
        file["rows"] = np.int64(0)
        file.flush()
        return file

    def append(self, features: np.ndarray) -> None:
        """Write the next rows and update their count.

        Parameters
        ----------
        features
            Floats of any type, (n, D).

        Raises
        ------
        UserError
            If a feature is not finite or out of range for the file's dtype (the message names its column), or the disk
            is full.
        """
        with np.errstate(over="ignore"):  # reported below with the column
            stored = features.astype(self._dtype, copy=False)
        if not np.isfinite(stored).all():
            row, column = (int(axis[0]) for axis in np.nonzero(~np.isfinite(stored)))
            layer = next(name for name, (start, stop) in self._layers.items() if start <= column < stop)
            raise UserError(
                f"got feature {features[row, column]} of layer {layer} (column {column}) at image "
                f"{self.rows_written + row}, expected a finite {self._dtype}; check the checkpoint, or use float32"
            )
        stop = self.rows_written + len(features)
        with explained_disk_errors(self.path):
            self._file["features"][self.rows_written : stop] = stored
            self._file.flush()
            self._file["rows"][()] = stop
            self._file.flush()
        self.rows_written = stop

    def __enter__(self) -> "FeatureFileWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        complete = kind is None and self.rows_written == self._rows
        with explained_disk_errors(self.path):
            if complete:
                self._file.attrs.modify("complete", True)
            self._file.close()
            if complete:
                if self.path.exists():
                    set_aside(self.path, "is not a complete file of these features")
                os.replace(self.part, self.path)


class FeatureFile:
    """Complete feature file, read in blocks; reading fails if the file has changed since it was opened."""

    def __init__(self, path: Path, file: h5py.File, stamp: FileStamp):
        self.path, self._stamp = path, stamp
        self._features = file["features"]
        self.shape: tuple[int, int] = self._features.shape
        self.dtype = self._features.dtype
        self.labels = file["labels"][:] if "labels" in file else None
        self.key = str(file.attrs["key"])
        self.settings: dict[str, Any] = json.loads(file.attrs["settings"])
        self.layers = {name: (start, stop) for name, start, stop in json.loads(file.attrs["layers"])}

    def read(self, start: int = 0, stop: int | None = None, columns: slice = slice(None)) -> np.ndarray:
        """Read rows ``start`` to ``stop`` and a range of columns, (n, D) in the file's dtype.

        Raises
        ------
        ChangedFileError
            If the file has been changed or removed since it was opened.
        UserError
            If the rows cannot be read.
        """
        try:
            block = self._features[start:stop, columns]
        except OSError as error:
            self._stamp.require_unchanged()
            raise UserError(f"{self.path}: rows cannot be read ({error}); move it away and extract again") from error
        self._stamp.require_unchanged()
        return block

    def select(self, rows: slice = slice(None), columns: slice = slice(None)) -> "FeatureRows":
        """Return consecutive rows and columns as a lazy array, which a solver reads in blocks."""
        return FeatureRows(self, rows, columns)


class FeatureRows:
    """Rows and columns of a complete feature file, read when sliced."""

    reads_rows = True

    def __init__(self, file: FeatureFile, rows: slice, columns: slice):
        self._file, self._columns = file, slice(*columns.indices(file.shape[1])[:2])
        self._first, stop, step = rows.indices(file.shape[0])
        if step != 1 or columns.step not in (None, 1):
            raise ValueError("rows and columns must be consecutive")
        self.shape = (max(0, stop - self._first), max(0, self._columns.stop - self._columns.start))
        self.dtype = file.dtype

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Read consecutive rows, (n, D) in the file's dtype; errors as for ``FeatureFile.read``."""
        start, stop, _ = rows.indices(self.shape[0])
        return self._file.read(self._first + start, self._first + stop, self._columns)


def open_feature_file(path: str | Path, key: str | None = None) -> FeatureFile:
    """Open a complete feature file and check its completion flag, its format and, if given, its key.

    Raises
    ------
    UnreadableFileError
        If another program has the file open for writing.
    UserError
        If the file is missing, cannot be read, is corrupt, incomplete or not a feature file, or has another key.
    """
    path = Path(path)
    try:
        stamp = FileStamp.of(path)  # before anything is read
        file = open_hdf5(path)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist, expected a feature file; run extract first") from error
    except DamagedFileError as error:
        raise UserError(f"{error}; extract again, which renames this file") from error
    if not {"features", "rows"} <= set(file) or not set(file.attrs) >= ATTRIBUTES:
        raise UserError(f"got {path}, expected a feature file written by extract")
    if file.attrs["format_version"] != FORMAT_VERSION:
        raise UserError(f"{path} has format {file.attrs['format_version']}, expected {FORMAT_VERSION}; extract again")
    if not file.attrs["complete"]:
        raise UserError(
            f"{path} is incomplete: {int(file['rows'][()])} of {len(file['features'])} rows; extract again to resume"
        )
    if key is not None and file.attrs["key"] != key:
        raise UserError(
            f"{path} has key {file.attrs['key']}, expected {key}, so it contains other features; extract again"
        )
    return FeatureFile(path, file, stamp)
