"""``dcgan-probe train``: turns options into one config and makes one call."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import torch

from ..evaluation import TrainingProbe
from ..features import run_encoder
from ..gan import Probe, Run, TrainConfig, check_images, check_probe, choose_window, held_bytes, rehearse, train
from ..images import ImageSet, load_images
from ..presets import PRESETS, preset_config
from ..runtime import Ranks, UserError, duration, joined_ranks, rank_device, resolve_device
from .command_lines import called_as
from .progress import Progress, say
from .signals import StopSignals
from .train_options import run_name
from .training_notes import TickNote, collapse_of, ending


def train_verb(
    preset: str,
    dataset: str,
    images: int | None,
    precision: str,
    probe_every: int | None,
    probe_dataset: str,
    probe_labels: int,
    time_limit: float | None,
    stop_on_collapse: bool,
    deterministic: bool,
    sync_norm: bool,
    window: int | None,
    seed: int,
    device: str,
    folder: Path | None,
    runs: Path,
    data_dir: Path,
    download: bool,
    dry_run: bool,
    quiet: bool,
    **fields: Any,
) -> None:
    """Train a DCGAN; rerun the command to resume."""
    target = rank_device(device)
    ranks = click.get_current_context().with_resource(joined_ranks(target))
    quiet = quiet or not ranks.first
    config = ranks.from_first(
        lambda: preset_config(
            preset,
            dataset=dataset,
            device=target,
            seed=seed,
            precision=precision,
            images=images,
            sync_norm=sync_norm,
            **fields,
        )
    )
    run = Run(folder or runs / run_name(config, fields))
    load = partial(load_images, data_dir=data_dir, download=download and not dry_run)
    training_images = ranks.after_first(lambda: load(dataset, "train"))
    if config.network.classes and fields["classes"] is None:
        known = ranks.from_first(lambda: training_images.classes)
        config = replace(config, network=replace(config.network, classes=known))
    if fields["nc"] is None:
        config = replace(config, network=replace(config.network, nc=training_images.channels))
    config = replace(config, window=ranks.from_first(lambda: window_of(window, run, training_images, ranks, quiet)))
    ranks.from_first(partial(check_images, config, training_images))
    probe = None
    if probe_every is not None:
        measure = ranks.after_first(
            lambda: training_probe(probe_dataset, probe_labels, load, config, training_images, target)
        )
        probe = Probe(measure, probe_every, measure.description)
    ranks.from_first(lambda: check_probe(config, probe))
    if dry_run:
        if ranks.size > 1:
            raise UserError("a dry run tells what one process needs; leave torchrun out", option="dry-run")
        click.echo(json.dumps(plan(config, run, training_images, device), indent=2))
        return
    with StopSignals.noted() as stop, Progress(f"train {run.folder}", config.images, "images", quiet=quiet) as progress:

        def resume(position: int) -> None:
            say([f"{run.folder}: resuming at {position:,} of {config.images:,} images"], quiet=quiet)
            progress.begin(position)

        outcome = train(
            config,
            training_images,
            run.folder,
            device=target,
            ranks=ranks,
            command=called_as(),
            on_tick=TickNote(progress),
            on_resume=resume,
            should_stop=stop,
            time_limit=math.inf if time_limit is None else time_limit,
            probe=probe,
            stop_on_collapse=stop_on_collapse,
            deterministic=deterministic,
        )
        if outcome == "interrupted":
            raise stop.stopped(f"saved in {run.folder}")
    if outcome == "collapsed":
        raise UserError(collapse_of(run))
    if not config.network.classes and (config.keep == "last" or run.best_path.exists()):
        # The statistics that features need are kept in the run now, so that it can leave its training images behind.
        for features in ("dcgan", "random"):
            with Progress(f"batch-norm statistics of {features}", len(training_images), "images", quiet=quiet) as shown:
                run_encoder(
                    run,
                    features,
                    training_images=lambda: training_images,
                    device=target,
                    ranks=ranks,
                    on_progress=shown.update,
                )
    if not quiet:
        click.echo(ending(outcome, run), err=True)


def training_probe(
    dataset: str,
    labels: int,
    load: Callable[..., ImageSet],
    config: TrainConfig,
    training_images: ImageSet,
    device: torch.device,
) -> TrainingProbe:
    """Make the probe of ``--probe-dataset`` and ``--probe-labels``."""
    try:
        labelled = load(dataset, "train")
    except UserError as error:
        # The same words are about another flag here.
        raise UserError(str(error), option="probe-dataset") from error
    return TrainingProbe(labelled, labels, network=config.network, unlabelled=training_images, device=device)


def window_of(asked: int | None, run: Run, images: ImageSet, ranks: Ranks, quiet: bool) -> int:
    """Give the window that was asked for, or else that of the run so far, or else the one that this memory needs."""
    if asked is not None:
        return asked
    if run.exists:
        return run.config.window
    window = choose_window(images, ranks.size)
    if window and not quiet:
        click.echo(f"{images.name} does not fit into memory: read in windows of {window:,} images", err=True)
    return window


def plan(config: TrainConfig, run: Run, images: ImageSet, device: str) -> dict[str, Any]:
    """Describe what a training run would do and need."""
    expected = rehearse(config, resolve_device(device), held_bytes(images, config.window))
    preset = PRESETS[config.preset.partition(" ")[0]]
    return {
        "run": str(run.folder),
        "exists": run.exists,
        "config": config.to_dict(),
        "source": preset.source,
        "should_give": preset.expected,
        "expects": {
            **{name: round(value) for name, value in asdict(expected).items()},
            "time": duration(expected.seconds),
            "memory": f"{expected.memory_bytes / 2**30:.1f} GiB",
        },
    }
