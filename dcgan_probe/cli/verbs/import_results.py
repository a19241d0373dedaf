"""Options and help of ``dcgan-probe import results``."""

from typing import Any

import click

from ...report import ImportResultsConfig
from ...runtime import Workspace
from ..command_lines import RecordedCommand
from ..config_options import config_of, config_options


@click.command("import results", cls=RecordedCommand)
@config_options(ImportResultsConfig)
@config_options(Workspace, only=ImportResultsConfig.places)
def import_results_command(**options: Any) -> None:
    """Add the records and test predictions in DIR, such as a job's, to --results, and rewrite the tables.

    Evaluations that are already recorded are unchanged.

    \b
    dcgan-probe import results imagenet32
    dcgan-probe compare --protocol cifar10-all
    """
    from ...report import import_results
    from ..progress import note_printer

    workspace, config = config_of(Workspace, options), config_of(ImportResultsConfig, options)
    imported = import_results(config, workspace, on_note=note_printer(quiet=False))
    records = workspace.results / "evaluations.csv"
    click.echo(f"{records}: {len(imported.new)} new evaluations from {config.folder}")
    for path in imported.tables:
        click.echo(path)
