"""Takes the records of evaluations, gives one summary each: mean, spread and what they mean; knows no file."""

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas

from ..runtime import UserError
from .protocols import SPREAD_FACTORS
from .records import ALL_LABELS, NOTE_SEPARATOR, ProbeRecord, records_of
from .uncertainty import ImageUncertainty, bootstrap_images

IDENTITY = (
    "protocol",
    "images_fingerprint_train",
    "images_fingerprint_test",
    "features",
    "network",
    "layers",
    "extraction",
    "scale",
    "classifier",
    "trained_on",
    "trained_on_images",
    "images_seen",
    "encoder_seed",
    "weights",
    "seed",
)
"""What makes two evaluations the same experiment, of which only the newest complete one counts.

It is everything that describes encoder, features and draws; and C where the user gave it, so that values which were
tried out on the test split all stay in sight. Not in it are the hashes of the feature files (the same features
extracted with more layers have another), the number of draws and a C that was chosen: the same experiment repeated
replaces the earlier one.
"""
ROUNDING = 1e-9
"""Two ways of averaging the same fits differ by less."""


@dataclass(frozen=True)
class Summary:
    """The reported draws of one evaluation. Fractions of 1, not percent."""

    protocol: str
    dataset: str
    labels: int | str
    """A number, or ``all``."""
    features: str
    network: str
    layers: tuple[str, ...]
    dimension: int
    largest_layer: int | None
    """Units (maps) of the largest layer; None where the features are no maps."""
    extraction: str
    scale: str
    classifier: str
    C: float
    """The penalty; for nearest neighbours their number k."""
    c_given: bool
    draws: int
    accuracy: float
    """Mean over the draws, on the test split."""
    error: float
    spread: float | None
    """By ``spread_definition``; None for a single fit."""
    spread_definition: str
    standard_error: float | None
    """Of the mean over the draws: standard deviation / sqrt(draws). That the test split is a sample too is left out."""
    over_images: ImageUncertainty | None
    """How far the mean accuracy depends on the test images; None where the predictions were not kept."""
    largest_gap: float
    """Greatest relative duality gap of a reported fit: how far at most its objective is above the optimum."""
    unconverged: int
    """Reported fits that stopped before the solver's tolerance."""
    trained_on: str
    """Images that trained the encoder without labels; empty for none."""
    trained_on_images: int
    images_seen: int
    encoder_seed: int
    run: str
    seed: int
    train_rows: int
    test_rows: int
    images_fingerprint_train: str
    images_fingerprint_test: str
    evaluation: str
    command: str
    """The command line that made it; empty where Python code called."""
    date: str
    """UTC, ISO 8601: of the last fit."""
    seconds: float
    """Of all fits and their predictions, those that chose C included; features come from a cache and are not in it."""
    device: str
    versions: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the summary as a JSON-able dictionary."""
        return {**asdict(self), "layers": list(self.layers), "notes": list(self.notes)}


def summarise_evaluation(records: Sequence[ProbeRecord], correct: np.ndarray | None = None) -> Summary:
    """Summarise one evaluation: what describes it is as its last record has it, the rest is computed.

    Parameters
    ----------
    records
        All its records, in any order.
    correct
        bool (draws, test rows): which test predictions of the reported fits are right.

    Raises
    ------
    UserError
        If ``correct`` is of other fits.
    """
    reported = [record for record in records if record.stage == "report"]
    last = max(reported, key=lambda record: record.date)
    accuracies = [record.accuracy for record in reported]
    mean = statistics.fmean(accuracies)
    deviation = statistics.stdev(accuracies) if len(reported) > 1 else None
    if correct is not None:
        _check_same_fits(last.evaluation, correct, mean)
    factor = SPREAD_FACTORS.get(last.spread_definition)
    names = {each.name for each in fields(Summary)}
    told = {name: value for name, value in vars(last).items() if name in names}
    computed: dict[str, Any] = {
        "labels": last.labels if last.labels == ALL_LABELS else int(last.labels),
        "layers": tuple(last.layers.split("+")),
        "draws": len(reported),
        "accuracy": mean,
        "error": 1.0 - mean,
        "spread": None if deviation is None or factor is None else factor * deviation,
        "standard_error": None if deviation is None else deviation / math.sqrt(len(reported)),
        "over_images": None if correct is None else bootstrap_images(correct, seed=last.seed),
        "largest_gap": max(record.gap for record in reported),
        "unconverged": sum(not record.converged for record in reported),
        "seconds": sum(record.seconds for record in records),
        "notes": tuple(filter(None, last.notes.split(NOTE_SEPARATOR))),
    }
    return Summary(**(told | computed))


def _check_same_fits(evaluation: str, correct: np.ndarray, accuracy: float) -> None:
    if abs(correct.mean() - accuracy) > ROUNDING:
        raise UserError(
            f"the test predictions of {evaluation} have an accuracy of {correct.mean():.6f}, its records one of "
            f"{accuracy:.6f}: they are of different fits; delete the predictions and run that evaluation again"
        )


def _precedence(rows: Sequence[ProbeRecord]) -> tuple[int, str]:
    """Order evaluations of one experiment: more draws first, then the newer; a quick try replaces no full one."""
    return len(rows), rows[-1].date


def summarise(
    records: pandas.DataFrame | Iterable[ProbeRecord],
    correct_of: Callable[[str], np.ndarray | None] = lambda evaluation: None,
) -> list[Summary]:
    """Summarise one complete evaluation of each experiment (see ``IDENTITY``), first experiment first.

    Of several, the one with the most draws counts, and of these the newest. An evaluation is complete
    when all the draws that it planned to report are there; one that was interrupted is left out.

    Parameters
    ----------
    records
        As ``Results.read`` gives them, oldest first.
    correct_of
        Gives which test predictions of an evaluation are right, bool (draws, test rows), or None where they were not
        kept: ``Results.correct``.
    """
    if isinstance(records, pandas.DataFrame):
        records = records_of(records)
    evaluations: dict[str, list[ProbeRecord]] = {}
    for record in records:
        evaluations.setdefault(record.evaluation, []).append(record)
    newest: dict[tuple[Any, ...], list[ProbeRecord]] = {}
    for fits in evaluations.values():
        rows = [record for record in fits if record.stage == "report"]
        if not rows:
            continue
        first = rows[0]
        identity = (*(getattr(first, name) for name in IDENTITY), first.C if first.c_given else None)
        complete = {row.draw for row in rows} == set(range(first.draws))
        if complete and (identity not in newest or _precedence(rows) >= _precedence(newest[identity])):
            newest[identity] = rows
    return [
        summarise_evaluation(evaluations[rows[0].evaluation], correct_of(rows[0].evaluation))
        for rows in newest.values()
    ]
