"""Takes train and test features and a protocol, gives a summary, and each fit's record on the way; writes no file."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..features import FeatureSet
from ..runtime import UserError
from .caveats import balanced_accuracy
from .choice import best_c, values_to_try
from .classifiers import FitPath, FittedClassifier, check_given, fit_of, predict_rows
from .draws import Layout, Rows, lay_out
from .gram import DrawGrams
from .loading import check_pair, load_finite, required_labels
from .predictions import TestPredictions
from .protocols import Protocol
from .recording import Recorder
from .records import ProbeRecord
from .sealed import SealedTest
from .settings import NEIGHBOURS, SCALES, ProbeClassifier, Scale
from .summary import Summary, summarise_evaluation

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
        Called with the records of each stacked fit.
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
    selecting = protocol.select_draws if C is None else 0
    fitted: list[ProbeRecord] = []

    def tell(records: list[ProbeRecord], left: int) -> None:
        fitted.extend(records)
        on_fits(records)
        on_progress(len(fitted), len(fitted) + left)

    on_progress(0, protocol.draws + selecting * len(recorder.grid.first))
    features = load_finite(train, layout.order)
    takes_gram = scale == "none" and classifier not in NEIGHBOURS
    grams = DrawGrams(features, layout, protocol.draws + selecting, useful=takes_gram)
    fit = fit or fit_of(classifier, memory, on_iteration)
    task = _Task(layout, features, scale, grams, fit, recorder, tell)
    chosen = _select(task) if C is None else float(C)
    sealed.open(chosen)
    predictions = _report(task, sealed, chosen, on_predictions)
    return summarise_evaluation(fitted, predictions == sealed.labels)


def _select(task: _Task) -> float:
    """Choose C by its mean accuracy on validation rows, extending the grid while the best lies on its edge."""
    protocol = task.layout.protocol
    accuracies: dict[float, list[float]] = {}
    while values := values_to_try(accuracies, task.recorder.grid):
        for draw in range(protocol.select_draws):
            trains, scores = task.layout.select_rows(draw)
            started = time.perf_counter()
            fits, predictions = task.score(trains, values, task.features, scores)
            labels = task.layout.labels[scores]
            correct = (predictions == labels).mean(axis=1).tolist()
            records = task.recorder.records(
                "select",
                draw,
                fits,
                values,
                correct,
                balanced=[balanced_accuracy(row, labels) for row in predictions],
                rows_trained=len(task.layout.labels[trains]),
                rows_scored=predictions.shape[1],
                seconds=time.perf_counter() - started,
            )
            for C, accuracy in zip(values, correct, strict=True):
                accuracies.setdefault(C, []).append(accuracy)
            task.tell(records, (protocol.select_draws - draw - 1) * len(values) + protocol.draws)
    return best_c(accuracies)


def _report(task: _Task, sealed: SealedTest, C: float, on_predictions: Callable[[TestPredictions], None]) -> np.ndarray:
    """Fit fresh draws with one C and predict the test split, which was opened for it: int64 (draws, test rows)."""
    features, labels, draws = sealed.load(), sealed.labels, task.layout.protocol.draws
    predictions = np.empty((draws, len(labels)), np.int64)
    for draw in range(draws):
        trains = task.layout.report_rows(draw)
        started = time.perf_counter()
        fits, predicted = task.score(trains, (C,), features, slice(0, len(labels)))
        predictions[draw] = predicted[0]
        records = task.recorder.records(
            "report",
            draw,
            fits,
            (C,),
            [float((predicted[0] == labels).mean())],
            balanced=[balanced_accuracy(predicted[0], labels)],
            rows_trained=len(task.layout.labels[trains]),
            rows_scored=len(labels),
            seconds=time.perf_counter() - started,
        )
        # Kept before the last record is, so that an evaluation with all its records has its predictions too.
        if draw + 1 == draws:
            on_predictions(TestPredictions.of(task.recorder.evaluation.id, predictions, labels, C))
        task.tell(records, draws - draw - 1)
    return predictions
