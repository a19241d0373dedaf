"""``dcgan-probe train``: turns options into one config and makes one call."""

import json
import re
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from ..gan import Run, TrainConfig, check_images, choose_window, held_bytes, rehearse, train
from ..images import ImageSet, load_images
from ..presets import PRESETS, preset_config
from ..runtime import PRECISIONS, Ranks, UserError, joined_ranks, rank_device, resolve_device
from .command_lines import RecordedCommand, called_as
from .encoding import make_encoder
from .errors import StopRequest
from .feature_options import EncoderOptions
from .options import (
    Count,
    Numbers,
    data_options,
    device_option,
    dry_run_option,
    quiet_option,
    runs_option,
    seed_option,
)
from .progress import Progress, duration

FIELDS: list[tuple[str, Any, str]] = [
    ("nz", int, "Length of z."),
    ("z", click.Choice(["uniform", "gaussian"]), "Distribution of z."),
    ("nc", int, "Image channels.  [default: those of the images]"),
    ("ndf", int, "Maps of D's first layer."),
    ("ngf", int, "Maps of G's last hidden layer."),
    ("image-size", int, "Side of the images, in pixels."),
    ("kernel", int, "Side of the kernels, in pixels."),
    ("multipliers", Numbers(), "Width of each layer in units of ndf and ngf, as 1,2,4."),
    ("strides", Numbers(), "Stride of each layer, as 2,2,2."),
    ("eps", float, "Batch norm's epsilon."),
    ("first-norm", click.Choice(["unit", "map"]), "Gains of G's first batch norm: for each unit or each map."),
    ("updates", click.Choice(["both", "alternate"]), "Update G and D on every batch, or in turn."),
    ("batch-size", int, "Real images in a mini-batch, over all ranks."),
    ("lr", float, "Adam's learning rate."),
    ("beta1", float, "Adam's decay of the first moment."),
    ("weight-decay", float, "L2 penalty coupled into Adam."),
]


def field_options(verb: Any) -> Any:
    """Add one option for each field that a preset decides."""
    for name, kind, text in reversed(FIELDS):
        default = "" if "[default" in text else "  [default: the preset's]"
        verb = click.option(f"--{name}", type=kind, help=text + default)(verb)
    return verb


@click.command("train", cls=RecordedCommand)
@click.option("--preset", default="auto", show_default=True, metavar=f"auto|{'|'.join(PRESETS)}", help="Named setting.")
@click.option(
    "--dataset", default="cifar10", show_default=True, help="Training images: a name, a folder or an .h5 file."
)
@click.option("--images", type=Count(), help="Real images shown to D, as 64000, 64k or 2M.  [default: the preset's]")
@field_options
@click.option(
    "--precision", type=click.Choice(PRECISIONS), default="auto", show_default=True, help="auto: bfloat16 on CUDA."
)
@click.option("--sync-norm", is_flag=True, help="Of several ranks: batch norm over all ranks' parts of a batch.")
@click.option(
    "--window",
    type=Count(),
    help="Images in memory and shuffled at a time, 256 or a multiple.  [default: all; 65,536 if these do not fit]",
)
@seed_option
@device_option
@click.option("--run", "folder", type=click.Path(file_okay=False, path_type=Path), help="Run folder.  [default: named]")
@runs_option
@data_options
@dry_run_option
@quiet_option
def train_command(
    preset: str,
    dataset: str,
    images: int | None,
    precision: str,
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
    """Train a DCGAN; the same command again continues it.

    \b
    dcgan-probe train
    dcgan-probe train --preset svhn32 --dataset svhn --images 2M
    torchrun --nproc-per-node 2 -m -- dcgan_probe train
    """
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
    training_images = ranks.after_first(
        lambda: load_images(dataset, "train", data_dir=data_dir, download=download and not dry_run)
    )
    if fields["nc"] is None:
        config = replace(config, network=replace(config.network, nc=training_images.channels))
    config = replace(config, window=ranks.from_first(lambda: window_of(window, run, training_images, ranks, quiet)))
    ranks.from_first(partial(check_images, config, training_images))
    if dry_run:
        if ranks.size > 1:
            raise UserError("a dry run tells what one process needs; leave torchrun out", option="dry-run")
        click.echo(json.dumps(plan(config, run, training_images, device), indent=2))
        return
    with StopRequest() as stop, Progress(f"train {run.folder}", config.images, "images", quiet=quiet) as progress:
        if run.checkpoint_path.exists():
            progress.begin(run.position())
        outcome = train(
            config,
            training_images,
            run.folder,
            device=target,
            ranks=ranks,
            command=called_as(),
            on_tick=lambda row: progress.update(
                row["images_seen"], f"D {row['d_loss']:.2f} G {row['g_loss']:.2f} D(x) {row['d_real']:.2f}"
            ),
            should_stop=stop,
        )
    if outcome == "interrupted":
        if ranks.first:
            click.echo(f"Interrupted: saved in {run.folder}. The same command continues it.", err=True)
        sys.exit(130)
    # The statistics that features need are kept in the run now, so that the run can leave its training images behind.
    options = EncoderOptions(device=target, training_images=lambda: training_images, ranks=ranks, quiet=quiet)
    for features in ("dcgan", "random"):
        make_encoder(features, run, options)
    if not quiet:
        click.echo(f"{run.folder}: {outcome}, {run.position():,} images; grids in {run.samples}", err=True)


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


def run_name(config: TrainConfig, fields: dict[str, Any]) -> str:
    """Name a run from its arguments: set, preset, what differs from the preset, seed."""
    name = re.sub(r"[^\w.-]+", "-", Path(config.dataset).name.removesuffix(".h5")) or "images"
    preset = config.preset.partition(" ")[0]
    # In the options' own order: click gives them in the order in which they were typed.
    given = {option: fields.get(option.replace("-", "_")) for option, _, _ in FIELDS}
    changed = [
        f"{option.replace('-', '')}{format_value(value)}" for option, value in given.items() if value is not None
    ]
    return "-".join([name, preset, *changed, f"s{config.seed}"])


def format_value(value: Any) -> str:
    """Format an option's value for a folder's name."""
    return ".".join(map(str, value)) if isinstance(value, tuple) else str(value)
