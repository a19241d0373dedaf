"""``dcgan-probe eval-svm``: runs one protocol on features and controls, records every fit, prints the table."""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..evaluation import (
    CLASSIFIERS,
    SCALES,
    Estimate,
    ProbeClassifier,
    Protocol,
    Results,
    Scale,
    Summary,
    check_given,
    estimate_evaluation,
    evaluate,
    protocol_for,
    require_memory,
)
from ..features import FeatureSet
from ..images import ImageSet, load_images
from ..report import format_tables
from ..runtime import UserError, resolve_device
from .command_lines import RecordedCommand, command_line
from .encoding import columns_of, features_of
from .extract import training_images_of
from .feature_options import (
    FEATURES,
    FREE_FEATURES,
    RUN_FEATURES,
    EncoderOptions,
    encoder_choices,
    encoder_options,
    refuse_ignored,
)
from .options import (
    Bytes,
    chosen_run,
    data_options,
    device_option,
    dry_run_option,
    quiet_option,
    results_option,
    run_option,
    runs_option,
    seed_option,
)
from .progress import Progress, duration
from .table import write_tables

CONTROLS = ("random", "pixels")
USUAL_SCALES: dict[str, Scale] = {"kmeans": "standardise+0.01", "kmeans3": "standardise+0.01"}
"""As published, where that is not ``none``."""
ITEMSIZES = {"float16": 2, "float32": 4}


