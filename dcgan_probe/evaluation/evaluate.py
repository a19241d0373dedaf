"""Evaluation of features by a protocol: fits, their records and a summary, resumable where a folder keeps them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..features import FeatureSet
from ..runtime import UserError
from .caveats import balanced_accuracy
from .choice import best_c, values_to_try
from .classifiers import FitPath, FittedClassifier, fit_of, predict_rows
from .draws import Layout, Rows, lay_out
from .gram import DrawGrams
from .loading import check_pair, load_finite, required_labels
from .predictions import TestPredictions
from .protocols import Protocol
from .recording import Recorder
from .records import ProbeRecord
from .results import Results
from .sealed import SealedTest
from .settings import NEIGHBOURS, SCALES, ProbeClassifier, Scale, check_given
from .summary import Summary, summarise_evaluation
from .unfinished import FitsUnderWay, complete_note, find_complete, fits_under_way

ADDED_VARIANCE: dict[Scale, float] = {"none": 0.0, "standardise": 0.0, "standardise+0.01": 0.01}


@dataclass(frozen=True)
class _Task:
    """One evaluation under way."""

    layout: Layout
    features: np.ndarray
    """Of the training split, (N, D) in their stored dtype and the layout's order."""
    scale: Scale
    grams: DrawGrams
    fit: FitPath
    recorder: Recorder
    under_way: FitsUnderWay
    tell: Callable[[list[ProbeRecord], int], None]
    """Takes the records of a stacked fit and the number of fits still to come."""

    def score(
        self, trains: Rows, values: Sequence[float], scored: np.ndarray, scores: Rows
    ) -> tuple[Sequence[FittedClassifier], np.ndarray]:
        """Fit all values of C on some training rows; give the fits and their predictions (values, n) of ``scored``."""
        fits = self.fit(
            self.features[trains],
            self.layout.labels[trains],
            values,
            standardise=self.scale != "none",
            added_variance=ADDED_VARIANCE[self.scale],
            gram=self.grams.of(trains),
        )
        return fits, predict_rows(fits, scored, scores)

    def fit_to_select(self, draw: int, values: Sequence[float]) -> list[ProbeRecord]:
        """Fit all values of C on one draw and score them on its validation rows; keep the records."""
        trains, scores = self.layout.select_rows(draw)
        started = time.perf_counter()
        fits, predictions = self.score(trains, values, self.features, scores)
        labels = self.layout.labels[scores]
        records = self.recorder.records(
            "select",
            draw,
            fits,
            values,
            (predictions == labels).mean(axis=1).tolist(),
            balanced=[balanced_accuracy(row, labels) for row in predictions],
            rows_trained=len(self.layout.labels[trains]),
            rows_scored=predictions.shape[1],
            seconds=time.perf_counter() - started,
        )
        self.under_way.add(records)
        return records

    def fit_to_report(
        self, draw: int, C: float, features: np.ndarray, labels: np.ndarray
    ) -> tuple[list[ProbeRecord], np.ndarray]:
        """Fit one draw and predict the test split, int64 (test rows,); keep the record and the predictions."""
        trains = self.layout.report_rows(draw)
        started = time.perf_counter()
        fits, (predicted,) = self.score(trains, (C,), features, slice(0, len(labels)))
        records = self.recorder.records(
            "report",
            draw,
            fits,
            (C,),
            [float((predicted == labels).mean())],
            balanced=[balanced_accuracy(predicted, labels)],
            rows_trained=len(self.layout.labels[trains]),
            rows_scored=len(labels),
            seconds=time.perf_counter() - started,
        )
        self.under_way.add(records, predicted)
        return records, predicted


