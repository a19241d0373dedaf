"""Takes the records of fits, gives a results folder that keeps them; knows no classifier and no table.

::

    RESULTS/records.csv               one row a fit, only ever appended to
    RESULTS/predictions/ID.npz        test predictions of one evaluation
"""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas

from ..runtime import UserError
from ..storage import explained_disk_errors, locked, read_arrays, write_arrays
from .records import COLUMNS, HEADER, OPTIONAL, SCHEMA_VERSION, ProbeRecord, TestPredictions, from_cells, to_line
from .summary import Summary, summarise

VERSION_BYTES = 16


class Results:
    """A results folder."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.path = self.folder / "records.csv"

    def append(self, records: Sequence[ProbeRecord]) -> None:
        """Add rows, in one piece; safe for several processes at once.

        A last row that was cut off by a kill is dropped first, and a write that fails leaves the file as it was.

        Raises
        ------
        UserError
            If the file is foreign or of another schema version, or the disk is full.
        """
        text = "".join(to_line(asdict(record).values()) for record in records)
        with locked(self.path), explained_disk_errors(self.path), open(self.path, "a+b", buffering=0) as file:
            size = _whole_size(file, self.path)
            file.truncate(size)
            left = memoryview((text if size else HEADER + text).encode())
            try:
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise

    def read(self) -> pandas.DataFrame:
        """Read all rows, oldest first, one column for each field of ``ProbeRecord``.

        Raises
        ------
        UserError
            If there are none, or the file is foreign, damaged or of another schema version.
        """
        frame = pandas.DataFrame([asdict(record) for record in self.records()], columns=list(COLUMNS))
        return frame.astype(dict.fromkeys(OPTIONAL, "Int64"))

    def records(self) -> list[ProbeRecord]:
        """Read all rows as records, oldest first; see ``read``."""
        try:
            with open(self.path, "rb") as file:
                size = _whole_size(file, self.path)
                file.seek(0)
                text = file.read(size).decode()
        except FileNotFoundError as error:
            raise UserError(f"there are no records {self.path}; run eval-svm first", option="results") from error
        rows = list(csv.reader(io.StringIO(text)))
        return [_record(row, number, self.path) for number, row in enumerate(rows[1:], 2)]

    def take(self, other: "Results") -> list[str]:
        """Add the evaluations of another folder that are not here yet, with their test predictions; give their names.

        Predictions come first: whenever it is interrupted, the same call goes on.

        Raises
        ------
        UserError
            As ``records`` of the other folder and ``append`` of this one, or if predictions are damaged.
        """
        theirs = other.records()
        known = {record.evaluation for record in self.records()} if self.path.exists() else set()
        new = [name for name in dict.fromkeys(record.evaluation for record in theirs) if name not in known]
        for name in new:
            if other.predictions_path(name).exists():
                self.write_predictions(other.read_predictions(name))
        if new:
            self.append([record for record in theirs if record.evaluation not in known])
        return new

    def write_predictions(self, test: TestPredictions) -> None:
        """Write the test predictions of one evaluation, whole or not at all: uint8, or uint16 from 256 classes on."""
        small = np.uint8 if max(test.predictions.max(), test.labels.max()) < 256 else np.uint16
        write_arrays(
            self.predictions_path(test.evaluation),
            predictions=test.predictions.astype(small),
            labels=test.labels.astype(small),
            C=test.C,
            draws=np.arange(len(test.predictions)),
        )

    def read_predictions(self, evaluation: str) -> TestPredictions:
        """Read the test predictions of one evaluation.

        Raises
        ------
        UserError
            If they are missing or damaged.
        """
        path = self.predictions_path(evaluation)
        try:
            kept = read_arrays(path, ("predictions", "labels", "C"))
        except FileNotFoundError as error:
            raise UserError(f"there are no test predictions {path}; run that evaluation again") from error
        predictions, labels = (kept[name].astype(np.int64) for name in ("predictions", "labels"))
        return TestPredictions(evaluation, predictions, labels, float(kept["C"]))

    def correct(self, evaluation: str) -> np.ndarray | None:
        """Tell which test predictions of an evaluation are right, bool (draws, test rows); None if they are not kept.

        Raises
        ------
        UserError
            If their file is damaged.
        """
        if not self.predictions_path(evaluation).exists():
            return None
        kept = self.read_predictions(evaluation)
        return kept.predictions == kept.labels

    def summaries(self) -> list[Summary]:
        """Summarise the complete evaluations, with what their test predictions tell; see ``summarise``."""
        return summarise(self.records(), self.correct)

    def predictions_path(self, evaluation: str) -> Path:
        """Give the file of an evaluation's test predictions."""
        return self.folder / "predictions" / f"{evaluation}.npz"


def _whole_size(file: BinaryIO, path: Path) -> int:
    """Check header and version; give the length up to the end of the last whole row, 0 if not even the header is there.

    All is read only if the last row was cut off.
    """
    file.seek(0)
    header = HEADER.encode()
    head = file.read(len(header) + VERSION_BYTES)
    if len(head) < len(header) and header.startswith(head):
        return 0
    if not head.startswith(header):
        found = head[:60].split(b"\n")[0].decode(errors="replace")
        raise UserError(
            f"{path} is not a records file of schema version {SCHEMA_VERSION}: its first line starts {found!r}; it is "
            "foreign or of another version, so move it away, or give another --results",
            option="results",
        )
    version, comma, _ = head[len(header) :].partition(b",")
    if comma and version != str(SCHEMA_VERSION).encode():
        raise UserError(
            f"{path} has schema version {version.decode(errors='replace')}, expected {SCHEMA_VERSION}; move it away, "
            "or give another --results",
            option="results",
        )
    size = file.seek(-1, os.SEEK_END) + 1
    if file.read(1) == b"\n":
        return size
    file.seek(0)
    return file.read().rfind(b"\n") + 1


def _record(cells: list[str], number: int, path: Path) -> ProbeRecord:
    try:
        return from_cells(cells)
    except ValueError as error:
        raise UserError(
            f"{path}, row {number}, cannot be read ({error}); it was edited or damaged, so remove that row",
            option="results",
        ) from error
