"""Unfinished evaluations: each fit is stored as it ends, so that an interrupted evaluation can be resumed.

::

    RESULTS/unfinished/FEATURES-KEY/                     a results folder of this one evaluation
    RESULTS/unfinished/FEATURES-KEY/draws/DRAW.npz       test predictions of one reported fit

The key is the hash of everything that decides the numbers. Only a complete evaluation moves into RESULTS, so an
interrupted one leaves no rows there.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime import UserError
from ..storage import fingerprint_settings, locked, read_arrays, remove_stale_locks, write_arrays
from .predictions import TestPredictions
from .record_files import read_evaluations
from .records import Evaluation, ProbeRecord, to_json
from .results import UNFINISHED, Results
from .summary import IDENTITY, Summary, summarize_evaluation

DECIDES = (*IDENTITY, "select_draws", "draws", "given", "versions")
"""Fields of an evaluation that decide its numbers, in addition to its options, the images seen and a given C.

Memory, threads and the device only change the rounding of a solver, within its tolerance.
"""


class FitsUnderWay:
    """Finished fits of one evaluation, stored in a folder unless there is none."""

    def __init__(self, evaluation: Evaluation, results: Results | None = None, folder: Path | None = None):
        self.evaluation = evaluation
        """The evaluation; a resumed one keeps its id, date and command."""
        self._results, self._part = results, None if folder is None else Results(folder)
        self._fits: dict[tuple[str, int, float], ProbeRecord] = {}
        if self._part is not None and self._part.path.exists():
            self._read(self._part)

    def _read(self, part: Results) -> None:
        try:
            records = part.records()
            self._predictions = {
                record.draw: read_arrays(self._draw(part, record.draw), ("predictions",))["predictions"]
                for record in records
                if record.stage == "report"
            }
        except (UserError, FileNotFoundError) as error:
            reason = str(error).split("; ")[0]
            raise UserError(
                f"{part.folder} cannot be resumed ({reason}); move it away to start the evaluation over",
                parameter="results",
            ) from error
        if records:
            self.evaluation = records[0].evaluation
        self._fits = {(record.stage, record.draw, record.chosen): record for record in records}

    def __len__(self) -> int:
        return len(self._fits)

    def extended(self, first: Sequence[float]) -> int:
        """Count the selection fits with values from an extension of the grid, beyond the ``first`` ones."""
        return sum(stage == "select" and value not in first for stage, _, value in self._fits)

    def find(self, stage: str, draw: int, values: Sequence[float]) -> list[ProbeRecord]:
        """Return the records of a finished stacked fit, one per value; none if it has not finished."""
        found = [self._fits.get((stage, draw, float(value))) for value in values]
        return [] if None in found else [record for record in found if record is not None]

    def predictions(self, draw: int) -> np.ndarray:
        """Return the test predictions of a finished reported fit, int64 (test rows,)."""
        return self._predictions[draw].astype(np.int64)

    def add(self, records: Sequence[ProbeRecord], predictions: np.ndarray | None = None) -> None:
        """Store a finished stacked fit, with the test predictions int64 (test rows,) of a reported one."""
        if self._part is None:
            return
        if predictions is not None:
            write_arrays(self._draw(self._part, records[0].draw), predictions=predictions)
        self._part.append(records)

    def complete(self, records: Sequence[ProbeRecord], predictions: TestPredictions) -> None:
        """Store all fits of an evaluation that are not stored yet, and finish it."""
        if self._part is None:
            return
        missing = [each for each in records if (each.stage, each.draw, each.chosen) not in self._fits]
        predicted = predictions.predictions
        for record in missing:
            if record.stage == "report" and predicted is not None:
                write_arrays(self._draw(self._part, record.draw), predictions=predicted[record.draw])
        self._part.append(missing)
        self.finish(predictions)

    def finish(self, predictions: TestPredictions) -> None:
        """Move the complete evaluation into the results folder, its test predictions first."""
        if self._part is not None and self._results is not None:
            self._part.write_predictions(predictions)
            self._results.merge_from(self._part)
            self.discard()

    def discard(self) -> None:
        """Remove the folder of the fits."""
        if self._part is not None:
            shutil.rmtree(self._part.folder, ignore_errors=True)

    @staticmethod
    def _draw(part: Results, draw: int) -> Path:
        return part.folder / "draws" / f"{draw}.npz"


@contextmanager
def fits_under_way(
    results: Results | None, evaluation: Evaluation, images_seen: int, given: float | None
) -> Iterator[FitsUnderWay]:
    """Lock an evaluation, and yield its stored fits; without a results folder, yield none and store none.

    Parameters
    ----------
    images_seen
        Images that the encoder saw in its training.
    given
        Value of C or k that the user gave; None if it is chosen.

    Raises
    ------
    UserError
        If another process runs the same evaluation, or the stored fits are damaged.
    """
    if results is None:
        yield FitsUnderWay(evaluation)
        return
    key = fingerprint_settings({**_identity(evaluation), "images_seen": images_seen, "given_value": given})
    folder = results.folder / UNFINISHED / f"{evaluation.features}-{key}"
    remove_stale_locks(folder.parent)
    with locked(folder, wait=False):
        yield FitsUnderWay(evaluation, results, folder)


def find_complete(
    results: Results | None, evaluation: Evaluation, images_seen: int | None, given: float | None
) -> Summary | None:
    """Find the newest readable, complete evaluation with the same numbers; None if none exists.

    Parameters
    ----------
    images_seen
        Images that the encoder saw in its training; None if the number differs between fits.
    given
        Value of C or k that the user gave; None if it is chosen.

    Raises
    ------
    UserError
        If another protocol is recorded under the same name.
    """
    if results is None or not results.path.exists():
        return None
    identity = _identity(evaluation)
    for earlier in reversed(read_evaluations(results.path).evaluations):
        _check_protocol(earlier, evaluation)
        if _identity(earlier) == identity:
            try:
                found = _complete(results, earlier, images_seen, given)
            except UserError:
                continue
            if found is not None:
                return found
    return None


def _check_protocol(earlier: Evaluation, evaluation: Evaluation) -> None:
    """Check that a protocol of the same name is the same, as far as records describe it."""
    if earlier.protocol == evaluation.protocol:
        for field in ("labels", "spread_definition"):
            recorded, got = getattr(earlier, field), getattr(evaluation, field)
            if recorded != got:
                raise UserError(
                    f"protocol {evaluation.protocol} is recorded with {field} {recorded}, got {got}; give the changed "
                    "protocol another name, or use another results folder",
                    parameter="protocol",
                )


def _complete(results: Results, earlier: Evaluation, images_seen: int | None, given: float | None) -> Summary | None:
    records, correct = results.fits(earlier), results.correct(earlier.id)
    reported = [record for record in records if record.stage == "report"]
    if correct is None or {record.draw for record in reported} != set(range(earlier.draws)):
        return None
    if images_seen not in (None, reported[0].images_seen) or given not in (None, reported[0].chosen):
        return None
    return summarize_evaluation(records, correct)


def complete_note(title: str, found: Summary) -> str:
    """Return the message for an evaluation that is already complete."""
    return f"{title}: complete since {found.date} (evaluation {found.evaluation}), nothing to fit"


def _identity(evaluation: Evaluation) -> dict[str, Any]:
    """Return the fields that decide the numbers, as text without line breaks, as in files of records."""
    fields = {name: " ".join(str(getattr(evaluation, name)).splitlines()) for name in DECIDES}
    # Features without weights, and networks trained on labels, are identified by the key of their features.
    return {
        **fields,
        "options": to_json(evaluation.options),
        "key": evaluation.weights or evaluation.features_key_train,
    }
