"""Evaluations from their configs: images, features, fits, records and summary in one call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..features import FeatureSet, features_of, find_run
from ..gan import Run
from ..images import ImageSet, load_images
from ..networks import NetworkConfig
from ..runtime import OnNote, OnStep, UserError, Workspace, no_note, no_step, require_instance
from .config import EvalConfig
from .cost_estimate import Estimate, estimate_evaluation, require_memory
from .draws import class_rows, lay_out, most_labels
from .evaluate import evaluate
from .protocols import Protocol, protocol_for
from .results import Results
from .summary import Summary
from .validation import validation_splits

ITEMSIZES = {"float16": 2, "float32": 4}


def run_evaluation(
    config: EvalConfig,
    workspace: Workspace | None = None,
    *,
    on_progress: OnStep = no_step,
    on_note: OnNote = no_note,
) -> Summary:
    """Evaluate the features of a config and record every fit.

    Features that are not cached are extracted first. An interrupted evaluation is resumed after its last fit, and a
    complete one is returned from the records.

    Parameters
    ----------
    workspace
        Folders of runs, records and images, by default ``runs``, ``results`` and ``data``.
    on_progress
        Called with the progress of each step.
    on_note
        Called with a sentence if an evaluation is resumed or already complete.

    Raises
    ------
    UserError
        If images or run are missing, there are too few labels or too little memory, or the features cannot be
        extracted.
    """
    (summary,) = run_evaluations([config], workspace, on_progress=on_progress, on_note=on_note)
    return summary


def run_evaluations(
    configs: Sequence[EvalConfig],
    workspace: Workspace | None = None,
    *,
    on_progress: OnStep = no_step,
    on_note: OnNote = no_note,
) -> list[Summary]:
    """Evaluate several features of the same images; see ``run_evaluation``.

    Memory is checked and all features are extracted before the first fit, so that errors occur early.

    Raises
    ------
    UserError
        If the configs differ in their images or protocol; and as for ``run_evaluation``.
    """
    if not isinstance(configs, Sequence):
        raise UserError(
            f"got {type(configs).__name__} as `configs`, expected a list of EvalConfig", parameter="configs"
        )
    for config in configs:
        require_instance(config, EvalConfig, "config")
    place = workspace or Workspace()
    planned = plan_evaluations(configs, place, on_note)
    for each in planned:
        require_memory(each.estimate())
    results = Results(place.results)
    for sentence in results.prepare():  # before the work, so that a folder that is not writable is an error now
        on_note(sentence)
    pairs = [each.features(on_progress, on_note) for each in planned]
    summaries = []
    for each, pair in zip(planned, pairs, strict=True):
        summaries.append(each.evaluate(*pair, results, on_progress, on_note))
    return summaries


def plan_evaluations(
    configs: Sequence[EvalConfig], workspace: Workspace, on_note: OnNote = no_note
) -> list["PlannedEvaluation"]:
    """Load the images that evaluations share and check them against the protocol, before any extraction.

    Parameters
    ----------
    on_note
        Called with a sentence that names the run if a config has none.

    Raises
    ------
    UserError
        If the configs differ in their images, images or run are missing, or the labels do not suffice.
    """
    first = configs[0]
    asked = {(each.dataset, each.validate, each.labels, each.draws, each.select_draws, each.seed) for each in configs}
    if len(asked) > 1:
        raise UserError("got evaluations of different images or protocols, expected the same for all of a call")
    images = load_pair(first.dataset, workspace, validate=first.validate)
    protocol = checked_protocol(images, first.labels, first.draws, first.select_draws, first.seed)
    runs: dict[tuple[bool, Path | None], Run | None] = {}
    for each in configs:
        key = each.source.needs_run, each.run
        if key not in runs:
            runs[key] = find_run(each, workspace, on_note)
    planned = []
    for each in configs:
        run = runs[each.source.needs_run, each.run]
        network = None if run is None else run.config.network
        planned.append(PlannedEvaluation(each, workspace, protocol, *images, run, network))
    return planned


def load_pair(dataset: str, workspace: Workspace, *, validate: bool = False) -> tuple[ImageSet, ImageSet]:
    """Load training and test split, or with ``validate`` two parts of the training split instead."""
    load = partial(load_images, data_dir=workspace.data_dir, download=workspace.download)
    training = load(dataset, "train")
    return validation_splits(training) if validate else (training, load(dataset, "test"))


@dataclass(frozen=True)
class PlannedEvaluation:
    """Evaluation with its images, protocol and run, before any extraction or fit."""

    config: EvalConfig
    workspace: Workspace
    protocol: Protocol
    train: ImageSet
    test: ImageSet
    """Test split, or held-out training images."""
    run: Run | None
    """Run of the features; None for features without a run, and for a run that does not exist yet."""
    network: NetworkConfig | None = None
    """Config of the networks of that run."""

    @property
    def columns(self) -> int:
        """Number of features of an image, all chosen layers together."""
        columns = self.config.source.count_columns(self.config.options, self.train, self.network)
        return columns if self.config.maps is None else max(1, round(self.config.maps * columns))

    def estimate(self) -> Estimate:
        """Estimate the memory and the time of the fits."""
        return estimate_evaluation(
            self.protocol,
            self.columns,
            len(self.test),
            itemsize=ITEMSIZES[self.config.dtype],
            classifier=self.config.classifier,
            memory=self.config.memory,
        )

    def features(self, on_progress: OnStep = no_step, on_note: OnNote = no_note) -> tuple[FeatureSet, FeatureSet]:
        """Return the features of both splits; features that are not cached are extracted."""
        train, test = (
            features_of(
                self.config,
                images,
                lambda: self.train,
                self.run,
                self.workspace,
                on_step=on_progress,
                on_note=on_note,
            )[0]
            for images in (self.train, self.test)
        )
        return replace(train, maps=self.config.share), replace(test, maps=self.config.share)

    def evaluate(
        self,
        train: FeatureSet,
        test: FeatureSet,
        results: Results,
        on_progress: OnStep = no_step,
        on_note: OnNote = no_note,
    ) -> Summary:
        """Choose C, report the test accuracy, and record every fit."""
        config = self.config
        return evaluate(
            train,
            test,
            self.protocol,
            scale=config.scaling,
            C=config.C,
            seed=config.seed,
            results=results,
            on_note=on_note,
            on_progress=on_progress,
            classifier=config.classifier,
            memory=config.memory,
            command=config.to_command(self.workspace),
        )


def checked_protocol(
    images: Sequence[ImageSet], labels: int | None, draws: int | None, select_draws: int | None, seed: int = 0
) -> Protocol:
    """Return the protocol of training and test images, checked against their sizes and labels.

    Raises
    ------
    UserError
        If the splits differ in the size of their images or have the same images, the test split has more classes, or
        the labels do not fit the protocol.
    """
    train, test = images
    if train.images.shape[1:] != test.images.shape[1:]:
        raise UserError(
            f"{train.name}: training images are {train.images.shape[1:]} (channels, height, width), test images "
            f"{test.images.shape[1:]}; expected the same, which `dcgan-probe prepare --size {train.height} --channels "
            f"{max(train.channels, test.channels)}` makes of each",
            parameter="dataset",
        )
    known, _ = (split.require_labels("a probe") for split in images)
    if test.classes > train.classes:
        raise UserError(
            f"{test.name}: the test split has {test.classes} classes, the training split {train.classes}; expected the "
            "same, so leave out the test images of other classes",
            parameter="dataset",
        )
    require_other_images(train, test)
    classes, most = train.classes, None
    if classes > 1:
        class_rows(known, classes, train.name)
        most = most_labels(train.name, known, classes, seed)
    protocol = protocol_for(train.name, len(train), classes, labels, draws, select_draws, most)
    lay_out(protocol, known, seed)
    return protocol


def require_other_images(train: ImageSet, test: ImageSet) -> None:
    """Raise ``UserError`` if the test split has the same images as the training split."""
    if train.fingerprint == test.fingerprint:
        raise UserError(
            f"{train.name} ({train.split}) and {test.name} ({test.split}) are the same images (fingerprint "
            f"{train.fingerprint}); expected a test split of other images",
            parameter="dataset",
        )
