"""Results folder: the records of evaluations and their test predictions.

::

    RESULTS/evaluations.csv           one row an evaluation, only ever appended to
    RESULTS/fits/ID.csv.gz            one row a fit of that evaluation
    RESULTS/predictions/ID.npz        its test predictions
"""

import csv
import gzip
import io
import os
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas

from ..runtime import UserError
from ..storage import explained_disk_errors, locked, read_arrays, read_bytes, whole_file, write_arrays
from .predictions import ARRAYS, LABELED, PACKED, TestPredictions
from .records import (
    EVALUATION_COLUMNS,
    EVALUATIONS_HEADER,
    FIT_COLUMNS,
    FITS_HEADER,
    OLD_EVALUATIONS_HEADER,
    OPTIONAL,
    READABLE_VERSIONS,
    SCHEMA_VERSION,
    Evaluation,
    ProbeRecord,
    evaluation_line,
    evaluation_of,
    fit_line,
    fit_of_cells,
    to_json,
    with_added_columns,
)
from .summary import Summary, summarise

VERSION_BYTES = 16
OLD_RECORDS = "records.csv"
"""File of the records up to schema version 2."""


class Results:
    """A results folder."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.path = self.folder / "evaluations.csv"

    def append(self, records: Sequence[ProbeRecord]) -> None:
        """Add the records of fits; safe for several processes at once, each with its own evaluations.

        The fits of an evaluation are written whole or not at all, before its row in ``evaluations.csv``. A last row
        that was cut off by a kill is dropped first, and a write that fails leaves that file as it was. A file of schema
        version 3 gets the columns of today first, empty in its own rows.

        Raises
        ------
        UserError
            If the folder holds records of another schema version, its files are damaged, or the disk is full.
        """
        self._check_version()
        with ExitStack() as held:
            held.enter_context(locked(self.path))
            held.enter_context(explained_disk_errors(self.path))
            if records and self.path.exists():
                self._add_columns()
            file = held.enter_context(open(self.path, "a+b", buffering=0))
            size = _whole_size(file, self.path)
            file.truncate(size)
            for evaluation in dict.fromkeys(record.evaluation.id for record in records):
                self._append_fits([record for record in records if record.evaluation.id == evaluation])
            known = {row[1] for row in _rows(file, size)[1:]}
            new = {record.evaluation.id: record.evaluation for record in records if record.evaluation.id not in known}
            text = "".join(evaluation_line(evaluation) for evaluation in new.values())
            left = memoryview((text if size else EVALUATIONS_HEADER + text).encode())
            try:
                while left:
                    left = left[file.write(left) :]
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise

    def _add_columns(self) -> None:
        with open(self.path, "rb") as file:
            size = _whole_size(file, self.path)
            file.seek(0)
            before = file.read(size)
        after = with_added_columns(before.decode(), EVALUATION_COLUMNS).encode()
        if after != before:
            with whole_file(self.path) as temporary:
                temporary.write_bytes(after)

    def _append_fits(self, records: Sequence[ProbeRecord]) -> None:
        path = self.fits_path(records[0].evaluation.id)
        before = with_added_columns(_read_gzip(path), FIT_COLUMNS) if path.exists() else FITS_HEADER
        content = before + "".join(map(fit_line, records))
        with whole_file(path) as temporary:
            temporary.write_bytes(gzip.compress(content.encode(), mtime=0))

    def read(self) -> pandas.DataFrame:
        """Read all fits, oldest evaluation first: one row a fit, its evaluation's columns before its own.

        The columns are the fields of ``Evaluation``, with ``evaluation_`` before ``date``, ``notes`` and ``options``,
        and those of ``ProbeRecord``; options are JSON.

        Raises
        ------
        UserError
            As ``records``.
        """
        shared = [f"evaluation_{name}" if name in FIT_COLUMNS else name for name in EVALUATION_COLUMNS]
        rows = []
        for record in self.records():
            values = [getattr(record.evaluation, name) for name in EVALUATION_COLUMNS]
            values += [getattr(record, name) for name in FIT_COLUMNS]
            rows.append([to_json(value) if isinstance(value, dict) else value for value in values])
        frame = pandas.DataFrame(rows, columns=[*shared, *FIT_COLUMNS])
        return frame.astype(OPTIONAL)

    def evaluations(self) -> list[Evaluation]:
        """Read what the fits of each evaluation share, oldest first.

        Raises
        ------
        UserError
            If there are none, or the file is damaged or of another schema version.
        """
        self._check_version()
        try:
            with open(self.path, "rb") as file:
                rows = _rows(file, _whole_size(file, self.path))
        except FileNotFoundError as error:
            raise UserError(f"there are no records {self.path}; run eval-svm first", option="results") from error
        found = []
        for number, row in enumerate(rows[1:], 2):
            try:
                found.append(evaluation_of(row))
            except ValueError as error:
                raise _damaged(self.path, number, error) from error
        return found

    def records(self) -> list[ProbeRecord]:
        """Read all fits, oldest evaluation first.

        Raises
        ------
        UserError
            As ``evaluations``, or if the fits of an evaluation are missing or damaged.
        """
        return [record for evaluation in self.evaluations() for record in self._fits(evaluation)]

    def _fits(self, evaluation: Evaluation) -> list[ProbeRecord]:
        path = self.fits_path(evaluation.id)
        try:
            rows = list(csv.reader(io.StringIO(with_added_columns(_read_gzip(path), FIT_COLUMNS))))
        except FileNotFoundError as error:
            raise UserError(
                f"there are no fits {path}, which {self.path} names; restore that file, or remove the row of "
                f"{evaluation.id}",
                option="results",
            ) from error
        if not rows or tuple(rows[0]) != FIT_COLUMNS:
            raise UserError(f"{path} has other columns than expected: {', '.join(FIT_COLUMNS)}", option="results")
        found = []
        for number, row in enumerate(rows[1:], 2):
            try:
                found.append(fit_of_cells(evaluation, row))
            except ValueError as error:
                raise _damaged(path, number, error) from error
        return found

    def merge_from(self, other: "Results") -> list[str]:
        """Add the evaluations of another folder that this one lacks, with their test predictions; return their ids.

        Predictions come first, so that a call after an interruption completes the merge.

        Raises
        ------
        UserError
            As ``records`` of the other folder and ``append`` of this one, or if predictions are damaged.
        """
        theirs = other.records()
        known = {evaluation.id for evaluation in self.evaluations()} if self.path.exists() else set()
        new = [name for name in dict.fromkeys(record.evaluation.id for record in theirs) if name not in known]
        for name in new:
            if other.predictions_path(name).exists():
                self.write_predictions(other.read_predictions(name))
            self.fits_path(name).unlink(missing_ok=True)  # of a merge that was interrupted before its last step
        if new:
            self.append([record for record in theirs if record.evaluation.id not in known])
        return new

    def write_predictions(self, test: TestPredictions) -> None:
        """Write the test predictions of one evaluation, whole or not at all."""
        write_arrays(self.predictions_path(test.evaluation), **test.arrays())

    def read_predictions(self, evaluation: str) -> TestPredictions:
        """Read the test predictions of one evaluation.

        Raises
        ------
        UserError
            If they are missing or damaged.
        """
        path = self.predictions_path(evaluation)
        try:
            stored = read_arrays(path, ARRAYS, optional=(*LABELED, *PACKED))
        except FileNotFoundError as error:
            raise UserError(f"there are no test predictions {path}; run that evaluation again") from error
        return TestPredictions.from_arrays(evaluation, stored)

    def correct(self, evaluation: str) -> np.ndarray | None:
        """Return which test predictions of an evaluation are right, bool (draws, test rows); None without a file.

        Raises
        ------
        UserError
            If their file is damaged.
        """
        if not self.predictions_path(evaluation).exists():
            return None
        return self.read_predictions(evaluation).correct

    def summaries(self) -> list[Summary]:
        """Summarize the complete evaluations, with the uncertainty over test images; see ``summarise``."""
        return summarise(self.records(), self.correct)

    def fits_path(self, evaluation: str) -> Path:
        """Return the file of an evaluation's fits."""
        return self.folder / "fits" / f"{evaluation}.csv.gz"

    def predictions_path(self, evaluation: str) -> Path:
        """Return the file of an evaluation's test predictions."""
        return self.folder / "predictions" / f"{evaluation}.npz"

    def _check_version(self) -> None:
        old = self.folder / OLD_RECORDS
        if old.exists():
            raise UserError(
                f"{old} is of an older schema version than {SCHEMA_VERSION}; convert the folder with `dcgan-probe "
                f"convert-results --results {self.folder}`, or give another --results",
                option="results",
            )


