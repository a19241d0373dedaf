"""Fits of one evaluation: selection fits, which choose C, then reported fits."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from ..linear import best_value
from ..runtime import OnStep, Step, UserError
from .classifiers import FitPath, fit_of, predict_rows
from .draw_grams import DrawGrams
from .draws import Layout, Rows
from .penalty_grid import values_to_try
from .predictions import TestPredictions
from .recording import Recorder
from .records import ProbeRecord
from .resumable import FitsUnderWay
from .sealed_test import SealedTest
from .settings import NEIGHBORS, SCALES, ProbeClassifier, Scale, check_given

ADDED_VARIANCE: dict[Scale, float] = {"none": 0.0, "standardise": 0.0, "standardise+0.01": 0.01}

OnFits = Callable[[list[ProbeRecord]], None]


def no_fits(records: list[ProbeRecord]) -> None:
    """Ignore the records: the default callback."""


@dataclass(frozen=True)
class Method:
    """Classifier, scaling and other settings of the fits."""

    classifier: ProbeClassifier
    scale: Scale
    C: float | None
    """Given C, or k; None if it is chosen."""
    memory: int | None
    """Bound in bytes on the memory of a fit beside the features; None for the solver's default."""
    fit: FitPath | None
    """Function that replaces that of the classifier; None for the default."""

    def __post_init__(self) -> None:
        """Raise ``UserError`` for an unknown scale, and for an invalid C."""
        if self.scale not in SCALES:
            raise UserError(f"got scale {self.scale!r}, expected one of {', '.join(SCALES)}", parameter="scale")
        check_given(self.C, self.classifier)


@dataclass(eq=False)
class Progress:
    """Records of the finished fits, and the last reported step."""

    step: Step
    """Last reported step."""
    on_fits: OnFits
    on_progress: OnStep
    records: list[ProbeRecord] = field(default_factory=list)

    def add(self, records: list[ProbeRecord], left: int) -> None:
        """Add the records of a stacked fit, with ``left`` fits remaining; fits of an earlier call are no progress."""
        self.records += records
        self.on_fits(records)
        done = len(self.records)
        if done > self.step.before:
            self.step = replace(self.step, done=done, total=done + left)
            self.on_progress(self.step)

    def iterate(self, problems: int, gap: float) -> None:
        """Report the number of unsolved problems of the current fit, and their greatest relative gap."""
        self.on_progress(replace(self.step, note=f"{problems} problems of this fit left, gap {gap:.0e}"))


@dataclass(frozen=True, eq=False)
class Fits:
    """Fits of one evaluation, resumed after those of an earlier, interrupted call."""

    features: np.ndarray
    """Features (N, D) of the training split, in their stored dtype and the layout's order."""
    layout: Layout
    method: Method
    recorder: Recorder
    under_way: FitsUnderWay
    progress: Progress

    @cached_property
    def grams(self) -> DrawGrams:
        """Gram matrices of draws, if these save time."""
        useful = self.method.scale == "none" and self.method.classifier not in NEIGHBORS
        draws = self.recorder.evaluation.select_draws + self.recorder.evaluation.draws
        return DrawGrams(self.features, self.layout, draws, useful=useful)

    def choose(self) -> float:
        """Choose C by mean accuracy on validation rows, extending the grid while the best value lies on its edge."""
        protocol, accuracies = self.layout.protocol, dict[float, list[float]]()
        while values := values_to_try(accuracies, self.recorder.grid):
            for draw in range(protocol.select_draws):
                records = self.under_way.find("select", draw, values)
                if not records:
                    trains, scores = self.layout.select_rows(draw)
                    scored = Scored(self.features, scores, self.layout.labels[scores])
                    records, _ = self._fit("select", draw, trains, values, scored)
                for record in records:
                    accuracies.setdefault(record.chosen, []).append(record.accuracy)
                self.progress.add(records, (protocol.select_draws - draw - 1) * len(values) + protocol.draws)
        return best_value(accuracies)

    def report(self, sealed: SealedTest, C: float) -> TestPredictions:
        """Fit fresh draws with one C and predict the test split, which must be open for that C."""
        scored = Scored(sealed.load(), slice(0, len(sealed)), sealed.labels)
        draws, predictions = self.layout.protocol.draws, []
        for draw in range(draws):
            records = self.under_way.find("report", draw, (C,))
            if records:
                predicted = self.under_way.predictions(draw)
            else:
                records, (predicted,) = self._fit("report", draw, self.layout.report_rows(draw), (C,), scored)
            predictions.append(predicted)
            self.progress.add(records, draws - draw - 1)
        return TestPredictions.of(self.recorder.evaluation.id, np.stack(predictions), scored.labels, C)

    def _fit(
        self,
        stage: Literal["select", "report"],
        draw: int,
        trains: Rows,
        values: Sequence[float],
        scored: "Scored",
    ) -> tuple[list[ProbeRecord], np.ndarray]:
        """Fit all values of C on one draw and store the fits; return records and predictions int64 (values, n)."""
        started, labels = time.perf_counter(), self.layout.labels[trains]
        method = self.method
        fit = method.fit or fit_of(method.classifier, method.memory, self.progress.iterate)
        fits = fit(
            self.features[trains],
            labels,
            values,
            standardise=method.scale != "none",
            added_variance=ADDED_VARIANCE[method.scale],
            gram=self.grams.of(trains),
        )
        predictions = predict_rows(fits, scored.features, scored.rows)
        seconds = time.perf_counter() - started
        records = self.recorder.records(
            stage, draw, fits, values, predictions, scored.labels, rows_trained=len(labels), seconds=seconds
        )
        self.under_way.add(records, predictions[0] if stage == "report" else None)
        return records, predictions


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows on which a fit is scored."""

    features: np.ndarray
    """Features (M, D) in their stored dtype."""
    rows: Rows
    """Positions of the n scored rows among them."""
    labels: np.ndarray
    """int64 (n,): labels of the scored rows."""
