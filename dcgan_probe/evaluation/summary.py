"""Summaries of evaluations: mean, spread and standard errors, with the settings of the experiment."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from ..images.split_caveats import SplitCaveats
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
"""Fields that identify an experiment; of its complete evaluations, only one counts (see ``summarize``).

Together with the options and the images seen, they describe encoder, features and draws. A C that the user gave counts
too, so that all values that were tried on the test split stay visible. The hashes of feature files are excluded, since
they change if more layers are extracted. So are the number of draws and a chosen C, so that a repeated experiment
replaces the earlier one.
"""
ROUNDING = 1e-9
"""Bound on the difference between two ways of averaging the same fits."""


@dataclass(frozen=True)
class Summary:
    """Summary of the reported draws of one evaluation. Fractions of 1, not percent."""

    protocol: str
    dataset: str
    labels: int | str
    """Number of labels of a reported fit, or ``all``."""
    label_budget: int
    """Greatest number of distinct labels used by the choice of C and a reported fit; by the fit if C was given."""
    features: str
    network: str
    layers: tuple[str, ...]
    dimension: int
    largest_layer: int | None
    """Units (maps) of the largest layer; None if the features are not maps."""
    options: Options
    """Settings of the features, and of the reported fits."""
    scale: str
    classifier: str
    chosen_name: str
    """``C``, ``k`` (nearest neighbors) or ``setting`` (random search)."""
    chosen: float
    """Value of C, k or the setting in the reported fits."""
    given: bool
    """Whether the user gave that value; otherwise it was chosen on validation rows."""
    draws: int
    overlap: float
    """Share of a draw's rows of a class that another draw has too, mean over the classes."""
    accuracy: float
    """Mean over the draws, on the test split."""
    error: float
    spread: float | None
    """Spread over the draws as defined by ``spread_definition``; None for a single fit."""
    spread_definition: str
    standard_error: float | None
    """Standard error of the mean over draws, by ``standard_error_over_draws``; excludes test-set sampling error."""
    over_images: ImageUncertainty | None
    """Uncertainty of the mean accuracy over test images; None without test predictions."""
    largest_gap: float
    """Greatest relative duality gap of a reported fit, a bound on the gap of its objective to the optimum."""
    unconverged: int
    """Number of reported fits that stopped before the solver's tolerance."""
    trained_on: str
    """Name of the images that trained the encoder without labels; empty for none."""
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
    """Command line of the evaluation; empty if it was run from Python."""
    date: str
    """Date of the last fit: UTC, ISO 8601."""
    seconds: float
    """Time of all fits and their predictions, including fits that choose C, but not the extraction of features."""
    device: str
    versions: str
    notes: tuple[str, ...]
    duplicates: int | None = None
    """Test images with the same pixels as a training image; None if not counted."""
    imbalance: float | None = None
    """Images of the most frequent class over those of the least frequent class; the larger ratio of the two splits."""
    majority_accuracy: float | None = None
    """Accuracy of always predicting the most frequent class of the test images."""
    balanced_accuracy: float | None = None
    """Accuracy averaged over the classes, then over the draws; None if not recorded for every draw."""
    label: str = ""
    """Recorded name of features and network in tables; empty in records of earlier versions."""
    correct: np.ndarray | None = field(default=None, repr=False, compare=False)
    """bool (draws, test rows): whether each test prediction is right; None without test predictions."""

    @property
    def caveats(self) -> SplitCaveats:
        """Duplicates and class imbalance of the split, which affect the accuracy."""
        return SplitCaveats(self.duplicates, self.imbalance, self.majority_accuracy)

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as a JSON-compatible dictionary, without ``correct``."""
        plain = asdict(replace(self, correct=None))
        del plain["correct"]
        return {**plain, "layers": list(self.layers), "notes": list(self.notes)}


def summarize_evaluation(records: Sequence[ProbeRecord], correct: np.ndarray | None = None) -> Summary:
    """Summarize one evaluation.

    Parameters
    ----------
    records
        All records of the evaluation, in any order.
    correct
        bool (draws, test rows): whether each test prediction of the reported fits is right.

    Raises
    ------
    UserError
        If ``correct`` belongs to other fits.
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
    """Return the mean; None if a value is missing."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if len(known) == len(values) else None


def label_budget(records: Sequence[ProbeRecord]) -> int:
    """Return the greatest number of distinct labels used by the choice of C and one reported fit.

    If C is chosen on the undrawn rows, this is the size of the training set, however few labels a fit trains on. With
    fixed validation rows, it is their number plus the rows of each selection draw and of one reported draw, as if no
    two draws shared a row.
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
            f"{accuracy:.6f}, so they belong to different fits; move the predictions away and rerun that evaluation"
        )


def _precedence(rows: Sequence[ProbeRecord]) -> tuple[int, str]:
    """Return the sort key of an evaluation: number of draws, then date, so that a quick trial replaces no full one."""
    return len(rows), rows[-1].date


def summarize(
    records: Iterable[ProbeRecord],
    correct_of: Callable[[str], np.ndarray | None] = lambda evaluation: None,
) -> list[Summary]:
    """Summarize one complete evaluation of each experiment (see ``IDENTITY``), first experiment first.

    The evaluation with the most draws counts, and of several the newest. An evaluation is complete if the records hold
    all draws that it planned to report; interrupted evaluations are excluded.

    Parameters
    ----------
    records
        Records of fits, oldest evaluation first, as returned by ``Results.records``.
    correct_of
        Function of an evaluation's id that returns whether each test prediction is right, bool (draws, test rows), or
        None without test predictions, such as ``Results.correct``.
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
        summarize_evaluation(evaluations[rows[0].evaluation.id], correct_of(rows[0].evaluation.id))
        for rows in newest.values()
    ]


def _identity(evaluation: Evaluation, reported: ProbeRecord) -> tuple[Any, ...]:
    """Return the values that identify the experiment of an evaluation."""
    return (
        *(getattr(evaluation, name) for name in IDENTITY),
        to_json({**evaluation.options, **reported.options}),
        reported.images_seen,
        reported.chosen if evaluation.given else None,
    )
