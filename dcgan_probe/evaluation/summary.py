"""Summaries of evaluations: mean, spread, standard error and what describes the experiment."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from ..images.caveats import SplitCaveats
from ..runtime import UserError
from .protocols import SPREAD_FACTORS
from .records import ALL_LABELS, NOTE_SEPARATOR, Evaluation, Options, ProbeRecord, to_json
from .statistics.uncertainty import ImageUncertainty, bootstrap_images, standard_error_over_draws

IDENTITY = (
    "protocol",
    "images_fingerprint_train",
    "images_fingerprint_test",
    "features",
    "network",
    "layers",
    "scale",
    "classifier",
    "trained_on",
    "trained_on_images",
    "encoder_seed",
    "weights",
    "seed",
)
"""Fields of an evaluation that make two evaluations the same experiment, of which only the newest complete one counts.

With the options and the images seen, they are everything that describes encoder, features and draws; and C where the
user gave it, so that values which were tried out on the test split all stay in sight. Not among them are the hashes of
the feature files (the same features extracted with more layers have another), the number of draws and a C that was
chosen: the same experiment repeated replaces the earlier one.
"""
ROUNDING = 1e-9
"""Two ways of averaging the same fits differ by less."""


@dataclass(frozen=True)
class Summary:
    """The reported draws of one evaluation. Fractions of 1, not percent."""

    protocol: str
    dataset: str
    labels: int | str
    """Of a reported fit: a number, or ``all``."""
    label_budget: int
    """Distinct labels that the choice of C and a reported fit read together, at most; those of a fit if C was given."""
    features: str
    network: str
    layers: tuple[str, ...]
    dimension: int
    largest_layer: int | None
    """Units (maps) of the largest layer; None where the features are no maps."""
    options: Options
    """Settings of the features, and of the reported fits."""
    scale: str
    classifier: str
    chosen_name: str
    """``C``, ``k`` (nearest neighbors) or ``setting`` (random search)."""
    chosen: float
    """Its value in the reported fits."""
    given: bool
    """Whether the user gave it; else it was chosen on validation rows."""
    draws: int
    overlap: float
    """Share of a draw's rows of a class that another draw has too, mean over the classes."""
    accuracy: float
    """Mean over the draws, on the test split."""
    error: float
    spread: float | None
    """By ``spread_definition``; None for a single fit."""
    spread_definition: str
    standard_error: float | None
    """Of the mean over the draws, by ``standard_error_over_draws``; excludes test-set sampling error."""
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
    duplicates: int | None = None
    """Test images whose pixels a training image has too; None where they were not counted."""
    imbalance: float | None = None
    """Images of the most frequent class over those of the least frequent, of the split where that is larger."""
    majority_accuracy: float | None = None
    """Accuracy of naming the most frequent class of the test images always."""
    balanced_accuracy: float | None = None
    """Mean over the draws of the mean over the classes of the share of their test images that is classified correctly;
    None where one was not recorded."""
    label: str = ""
    """Name of features and network in tables, as the record has it; empty in records of earlier versions."""
    correct: np.ndarray | None = field(default=None, repr=False, compare=False)
    """bool (draws, test rows): which test predictions are right; None where they were not kept."""

    @property
    def caveats(self) -> SplitCaveats:
        """What the accuracy has to be read with."""
        return SplitCaveats(self.duplicates, self.imbalance, self.majority_accuracy)

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as a JSON-able dictionary, without the single predictions."""
        plain = asdict(replace(self, correct=None))
        del plain["correct"]
        return {**plain, "layers": list(self.layers), "notes": list(self.notes)}


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
    evaluation = last.evaluation
    accuracies = [record.accuracy for record in reported]
    mean = statistics.fmean(accuracies)
    several = len(reported) > 1
    if correct is not None:
        _check_same_fits(evaluation.id, correct, mean)
    factor = SPREAD_FACTORS.get(evaluation.spread_definition)
    names = {each.name for each in fields(Summary)}
    shared = {name: value for name, value in vars(evaluation).items() if name in names}
    computed: dict[str, Any] = {
        "evaluation": evaluation.id,
        "date": last.date,
        "labels": evaluation.labels if evaluation.labels == ALL_LABELS else int(evaluation.labels),
        "label_budget": label_budget(records),
        "layers": tuple(evaluation.layers.split("+")),
        "options": {**evaluation.options, **last.options},
        "images_seen": last.images_seen,
        "chosen": last.chosen,
        "draws": len(reported),
        "accuracy": mean,
        "error": 1.0 - mean,
        "spread": factor * statistics.stdev(accuracies) if several and factor is not None else None,
        "standard_error": standard_error_over_draws(accuracies, evaluation.overlap) if several else None,
        "balanced_accuracy": _mean_of_known([record.balanced_accuracy for record in reported]),
        "correct": correct,
        "over_images": None if correct is None else bootstrap_images(correct, seed=evaluation.seed),
        "largest_gap": max(record.gap for record in reported),
        "unconverged": sum(not record.converged for record in reported),
        "seconds": sum(record.seconds for record in records),
        "notes": tuple(note for text in (evaluation.notes, last.notes) for note in text.split(NOTE_SEPARATOR) if note),
    }
    return Summary(**(shared | computed))


def _mean_of_known(values: Sequence[float | None]) -> float | None:
    """Return the mean; None where a value is missing."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if len(known) == len(values) else None


