"""Options and help of ``dcgan-probe export-run``."""

from pathlib import Path
from typing import Any

import click

from ...gan import PIECE_BYTES
from ..command_lines import RunCommand
from ..options import Count, data_options, device_option, quiet_option, run_option, runs_option


@click.command("export-run", cls=RunCommand)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@run_option
@click.option(
    "--piece", type=Count(), default=PIECE_BYTES, help="Bytes of a file of weights, at most.  [default: 15 MiB]"
)
@click.option(
    "--statistics/--no-statistics",
    default=True,
    show_default=True,
    help="Add the batch-norm statistics, which read the run's training images.",
)
@runs_option
@device_option
@data_options
@quiet_option
def export_run_command(**options: Any) -> None:
    """Write a run into DIR as small files: weights in 16 bits, batch-norm statistics, config.

    What import-run makes of them has features and samples without the images that trained it.

    \b
    dcgan-probe export-run carried --run runs/tiny_imagenet32-imagenet32-s0
    dcgan-probe import-run carried --run runs/carried
    """
    from ..transfer import export_run_verb

    export_run_verb(**options)