def evaluate(
    train: FeatureSet,
    test: FeatureSet,
    protocol: Protocol,
    *,
    scale: Scale = "none",
    C: float | None = None,
    seed: int = 0,
    on_fits: Callable[[list[ProbeRecord]], None] = lambda records: None,
    on_predictions: Callable[[TestPredictions], None] = lambda predictions: None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_iteration: Callable[[int, float], None] = lambda left, gap: None,
    classifier: ProbeClassifier = "svm",
    memory: int | None = None,
    fit: FitPath | None = None,
    command: str = "",
    results: Results | None = None,
    on_note: Callable[[str], None] = lambda sentence: None,
) -> Summary:
    """Choose C on validation rows, then report fits with that C on the test split.

    All values of C of a draw are fitted in one stacked call. The test split is sealed until C is fixed. The training
    features are read once, into memory.

    Parameters
    ----------
    train, test
        Features of both splits, of one encoder.
    scale
        ``none`` (the paper), ``standardise``, by mean and deviation of the rows that each fit trains on, or
        ``standardise+0.01``, with that added to the variance (Coates and Ng).
    C
        A given C, or k for nearest neighbours; nothing is selected then.
    seed
        Each draw derives its own seed from it, the protocol's name and the stage.
    on_fits
        Called with the records of each stacked fit, those of an earlier, interrupted call included.
    on_predictions
        Called once with the test predictions, before the last record: a complete evaluation has them.
    on_progress
        Called with the number of fits done and of all, first with none done; an extension of the grid adds to the
        latter.
    on_iteration
        Called within a fit: with the number of its problems that are left, and their greatest relative gap.
    classifier
        ``svm`` (the paper), ``logistic``, ``ridge``, ``knn-cosine`` or ``knn-euclidean``.
    memory
        Bound in bytes on what a fit takes on top of the features; about a third of them if not given.
    fit
        Another fit of one draw with several C, in the place of ``probe.fit_path``.
    command
        The command line that the records name.
    results
        Folder that keeps each fit as it ends and gets the evaluation when it is complete. An interrupted evaluation is
        resumed from it, and a complete one with the same numbers is returned from it. None keeps nothing.
    on_note
        Called with a sentence where an evaluation is resumed or is complete already.

    Raises
    ------
    UserError
        If labels are missing, features are not finite or of different encoders, or a class has too few rows.
    """
    if scale not in SCALES:
        raise UserError(f"got scale {scale!r}, expected one of {', '.join(SCALES)}", option="scale")
    check_given(C, classifier)
    check_pair(train, test)
    sealed = SealedTest(test, protocol.classes)
    layout = lay_out(protocol, required_labels(train), seed)
    recorder = Recorder.of(train, test, layout, command=command, scale=scale, classifier=classifier, C=C)
    about = (recorder.evaluation, recorder.images_seen, C)
    title = f"{protocol.name} on {train.origin.features} features"
    found = find_complete(results, *about)
    if found is not None:
        on_note(complete_note(title, found))
        return found
    with fits_under_way(results, *about) as under_way:
        kept, fitted = len(under_way), list[ProbeRecord]()
        selecting = protocol.select_draws if C is None else 0
        total = protocol.draws + selecting * len(recorder.grid.first) + under_way.extended(recorder.grid.first)

        def tell(records: list[ProbeRecord], left: int) -> None:
            fitted.extend(records)
            on_fits(records)
            if len(fitted) > kept:
                on_progress(len(fitted), len(fitted) + left)

        if kept:
            on_note(f"{title}: resuming at fit {kept} of {total}")
        on_progress(kept, total)
        features = load_finite(train, layout.order)
        takes_gram = scale == "none" and classifier not in NEIGHBOURS
        grams = DrawGrams(features, layout, protocol.draws + selecting, useful=takes_gram)
        fit = fit or fit_of(classifier, memory, on_iteration)
        recorder = replace(recorder, evaluation=under_way.evaluation)
        task = _Task(layout, features, scale, grams, fit, recorder, under_way, tell)
        chosen = _select(task) if C is None else float(C)
        sealed.open(chosen)
        predictions = _report(task, sealed, chosen, on_predictions)
        summary = summarise_evaluation(fitted, predictions.correct)
        under_way.finish(predictions)
    return summary


def _select(task: _Task) -> float:
    """Choose C by its mean accuracy on validation rows, extending the grid while the best lies on its edge."""
    protocol = task.layout.protocol
    accuracies: dict[float, list[float]] = {}
    while values := values_to_try(accuracies, task.recorder.grid):
        for draw in range(protocol.select_draws):
            records = task.under_way.find("select", draw, values) or task.fit_to_select(draw, values)
            for record in records:
                accuracies.setdefault(record.chosen, []).append(record.accuracy)
            task.tell(records, (protocol.select_draws - draw - 1) * len(values) + protocol.draws)
    return best_c(accuracies)


def _report(
    task: _Task, sealed: SealedTest, C: float, on_predictions: Callable[[TestPredictions], None]
) -> TestPredictions:
    """Fit fresh draws with one C and predict the test split, which was opened for it."""
    features, labels, draws = sealed.load(), sealed.labels, task.layout.protocol.draws
    predicted: list[np.ndarray] = []
    for draw in range(draws):
        records = task.under_way.find("report", draw, (C,))
        if records:
            predicted.append(task.under_way.predictions(draw))
        else:
            records, own = task.fit_to_report(draw, C, features, labels)
            predicted.append(own)
        # Kept before the last record is, so that an evaluation with all its records has its predictions too.
        if draw + 1 == draws:
            predictions = TestPredictions.of(task.recorder.evaluation.id, np.stack(predicted), labels, C)
            on_predictions(predictions)
        task.tell(records, draws - draw - 1)
    return predictions
