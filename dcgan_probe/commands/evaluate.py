"""``dcgan-probe eval-svm``: runs one protocol on features and controls, records every fit, prints the table."""

import json
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..evaluation import (
    Estimate,
    ProbeClassifier,
    Protocol,
    Results,
    Scale,
    Summary,
    check_given,
    class_rows,
    estimate_evaluation,
    evaluate,
    lay_out,
    most_labels,
    protocol_for,
    require_memory,
    validation_splits,
)
from ..features import FeatureSet, MapShare
from ..gan import Run
from ..images import ImageSet, load_images
from ..runtime import UserError, resolve_device
from .command_lines import command_line
from .encoder_choices import EncoderOptions, chosen_encoders, needed_run
from .encoding import columns_of, features_of
from .feature_options import CONTROLS, FREE_FEATURES, RUN_FEATURES, refuse_ignored
from .progress import Progress, duration, say
from .table import show_results

USUAL_SCALES: dict[str, Scale] = {"kmeans": "standardise+0.01", "kmeans3": "standardise+0.01"}
"""As published, where that is not ``none``."""
ITEMSIZES = {"float16": 2, "float32": 4}


def eval_svm_verb(
    dataset: str,
    labels: int | None,
    features: tuple[str, ...],
    controls: bool,
    validate: bool,
    draws: int | None,
    select_draws: int | None,
    penalty: float | None,
    scale: Scale | None,
    classifier: ProbeClassifier,
    memory: int | None,
    maps: float | None,
    maps_seed: int,
    dry_run: bool,
    run_folder: Path | None,
    runs: Path,
    results: Path,
    seed: int,
    device: str,
    data_dir: Path,
    download: bool,
    as_json: bool,
    quiet: bool,
    **chosen: Any,
) -> None:
    """Fit L2-SVMs on features, as the paper does, and print the table."""
    check_given(penalty, classifier)
    run = needed_run(features, run_folder, runs, quiet=quiet)
    added = [source for source in CONTROLS if controls and (run is not None or source in FREE_FEATURES)]
    sources = tuple(dict.fromkeys((*features, *added)))
    refuse_ignored(sources)
    load = partial(load_images, data_dir=data_dir, download=download)
    training = load(dataset, "train")
    images = [*validation_splits(training)] if validate else [training, load(dataset, "test")]
    protocol = checked_protocol(images, labels, draws, select_draws, seed)
    options = chosen_encoders(chosen, run, load, device=resolve_device(device), seed=seed, quiet=quiet)
    share = None if maps is None else MapShare(maps, maps_seed)
    given = Given(protocol, images, run, runs, options, penalty, scale, classifier, memory, seed, share)
    estimates = {source: given.estimate(source) for source in sources}
    if dry_run:
        click.echo(json.dumps({source: describe(each) for source, each in estimates.items()}, indent=2))
        return
    for each in estimates.values():
        require_memory(each)
    store = Results(results)
    say(store.prepare(), quiet=quiet)  # before the work, so that a folder that cannot keep its records is found now
    # All features first, so that those that cannot be had are found before the first fit.
    pairs = [(source, given.features(source)) for source in sources]
    summaries = [given.evaluate(source, *pair, store) for source, pair in pairs]
    show_results(summaries, store, as_json=as_json, quiet=quiet)


@dataclass(frozen=True)
class Given:
    """What all evaluations of one command have in common."""

    protocol: Protocol
    images: list[ImageSet]
    """The training split and the test split, or what stands in their place."""
    run: Run | None
    runs: Path
    options: EncoderOptions
    penalty: float | None
    scale: Scale | None
    """None: what is usual for the features."""
    classifier: ProbeClassifier
    memory: int | None
    seed: int
    maps: MapShare | None = None
    """A share of the maps of features of a run."""

    def estimate(self, source: str) -> Estimate:
        """Tell what an evaluation of some features will take."""
        train, test = self.images
        return estimate_evaluation(
            self.protocol,
            columns_of(source, train, self.run, self.options, self.maps),
            len(test),
            itemsize=ITEMSIZES[self.options.dtype],
            classifier=self.classifier,
            memory=self.memory,
        )

    def evaluate(self, source: str, train: FeatureSet, test: FeatureSet, store: Results) -> Summary:
        """Evaluate some features, with progress shown and every fit kept as it comes."""
        title, quiet = f"{self.protocol.name} on {source} features", self.options.quiet
        with Progress(title, 0, "fits", quiet=quiet, kept=True) as progress:

            def advance(done: int, total: int) -> None:
                progress.total = total
                if not progress.begun:
                    progress.begin(done)
                progress.update(done)

            return evaluate(
                train,
                test,
                self.protocol,
                scale=self.scale or USUAL_SCALES.get(source, "none"),
                C=self.penalty,
                seed=self.seed,
                results=store,
                on_note=lambda sentence: say([sentence], quiet=quiet),
                on_progress=advance,
                on_iteration=lambda left, gap: progress.note(f"{left} problems of this fit left, gap {gap:.0e}"),
                classifier=self.classifier,
                memory=self.memory,
                command=command_line(),
            )

    def features(self, source: str) -> tuple[FeatureSet, FeatureSet]:
        """Return the features of both splits, from the cache where it holds them."""
        train, test = (
            features_of(source, split, lambda: self.images[0], self.run, self.runs, self.options)[0]
            for split in self.images
        )
        if source in RUN_FEATURES:
            return replace(train, maps=self.maps), replace(test, maps=self.maps)
        return train, test


def describe(estimate: Estimate) -> dict[str, Any]:
    """Give an estimate as JSON, with its memory and time in words too."""
    return {
        **asdict(estimate),
        "time": duration(estimate.seconds),
        "memory": f"{estimate.memory_bytes / 1e9:.2f} GB of {estimate.available_bytes / 1e9:.2f} GB",
        "fits_in_memory": estimate.memory_bytes <= estimate.available_bytes,
    }


def checked_protocol(
    images: list[ImageSet], labels: int | None, draws: int | None, select_draws: int | None, seed: int = 0
) -> Protocol:
    """Give the protocol of these images, checked with their labels before anything is extracted."""
    train, test = images
    if train.images.shape[1:] != test.images.shape[1:]:
        raise UserError(
            f"{train.name}: training images are {train.images.shape[1:]} (channels, height, width), test images "
            f"{test.images.shape[1:]}; expected the same, which `dcgan-probe prepare --size {train.height} --channels "
            f"{max(train.channels, test.channels)}` makes of each",
            option="dataset",
        )
    known, _ = (split.require_labels("a probe") for split in images)
    if test.classes > train.classes:
        raise UserError(
            f"{test.name}: the test split has {test.classes} classes, the training split {train.classes}; expected the "
            "same, so leave out the test images of other classes",
            option="dataset",
        )
    if train.fingerprint == test.fingerprint:
        raise UserError(
            f"{train.name} ({train.split}) and {test.name} ({test.split}) are the same images (fingerprint "
            f"{train.fingerprint}); expected a test split of other images",
            option="dataset",
        )
    classes, most = train.classes, None
    if classes > 1:
        class_rows(known, classes, train.name)
        most = most_labels(train.name, known, classes, seed)
    protocol = protocol_for(train.name, len(train), classes, labels, draws, select_draws, most)
    lay_out(protocol, known, seed)
    return protocol
