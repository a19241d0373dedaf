"""Takes labelled images and a protocol, gives the summary of the best of many supervised trainings; knows no features.

A random search: each setting is trained on the protocol's selection draws and scored on its validation rows; the best
is trained on the reported draws, the same rows as every other row of the table has, and scored on the test split.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ..baselines import BATCH, draw_setting
from ..images import ImageSet
from ..runtime import derive_seed, require_main_guard
from ..storage import locked, remove_stale_locks
from .caveats import balanced_accuracy
from .choice import best_c
from .draws import Layout, Rows, lay_out
from .kept_fits import KeptFits, Outcome, Training
from .predictions import TestPredictions
from .protocols import Protocol
from .recording import Recorder
from .records import ProbeRecord
from .results import Results
from .sealed import SealedImages
from .search import Search, check_images, search_key, search_recorder
from .summary import Summary, summarise_evaluation
from .trainings import Ground, PlannedTraining, read_kept, train_rest
from .unfinished import complete_note, find_complete, fits_under_way

CHOICE_NOTE = (
    "setting {number} of {settings} drawn at random, the one with the least validation error: {error:.2f} % on "
    "{rows:,} rows"
)
OnProgress = Callable[[int, int, str], None]
"""Takes the images that the ended trainings have seen, those that all will have seen, a note; first with none new."""


def evaluate_supervised(
    train: ImageSet,
    test: ImageSet,
    protocol: Protocol,
    search: Search,
    folder: str | Path,
    *,
    device: torch.device,
    workers: int = 1,
    on_fits: Callable[[list[ProbeRecord]], None] = lambda records: None,
    on_predictions: Callable[[TestPredictions], None] = lambda predictions: None,
    on_search: OnProgress = lambda done, total, note: None,
    on_report: OnProgress = lambda done, total, note: None,
    command: str = "",
    results: Results | None = None,
    on_note: Callable[[str], None] = lambda sentence: None,
) -> Summary:
    """Choose a setting on validation rows, then report trainings with it on the test split.

    Every training is kept in ``folder`` as it ends, and the same call resumes an interrupted search there. The numbers
    do not depend on the number of workers, each of which computes on one thread.

    Parameters
    ----------
    train, test
        Both labelled, of the network's size and channels.
    folder
        Of all kept trainings; those of one search lie in a folder of their own in it.
    on_fits
        Called once with all records, those of the search first, when the reported draws are there: an interruption
        before leaves none, and the kept trainings lose nothing by it.
    on_predictions
        Called once with the test predictions, before the records.
    command
        The command line that the records name.
    results
        Folder that gets the complete evaluation; one that is there with the same numbers is returned from it.
    on_note
        Called with a sentence where a search is resumed or an evaluation is complete already.

    Raises
    ------
    UserError
        If images or labels do not fit network and protocol, a worker was killed, another process is at the same
        search, or there are several workers and the calling script has no main guard.
    """
    require_main_guard(workers)
    check_images(train, test, search)
    sealed = SealedImages(test, protocol.classes)
    layout = lay_out(protocol, train.require_labels("supervised training"), search.seed)
    key = search_key(train, test, protocol, search, device)
    recorder = search_recorder(train, test, layout, search, key, device, command)
    title = f"{protocol.name} supervised"
    found = find_complete(results, recorder.evaluation, None, None)
    if found is not None:
        on_note(complete_note(title, found))
        return found
    images = np.ascontiguousarray(train.images[:][layout.order])
    evaluation = _Evaluation(
        layout=layout,
        search=search,
        ground=Ground(images, layout.labels, images, protocol.classes, search.network, device),
        kept=KeptFits(Path(folder) / key),
        workers=workers,
        recorder=recorder,
        on_kept=lambda stage, kept, total: on_note(f"{title}, {stage}: resuming at training {kept} of {total}"),
    )
    about = (recorder.evaluation, 0, None)  # each fit has its own number of images seen
    remove_stale_locks(folder)
    with locked(Path(folder) / key, wait=False), fits_under_way(results, *about) as under_way:
        evaluation = replace(evaluation, recorder=replace(recorder, evaluation=under_way.evaluation))
        number, searched = _select(evaluation, on_search)
        sealed.open(number)
        ground = replace(evaluation.ground, scored=sealed.load())
        note = _choice_note(number, searched, search)
        records, predictions = _report(replace(evaluation, ground=ground), number, note, sealed.labels, on_report)
        on_predictions(predictions)
        on_fits([*searched, *records])
        under_way.complete([*searched, *records], predictions)
    return summarise_evaluation([*searched, *records], predictions.correct)


@dataclass(frozen=True)
class _Evaluation:
    """One evaluation under way."""

    layout: Layout
    search: Search
    ground: Ground
    kept: KeptFits
    workers: int
    recorder: Recorder
    on_kept: Callable[[str, int, int], None]
    """Takes the stage, and the numbers of its kept trainings and of all, where some were kept."""

    def plan(self, training: Training, trains: Rows, scores: Rows) -> PlannedTraining:
        """Plan one training; all settings of a draw begin with the same weights."""
        purpose = (self.layout.protocol.name, "supervised", training.stage, training.draw)
        setting = draw_setting(self.search.seed, training.number)
        return PlannedTraining(training, setting, derive_seed(self.search.seed, *purpose), trains, scores)

    def rows_trained(self, plan: PlannedTraining) -> int:
        """Count the labelled rows of a training."""
        return len(self.layout.labels[plan.trains])

    def images_seen(self, plan: PlannedTraining) -> int:
        """Count the images that a training sees, each as often as it does."""
        return plan.setting.passes * self.rows_trained(plan)

    def train(
        self,
        planned: Sequence[PlannedTraining],
        on_progress: OnProgress,
        describe: Callable[[int, Outcome], str] = lambda index, outcome: "",
    ) -> list[Outcome]:
        """Make or read all trainings; ``describe`` says what to show when one has ended."""
        outcomes = read_kept(planned, self.kept)
        note = "".join([describe(index, outcome) for index, outcome in outcomes.items()][-1:])
        total = sum(map(self.images_seen, planned))
        if 0 < len(outcomes) < len(planned):
            self.on_kept("search" if planned[0].training.stage == "select" else "test", len(outcomes), len(planned))

        def tell() -> None:
            seen = sum(self.images_seen(planned[index]) for index in outcomes)
            on_progress(seen, total, f"{len(outcomes)} of {len(planned)} trainings{note}")

        def keep(index: int, outcome: Outcome) -> None:
            nonlocal note
            self.kept.write(planned[index].training, outcome)
            outcomes[index], note = outcome, describe(index, outcome)
            tell()

        tell()
        train_rest(planned, outcomes, self.ground, self.workers, keep)
        return [outcomes[index] for index in range(len(planned))]

    def record(
        self, plan: PlannedTraining, outcome: Outcome, right: np.ndarray, notes: Sequence[str] = ()
    ) -> ProbeRecord:
        """Build the record of one training, ``right`` the labels int64 (n,) of the rows that it was scored on."""
        rows = self.rows_trained(plan)
        (record,) = replace(self.recorder, images_seen=self.images_seen(plan)).records(
            plan.training.stage,
            plan.training.draw,
            [outcome],
            [plan.training.number],
            [float((outcome.predictions == right).mean())],
            balanced=[balanced_accuracy(outcome.predictions, right)],
            rows_trained=rows,
            rows_scored=len(right),
            seconds=outcome.seconds,
            options={**asdict(plan.setting), "batch": min(BATCH, rows)},
            notes=notes,
        )
        return record


def _select(evaluation: _Evaluation, on_progress: OnProgress) -> tuple[int, list[ProbeRecord]]:
    """Train every setting and score it on validation rows; give the best one's number, and the records."""
    layout, planned = evaluation.layout, []
    for draw in range(layout.protocol.select_draws):
        trains, scores = layout.select_rows(draw)
        trainings = [Training("select", draw, number) for number in range(evaluation.search.settings)]
        planned += [evaluation.plan(training, trains, scores) for training in trainings]
    accuracies: dict[float, list[float]] = {}

    def describe(index: int, outcome: Outcome) -> str:
        plan = planned[index]
        right = layout.labels[plan.scores]
        accuracies.setdefault(plan.training.number, []).append(float((outcome.predictions == right).mean()))
        best = best_c(accuracies)
        error = 1.0 - sum(accuracies[best]) / len(accuracies[best])
        return f", best validation error so far {100 * error:.2f} % (setting {best:g})"

    outcomes = evaluation.train(planned, on_progress, describe)
    records = [
        evaluation.record(plan, outcome, layout.labels[plan.scores])
        for plan, outcome in zip(planned, outcomes, strict=True)
    ]
    return int(best_c(accuracies)), records


def _report(
    evaluation: _Evaluation,
    number: int,
    note: str,
    right: np.ndarray,
    on_progress: OnProgress,
) -> tuple[list[ProbeRecord], TestPredictions]:
    """Train fresh draws with the chosen setting and score them on the test split, labels ``right`` int64 (n,)."""
    layout, protocol = evaluation.layout, evaluation.layout.protocol
    planned = [
        evaluation.plan(Training("report", draw, number), layout.report_rows(draw), slice(0, len(right)))
        for draw in range(protocol.draws)
    ]
    outcomes = evaluation.train(planned, on_progress)
    records = [
        evaluation.record(plan, outcome, right, (note,)) for plan, outcome in zip(planned, outcomes, strict=True)
    ]
    predictions = np.stack([outcome.predictions for outcome in outcomes])
    return records, TestPredictions.of(evaluation.recorder.evaluation.id, predictions, right, number)


def _choice_note(number: int, records: Sequence[ProbeRecord], search: Search) -> str:
    """Tell how the setting was chosen; its validation error is what the paper reports."""
    errors = [record.error for record in records if number == record.chosen]
    return CHOICE_NOTE.format(
        number=number, settings=search.settings, rows=records[0].rows_scored, error=100 * sum(errors) / len(errors)
    )
