"""``dcgan-probe extract``: writes the features of labelled image sets into a run's cache."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..images import ImageSet, load_images
from ..runtime import UserError, joined_ranks, rank_device
from .encoder_choices import chosen_encoders, needed_run
from .encoding import columns_of, features_of
from .feature_options import refuse_ignored
from .verbs.extract import SPLITS

DEFAULT_SETS = ("cifar10", "svhn")


def extract_verb(
    datasets: tuple[str, ...],
    features: tuple[str, ...],
    splits: tuple[str, ...],
    run_folder: Path | None,
    runs: Path,
    seed: int,
    device: str,
    data_dir: Path,
    download: bool,
    quiet: bool,
    **chosen: Any,
) -> None:
    """Encode labelled images by the layers of a run's discriminator, or by k-means, into HDF5 files."""
    target = rank_device(device)
    ranks = click.get_current_context().with_resource(joined_ranks(target))
    quiet = quiet or not ranks.first
    refuse_ignored(features)
    run = needed_run(features, run_folder, runs, quiet=quiet)
    load = partial(load_images, data_dir=data_dir, download=download)
    options = chosen_encoders(chosen, run, load, device=target, seed=seed, ranks=ranks, quiet=quiet)
    failures = 0
    for dataset in datasets or DEFAULT_SETS:
        try:
            images = ranks.after_first(partial(load_splits, load, dataset, splits or SPLITS))
        except UserError as error:
            failures += 1
            if ranks.first:
                click.echo(f"{dataset}: not done. {error}", err=True)
            continue
        for source in features:
            columns_of(source, images[0], run, options)  # refuses a grid, layers or components before any work
        for split in images:
            for source in features:
                result, present = features_of(source, split, partial(load, dataset, "train"), run, runs, options)
                what = "there already" if present else "written"
                if source == "pixels":
                    what = "read from the images; no file is written"
                if ranks.first:
                    click.echo(f"{result.file.path}: {len(result):,} x {result.dimension:,} {options.dtype}, {what}")
    # The default sets are an offer, those that were named a request.
    if failures and (datasets or failures == len(DEFAULT_SETS)):
        sys.exit(1)


def load_splits(load: Callable[..., ImageSet], dataset: str, splits: Sequence[str]) -> list[ImageSet]:
    """Load splits of one set."""
    return [load(dataset, split) for split in splits]
