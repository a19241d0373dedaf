"""Options and help of ``dcgan-probe train``."""

from pathlib import Path
from typing import Any

import click

from ...presets import PRESETS
from ...runtime import PRECISIONS
from ..command_lines import RecordedCommand
from ..options import (
    Count,
    Seconds,
    data_options,
    device_option,
    dry_run_option,
    quiet_option,
    runs_option,
    seed_option,
)
from ..train_options import field_options


@click.command("train", cls=RecordedCommand)
@click.option(
    "--preset",
    type=click.Choice(["auto", *PRESETS]),
    default="auto",
    show_default=True,
    metavar=f"auto|{'|'.join(PRESETS)}",
    help="Named setting.",
)
@click.option(
    "--dataset", default="cifar10", show_default=True, help="Training images: a name, a folder or an .h5 file."
)
@click.option("--images", type=Count(), help="Real images shown to D, as 64000, 64k or 2M.  [default: the preset's]")
@field_options
@click.option(
    "--precision", type=click.Choice(PRECISIONS), default="auto", show_default=True, help="auto: bfloat16 on CUDA."
)
@click.option("--probe-every", type=Count(), help="Measure the features after every so many images.  [default: never]")
@click.option(
    "--probe-dataset", default="cifar10", show_default=True, help="Labelled set; its training split alone is read."
)
@click.option(
    "--probe-labels", type=Count(), default=4000, show_default=True, help="Labelled images, half of them held out."
)
@click.option(
    "--time-limit",
    type=Seconds(),
    help="Save and end after this time, such as 90s, 8m or 2h; the last probe comes after it.",
)
@click.option("--stop-on-collapse", is_flag=True, help="Save and end as soon as training has collapsed; exit status 1.")
@click.option("--deterministic", is_flag=True, help="Of a GPU: the same bits each time, by slower kernels.")
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
def train_command(**options: Any) -> None:
    """Train a DCGAN; rerun the command to resume.

    \b
    dcgan-probe train
    dcgan-probe train --preset svhn32 --dataset svhn --images 2M
    torchrun --nproc-per-node 2 -m -- dcgan_probe train
    """
    from ..first_checks import check_training

    check_training(options)
    from ..train import train_verb

    train_verb(**options)