def label_budget(records: Sequence[ProbeRecord]) -> int:
    """Count the distinct labels that the choice of C and one reported fit read together, at most.

    Where the rows that a draw leaves choose C, that is the whole training set, however few labels a fit trains on. With
    fixed validation rows it is those, and a fresh draw for each fit that chooses and for the reported one, as if no two
    draws shared a row.
    """
    evaluation, selecting = records[0].evaluation, [record for record in records if record.stage == "select"]
    trained = max(record.rows_trained for record in records if record.stage == "report")
    if not selecting:
        return trained
    scored = selecting[0].rows_scored
    if selecting[0].rows_trained + scored == evaluation.train_rows:
        return evaluation.train_rows
    draws = {record.draw for record in selecting}
    return min(evaluation.train_rows, scored + len(draws) * selecting[0].rows_trained + trained)


def _check_same_fits(evaluation: str, correct: np.ndarray, accuracy: float) -> None:
    if abs(correct.mean() - accuracy) > ROUNDING:
        raise UserError(
            f"the test predictions of {evaluation} have an accuracy of {correct.mean():.6f}, its records one of "
            f"{accuracy:.6f}: they are of different fits; move the predictions away and run that evaluation again"
        )


def _precedence(rows: Sequence[ProbeRecord]) -> tuple[int, str]:
    """Order evaluations of one experiment: more draws first, then the newer; a quick try replaces no full one."""
    return len(rows), rows[-1].date


def summarise(
    records: Iterable[ProbeRecord],
    correct_of: Callable[[str], np.ndarray | None] = lambda evaluation: None,
) -> list[Summary]:
    """Summarize one complete evaluation of each experiment (see ``IDENTITY``), first experiment first.

    Of several, the one with the most draws counts, and of these the newest. An evaluation is complete
    when all the draws that it planned to report are there; one that was interrupted is left out.

    Parameters
    ----------
    records
        As ``Results.records`` returns them, oldest first.
    correct_of
        Returns which test predictions of an evaluation are right, bool (draws, test rows), or None where they were not
        kept: ``Results.correct``.
    """
    evaluations: dict[str, list[ProbeRecord]] = {}
    for record in records:
        evaluations.setdefault(record.evaluation.id, []).append(record)
    newest: dict[tuple[Any, ...], list[ProbeRecord]] = {}
    for fits in evaluations.values():
        rows = [record for record in fits if record.stage == "report"]
        if not rows or {row.draw for row in rows} != set(range(fits[0].evaluation.draws)):
            continue
        identity = _identity(rows[0].evaluation, rows[0])
        if identity not in newest or _precedence(rows) >= _precedence(newest[identity]):
            newest[identity] = rows
    return [
        summarise_evaluation(evaluations[rows[0].evaluation.id], correct_of(rows[0].evaluation.id))
        for rows in newest.values()
    ]


def _identity(evaluation: Evaluation, reported: ProbeRecord) -> tuple[Any, ...]:
    """Return what makes two evaluations the same experiment."""
    return (
        *(getattr(evaluation, name) for name in IDENTITY),
        to_json({**evaluation.options, **reported.options}),
        reported.images_seen,
        reported.chosen if evaluation.given else None,
    )
