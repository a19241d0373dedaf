"""Takes features in blocks of rows, gives an HDF5 feature file that resumes by row; knows no network.

Layout::

    features  float16 or float32  (N, D)   chunks of whole rows
    labels    int64  (N,)                  optional
    rows      int64  ()                    rows written so far
    attrs     key                          hash of ``settings``: everything that decides the numbers
              settings                     JSON object
              layers                       JSON list of [name, first column, column after the last]
              format_version               int
              complete                     bool, set last

While it grows the file is called ``NAME.part``. All its space is allotted when it is made, so that a later write
changes bytes of ``features`` and ``rows`` alone and a process that is killed leaves a file that opens. ``rows`` is
written after the rows that it counts.
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
from .allotted import create_allotted
from .files import explained_disk_errors, require_space, set_aside
from .fingerprints import fingerprint_settings
from .hdf5 import DamagedFileError, open_hdf5
from .stamps import FileStamp

FORMAT_VERSION = 1
CHUNK_BYTES = 1 << 20
ATTRIBUTES = {"key", "settings", "layers", "format_version", "complete"}


class FeatureFileWriter:
    """Writes one feature file, continuing a part file of the same key where it stopped.

    Use it as a context manager; ``rows_written`` says where to go on, ``append`` takes the next rows. The file gets its
    final name in ``__exit__`` once all rows are there; otherwise the part stays for the next time.
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
        """Open or make the part file of ``path`` for features (``rows``, D) of ``dtype``.

        Parameters
        ----------
        settings
            JSON-able; everything that decides the numbers. Its hash is the key.
        layers
            Column range (first, after the last) of each layer, in order and without gaps.
        labels
            int64 (rows,), or None.

        A file of either name that holds something else is kept under another name, with a warning.

        Raises
        ------
        UserError
            If another program has the part file open, or there is no room on the disk.
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
        """Open the part file if it belongs to this key; a damaged one or one of another key makes way."""
        try:
            file = open_hdf5(self.part, "r+")
        except FileNotFoundError:
            return None
        except DamagedFileError:
            set_aside(self.part, "is not a whole HDF5 file")
            return None
        if file.attrs.get("key") == fingerprint_settings(self._settings) and "rows" in file:
            return file
        file.close()
        set_aside(self.part, "holds other features than its name says")
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
        """Write the next rows, (n, D) of any float type, and then their count.

        Raises
        ------
        UserError
            If the features are not finite (naming the column), do not fit the file's dtype, or the disk is full.
        """
        with np.errstate(over="ignore"):  # reported below, by name
            stored = features.astype(self._dtype, copy=False)
        if not np.isfinite(stored).all():
            row, column = (int(axis[0]) for axis in np.nonzero(~np.isfinite(stored)))
            layer = next(name for name, (start, stop) in self._layers.items() if start <= column < stop)
            raise UserError(
                f"feature {features[row, column]} of layer {layer} (column {column}) at image "
                f"{self.rows_written + row} is not a finite {self._dtype}; check the checkpoint, or take float32"
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
    """A complete feature file, read in blocks. Readings end in an error once the file is not as it was when opened."""

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
        """Read rows ``start`` to ``stop`` and a range of columns, in the file's dtype.

        Raises
        ------
        ChangedFileError
            If the file was changed or removed since it was opened.
        """
        try:
            block = self._features[start:stop, columns]
        except OSError as error:
            self._stamp.require_unchanged()
            raise UserError(f"{self.path}: rows cannot be read ({error}); move it away and extract again") from error
        self._stamp.require_unchanged()
        return block

    def select(self, rows: slice = slice(None), columns: slice = slice(None)) -> "FeatureRows":
        """Give consecutive rows and columns without reading them: what a solver reads in blocks."""
        return FeatureRows(self, rows, columns)


class FeatureRows:
    """Rows and columns of a complete feature file, read whenever a slice of rows is asked for."""

    reads_rows = True

    def __init__(self, file: FeatureFile, rows: slice, columns: slice):
        self._file, self._columns = file, slice(*columns.indices(file.shape[1])[:2])
        self._first, stop, step = rows.indices(file.shape[0])
        if step != 1 or columns.step not in (None, 1):
            raise ValueError("rows and columns must be consecutive")
        self.shape = (max(0, stop - self._first), max(0, self._columns.stop - self._columns.start))
        self.dtype = file.dtype

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Read consecutive rows, (n, D) in the file's dtype; raises as ``FeatureFile.read``."""
        start, stop, _ = rows.indices(self.shape[0])
        return self._file.read(self._first + start, self._first + stop, self._columns)


def open_feature_file(path: str | Path, key: str | None = None) -> FeatureFile:
    """Open a complete feature file, checking its completion mark, its format and, if given, its key.

    Raises
    ------
    UnreadableFileError
        If another program has it open for writing.
    UserError
        If the file is missing, cannot be read, is damaged, foreign or incomplete, or has another key.
    """
    path = Path(path)
    try:
        stamp = FileStamp.of(path)  # before anything is read
        file = open_hdf5(path)
    except FileNotFoundError as error:
        raise UserError(f"there is no feature file {path}; run extract first") from error
    except DamagedFileError as error:
        raise UserError(f"{error}; extract again, which keeps it under another name") from error
    if not {"features", "rows"} <= set(file) or not set(file.attrs) >= ATTRIBUTES:
        raise UserError(f"{path} is not a feature file; name one that extract has written")
    if file.attrs["format_version"] != FORMAT_VERSION:
        raise UserError(f"{path} has format {file.attrs['format_version']}, expected {FORMAT_VERSION}; extract again")
    if not file.attrs["complete"]:
        raise UserError(
            f"{path} is incomplete: {int(file['rows'][()])} of {len(file['features'])} rows; extract again to resume"
        )
    if key is not None and file.attrs["key"] != key:
        raise UserError(f"{path} has key {file.attrs['key']}, expected {key}: it was made from something else")
    return FeatureFile(path, file, stamp)
