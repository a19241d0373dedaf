"""Results folder: the records of evaluations and their test predictions.

::

    RESULTS/evaluations.csv           one row per evaluation, append-only
    RESULTS/fits/ID.csv.gz            one row per fit of that evaluation
    RESULTS/predictions/ID.npz        its test predictions
    RESULTS/unfinished/               evaluations under way; see ``unfinished``
"""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas

from ..runtime import UserError
from ..storage import explained_disk_errors, locked, read_arrays, require_writable, write_arrays
from .predictions import ARRAYS, LABELED, PACKED, TestPredictions
from .record_files import (
    EvaluationsFile,
    Fault,
    add_columns,
    append_fits,
    evaluation_ids,
    read_evaluations,
    read_fits,
    to_frame,
    whole_size,
)
from .records import (
    EVALUATIONS_HEADER,
    SCHEMA_VERSION,
    Evaluation,
    ProbeRecord,
    evaluation_line,
)
from .summary import Summary, summarize

UNFINISHED = "unfinished"
OLD_RECORDS = "records.csv"
"""Name of the file of records up to schema version 2."""


@dataclass(frozen=True)
class Survey:
    """Readable content of a results folder, and its faults."""

    summaries: list[Summary]
    """Summaries of the complete evaluations of each protocol without a fault."""
    faults: list[Fault]


class Results:
    """A results folder."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.path = self.folder / "evaluations.csv"

    def append(self, records: Sequence[ProbeRecord]) -> None:
        """Add the records of fits.

        Several processes can append at once, each to its own evaluations. The fits of an evaluation are written whole
        or not at all, before its row in ``evaluations.csv``. A last row of that file that was cut off by a kill is
        dropped first, and a failed write leaves the file unchanged. A file of an earlier schema version first gets the
        columns of the current version, empty in the existing rows.

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
                add_columns(self.path)
            file = held.enter_context(open(self.path, "a+b", buffering=0))
            size = whole_size(file, self.path)
            file.truncate(size)
            file.seek(0)
            known = evaluation_ids(file.read(size))
            for evaluation in dict.fromkeys(record.evaluation.id for record in records):
                own = [record for record in records if record.evaluation.id == evaluation]
                append_fits(self.fits_path(evaluation), own)
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

    def read(self) -> pandas.DataFrame:
        """Read all fits as a table with one row per fit, oldest evaluation first.

        The columns are the fields of ``Evaluation``, with the prefix ``evaluation_`` for ``date``, ``notes`` and
        ``options``, then the fields of ``ProbeRecord``. Options are JSON.

        Raises
        ------
        UserError
            As for ``records``.
        """
        return to_frame(self.records())

    def evaluations(self) -> list[Evaluation]:
        """Read the records of evaluations, without their fits, oldest first.

        Raises
        ------
        UserError
            If the file is missing, damaged or of another schema version.
        """
        file = self._evaluations_file()
        for fault in file.damaged:
            raise UserError(fault.text, parameter="results")
        return file.evaluations

    def _evaluations_file(self) -> EvaluationsFile:
        self._check_version()
        try:
            return read_evaluations(self.path)
        except FileNotFoundError as error:
            raise UserError(f"{self.path} is missing; run eval-svm first", parameter="results") from error

    def records(self) -> list[ProbeRecord]:
        """Read all fits, oldest evaluation first.

        Raises
        ------
        UserError
            As for ``evaluations``, or if the fits of an evaluation are missing or damaged.
        """
        return [record for evaluation in self.evaluations() for record in self.fits(evaluation)]

    def fits(self, evaluation: Evaluation) -> list[ProbeRecord]:
        """Read the fits of one evaluation.

        Raises
        ------
        UserError
            If they are missing or damaged.
        """
        path = self.fits_path(evaluation.id)
        try:
            return read_fits(path, evaluation)
        except FileNotFoundError as error:
            raise UserError(
                f"the fits {path} of a row of {self.path} are missing; restore that file, or move the row of "
                f"{evaluation.id} out",
                parameter="results",
            ) from error

    def merge_from(self, other: "Results") -> list[str]:
        """Add the missing evaluations of another folder, with their test predictions; return their ids.

        Predictions are written first, so that another call completes an interrupted merge.

        Raises
        ------
        UserError
            As for ``records`` of the other folder and ``append`` of this one, or if predictions are damaged.
        """
        theirs = other.records()
        known = self._ids()
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
            raise UserError(f"the test predictions {path} are missing; run that evaluation again") from error
        return TestPredictions.from_arrays(evaluation, stored)

    def correct(self, evaluation: str) -> np.ndarray | None:
        """Return whether each test prediction of an evaluation is right, bool (draws, test rows); None without a file.

        Raises
        ------
        UserError
            If their file is damaged.
        """
        if not self.predictions_path(evaluation).exists():
            return None
        return self.read_predictions(evaluation).correct

    def survey(self, protocol: str | None = None) -> Survey:
        """Summarize the complete evaluations of one protocol, or of all, with the uncertainty over test images.

        A fault excludes only its own protocol, or a single row if the protocol is unreadable.

        Raises
        ------
        UserError
            If there are no records, or ``evaluations.csv`` is of another kind or schema version.
        """
        file = self._evaluations_file()
        faults = [*file.cut, *(fault for fault in file.damaged if protocol in (None, fault.protocol))]
        broken, summaries = {fault.protocol for fault in faults}, []
        for name in dict.fromkeys(evaluation.protocol for evaluation in file.evaluations):
            if name in broken or protocol not in (None, name):
                continue
            try:
                own = [evaluation for evaluation in file.evaluations if evaluation.protocol == name]
                summaries += summarize((record for each in own for record in self.fits(each)), self.correct)
            except UserError as error:
                faults.append(Fault(str(error), name))
        return Survey(summaries, faults)

    def summaries(self, protocol: str | None = None) -> list[Summary]:
        """Summarize the complete evaluations of one protocol, or of all; see ``survey``.

        Raises
        ------
        UserError
            As for ``survey``, or if records or predictions of the protocol, by default of any, are damaged.
        """
        found = self.survey(protocol)
        for fault in found.faults:
            if fault.protocol is not None:
                raise UserError(fault.text, parameter="results")
        return found.summaries

    def _ids(self) -> set[str]:
        return evaluation_ids(self.path.read_bytes()) if self.path.exists() else set()

    def prepare(self) -> list[str]:
        """Check that records can be written to this folder; return a sentence for each row that cannot be read.

        Raises
        ------
        UserError
            As for ``append``, or if a subfolder is not writable.
        """
        self._check_version()
        file = read_evaluations(self.path) if self.path.exists() else None  # before a cut row is dropped
        if file is None:
            with locked(self.path):
                require_writable(self.folder)  # not by an append: a refused command leaves no file without a row
        else:
            self.append([])
        for name in ("fits", "predictions", "tables", UNFINISHED):
            require_writable(self.folder / name)
        return [] if file is None else [fault.text for fault in (*file.damaged, *file.cut)]

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
                f"convert-results --results {self.folder}`, or use another `results`",
                parameter="results",
            )