def _rows(file: BinaryIO, size: int) -> list[list[str]]:
    """Read the rows of the first ``size`` bytes, the header included, with all columns of today."""
    file.seek(0)
    return list(csv.reader(io.StringIO(with_added_columns(file.read(size).decode(), EVALUATION_COLUMNS))))


def _read_gzip(path: Path) -> str:
    try:
        return gzip.decompress(read_bytes(path)).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise UserError(
            f"{path} cannot be read ({error}); it is corrupt, so restore it, or move it away with the row of that "
            "evaluation in evaluations.csv",
            option="results",
        ) from error


def _whole_size(file: BinaryIO, path: Path) -> int:
    """Check header and version; return the length up to the end of the last whole row, 0 without a whole header.

    The whole file is read only if the last row was cut off.
    """
    file.seek(0)
    header = EVALUATIONS_HEADER.encode()
    head = file.read(len(header) + VERSION_BYTES)
    if head.startswith(OLD_EVALUATIONS_HEADER.encode()):
        header = OLD_EVALUATIONS_HEADER.encode()
        head = head[: len(header) + VERSION_BYTES]
    if len(head) < len(header) and header.startswith(head):
        return 0
    if not head.startswith(header):
        found = head[:60].split(b"\n")[0].decode(errors="replace")
        raise UserError(
            f"{path} is not an evaluations file of schema version {SCHEMA_VERSION}: its first line starts {found!r}; "
            "move it away, or give another --results",
            option="results",
        )
    version, comma, _ = head[len(header) :].partition(b",")
    if comma and version not in [str(each).encode() for each in READABLE_VERSIONS]:
        raise UserError(
            f"{path} has schema version {version.decode(errors='replace')}, expected "
            f"{' or '.join(map(str, READABLE_VERSIONS))}; move it away, or give another --results",
            option="results",
        )
    size = file.seek(-1, os.SEEK_END) + 1
    if file.read(1) == b"\n":
        return size
    file.seek(0)
    return file.read().rfind(b"\n") + 1


def _damaged(path: Path, number: int, error: ValueError) -> UserError:
    return UserError(
        f"{path}, row {number}, cannot be read ({error}); it was edited or damaged, so restore that row, or remove it",
        option="results",
    )
