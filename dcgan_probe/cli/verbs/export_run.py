"""Options and help of ``dcgan-probe export run``."""

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
    """Export a run to DIR as small files: 16-bit weights, batch-norm statistics and config.

    A run imported from these files computes features and draws samples without the images that trained it.

    \b
    dcgan-probe export run carried --run runs/tiny_imagenet32-imagenet32-s0
    dcgan-probe import run carried --run runs/carried
    """
    from ...features import export_named_run
    from ..progress import StepBars, note_printer

    workspace, config = config_of(Workspace, options), config_of(ExportRunConfig, options)
    try:
        with StepBars(quiet=quiet) as bars:
            written = export_named_run(config, workspace, on_step=bars, on_note=note_printer(quiet))
    except UserError as error:
        if error.parameter not in ("dataset", "bn_stats"):
            raise
        raise UserError(
            f"{error}. To export without the images that trained the run, use --no-statistics; the imported run then "
            "needs them",
            parameter="statistics",
        ) from error
    for path in written:
        click.echo(f"{path}: {path.stat().st_size / 1e3:,.0f} kB")
