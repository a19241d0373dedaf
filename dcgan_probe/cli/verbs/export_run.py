"""``dcgan-probe export run``: a run as small files."""

from typing import Any

import click

from ...features import ExportRunConfig
from ...runtime import UserError, Workspace
from ..command_lines import RunCommand
from ..config_options import config_of, config_options
from ..options import quiet_option


@click.command("export run", cls=RunCommand)
@config_options(ExportRunConfig)
@config_options(Workspace, only=ExportRunConfig.places)
@quiet_option
def export_run_command(quiet: bool, **options: Any) -> None:
    """Write a run into DIR as small files: weights in 16 bits, batch-norm statistics, config.

    What import run makes of them has features and samples without the images that trained it.

    \b
    dcgan-probe export run carried --run runs/tiny_imagenet32-imagenet32-s0
    dcgan-probe import run carried --run runs/carried
    """
    from ...features import export_named_run
    from ..progress import StepBars, sayer

    workspace, config = config_of(Workspace, options), config_of(ExportRunConfig, options)
    try:
        with StepBars(quiet=quiet) as bars:
            written = export_named_run(config, workspace, on_step=bars, on_note=sayer(quiet))
    except UserError as error:
        if error.parameter not in ("dataset", "bn_stats"):
            raise
        raise UserError(
            f"{error}. Without the images that trained the run, give --no-statistics: what is imported then asks "
            "for them",
            parameter="statistics",
        ) from error
    for path in written:
        click.echo(f"{path}: {path.stat().st_size / 1e3:,.0f} kB")