class Labels(click.ParamType):
    """``all`` (None) or a number."""

    name = "all|N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """Turn text into a number or None."""
        if value is None or value == "all":
            return None
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r} is not a number of labels: expected all, or a number such as 1000", param, ctx)
        return number


@click.command("eval-svm", cls=RecordedCommand)
@click.option("--dataset", default="cifar10", show_default=True, help="Labelled images: a name, a folder, an .h5 file.")
@click.option("--labels", type=Labels(), default="all", show_default=True, help="Labelled images of a fit.")
@click.option(
    "--features",
    type=click.Choice(FEATURES),
    multiple=True,
    default=("dcgan",),
    show_default=True,
    help="What to probe; repeatable.",
)
@click.option(
    "--controls/--no-controls", default=True, show_default=True, help="Add the untrained network and raw pixels."
)
@click.option("--draws", type=click.IntRange(min=1), help="Reported draws of labels.  [default: the protocol's]")
@click.option("--select-draws", type=click.IntRange(min=1), help="Draws that choose C.  [default: the protocol's]")
@click.option(
    "--C", "penalty", type=float, help="Do not choose C or k, take this.  [default: chosen on validation rows]"
)
@click.option(
    "--scale",
    type=click.Choice(SCALES),
    help="standardise: by mean and deviation of the rows that each fit trains on; +0.01: added to the variance.  "
    "[default: none; standardise+0.01 for kmeans and kmeans3]",
)
@click.option(
    "--classifier",
    type=click.Choice(CLASSIFIERS),
    default="svm",
    show_default=True,
    help="svm: the paper's. logistic: softmax. ridge: least squares to +-1. knn: nearest neighbours, k for C.",
)
@click.option(
    "--memory",
    type=Bytes(),
    help="Most that a fit may take on top of the features, such as 500MB.  [default: about a third of the features]",
)
@dry_run_option
@encoder_options
@run_option
@runs_option
@results_option
@seed_option
@device_option
@data_options
@click.option("--json", "as_json", is_flag=True, help="Print a list of summaries instead of the table.")
@quiet_option
def eval_svm_command(
    dataset: str,
    labels: int | None,
    features: tuple[str, ...],
    controls: bool,
    draws: int | None,
    select_draws: int | None,
    penalty: float | None,
    scale: Scale | None,
    classifier: ProbeClassifier,
    memory: int | None,
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
    """Fit L2-SVMs on features, as the paper does, and print the table.

    Features that are not in the cache are extracted first. C is chosen on rows that are not reported. With --dry-run,
    the memory and time of the fits are told and nothing is done.

    \b
    dcgan-probe eval-svm --dataset svhn --labels 1000
    dcgan-probe eval-svm --dataset cifar10 --labels 4000 --layers conv3 --scale standardise
    """
    check_given(penalty, classifier)
    needs_run = bool(set(features) & set(RUN_FEATURES)) or run_folder is not None
    run = chosen_run(run_folder, runs, quiet=quiet) if needs_run else None
    added = [source for source in CONTROLS if controls and (run is not None or source in FREE_FEATURES)]
    sources = tuple(dict.fromkeys((*features, *added)))
    refuse_ignored(sources)
    load = partial(load_images, data_dir=data_dir, download=download)
    images = [load(dataset, split) for split in ("train", "test")]
    protocol = checked_protocol(images, labels, draws, select_draws)
    options = EncoderOptions(
        device=resolve_device(device),
        training_images=training_images_of(run, load),
        quiet=quiet,
        **encoder_choices(chosen, load, seed),
    )
    estimates = {
        source: estimate_evaluation(
            protocol,
            columns_of(source, images[0], run, options),
            len(images[1]),
            itemsize=ITEMSIZES[options.dtype],
            classifier=classifier,
            memory=memory,
        )
        for source in sources
    }
    if dry_run:
        click.echo(json.dumps({source: describe(each) for source, each in estimates.items()}, indent=2))
        return
    for each in estimates.values():
        require_memory(each)
    store = Results(results)
    store.append([])  # before the work, so that a folder that cannot keep its records is found now
    summaries = []
    for source in sources:
        train, test = (features_of(source, split, lambda: images[0], run, runs, options)[0] for split in images)
        title = f"{protocol.name} on {source} features"
        usual = USUAL_SCALES.get(source, "none")
        with Progress(title, 0, "fits", quiet=quiet) as progress:
            recorded = evaluate_recorded(train, test, protocol, store, progress)
            summaries.append(recorded(scale=scale or usual, C=penalty, seed=seed, classifier=classifier, memory=memory))
    show(summaries, as_json=as_json)
    tables = write_tables([summary for summary in store.summaries() if summary.protocol == protocol.name], results)
    if not quiet:
        click.echo(f"Every fit: {store.path}. All results of this protocol: {tables[0]}", err=True)


def evaluate_recorded(
    train: FeatureSet, test: FeatureSet, protocol: Protocol, store: Results, progress: Progress
) -> Callable[..., Summary]:
    """Give ``evaluate`` for these features, with progress shown and every fit kept as it comes."""

    def advance(done: int, total: int) -> None:
        progress.total = total
        progress.update(done)

    def tell(left: int, gap: float) -> None:
        progress.note(f"{left} problems of this fit left, gap {gap:.0e}")

    return partial(
        evaluate,
        train,
        test,
        protocol,
        on_fits=store.append,
        on_predictions=store.write_predictions,
        on_progress=advance,
        on_iteration=tell,
        command=command_line(),
    )


def describe(estimate: Estimate) -> dict[str, Any]:
    """Give an estimate as JSON, with its memory and time in words too."""
    return {
        **asdict(estimate),
        "time": duration(estimate.seconds),
        "memory": f"{estimate.memory_bytes / 1e9:.2f} GB of {estimate.available_bytes / 1e9:.2f} GB",
        "fits_in_memory": estimate.memory_bytes <= estimate.available_bytes,
    }


def checked_protocol(
    images: list[ImageSet], labels: int | None, draws: int | None, select_draws: int | None
) -> Protocol:
    """Give the protocol of these images, before anything is extracted."""
    train, test = images
    if train.images.shape[1:] != test.images.shape[1:]:
        raise UserError(
            f"{train.name}: training images are {train.images.shape[1:]} (channels, height, width), test images "
            f"{test.images.shape[1:]}; expected the same, which `dcgan-probe prepare` makes",
            option="dataset",
        )
    for split in images:
        split.require_labels("a probe")
    if test.classes > train.classes:
        raise UserError(f"{test.name}: the test split has {test.classes} classes, the training split {train.classes}")
    return protocol_for(train.name, len(train), train.classes, labels, draws, select_draws)


def show(summaries: list[Summary], *, as_json: bool) -> None:
    """Print the summaries as JSON or as a table."""
    if as_json:
        click.echo(json.dumps([summary.to_dict() for summary in summaries], indent=2))
    else:
        click.echo(format_tables(summaries).rstrip())
