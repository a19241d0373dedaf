"""Work of ``dcgan-probe extract``: features of labeled image sets, written to the cache."""

import sys
from collections.abc import Sequence
from functools import partial

import click

from ..features import FeatureConfig, features_of, find_run
from ..images import load_images
from ..runtime import UserError, Workspace, joined_ranks, rank_device
from .progress import StepBars, note_printer

DEFAULT_SETS = ("cifar10", "svhn")


def extract_verb(
    configs: Sequence[FeatureConfig],
    workspace: Workspace,
    datasets: Sequence[str],
    splits: Sequence[str],
    *,
    quiet: bool,
) -> None:
    """Encode labeled images by the layers of a run's discriminator or another source; write HDF5 files."""
    ranks = click.get_current_context().with_resource(joined_ranks(rank_device(workspace.device)))
    quiet = quiet or not ranks.first
    runs = [find_run(config, workspace, note_printer(quiet)) for config in configs]
    load = partial(load_images, data_dir=workspace.data_dir, download=workspace.download)
    failures = 0
    for dataset in datasets or DEFAULT_SETS:
        try:
            images = ranks.after_first(lambda dataset=dataset: [load(dataset, each) for each in splits])  # type: ignore[misc]
        except UserError as error:
            failures += 1
            if ranks.first:
                click.echo(f"{dataset}: not done. {error}", err=True)
            continue
        for config, run in zip(configs, runs, strict=True):  # checks grid, layers and components first
            config.source.count_columns(config.options, images[0], None if run is None else run.config.network)
        for split in images:
            for config, run in zip(configs, runs, strict=True):
                with StepBars(quiet=quiet) as bars:
                    result, present = features_of(
                        config,
                        split,
                        partial(load, dataset, "train"),
                        run,
                        workspace,
                        ranks=ranks,
                        on_step=bars,
                        on_note=note_printer(quiet),
                    )
                what = "already in the cache" if present else "written"
                if config.features == "pixels":
                    what = "read from the images; no file is written"
                if ranks.first:
                    click.echo(f"{result.file.path}: {len(result):,} x {result.dimension:,} {config.dtype}, {what}")
    # A default set may be missing; a set that was named may not.
    if failures and (datasets or failures == len(DEFAULT_SETS)):
        sys.exit(1)
