"""Options and help of ``dcgan-probe table``."""

from typing import Any

import click

from ...report import TableConfig
from ...runtime import Workspace
from ..config_options import config_of, config_options
from ..options import plugin_option


@click.command("table")
@config_options(Workspace, only=TableConfig.places)
@config_options(TableConfig)
@plugin_option
def table_command(**options: Any) -> None:
    """Print the tables of all records, and write each as Markdown, CSV and LaTeX to RESULTS/tables.

    Damaged records are reported on stderr. The tables of their protocols are omitted, and the exit status is 1.

    \b
    dcgan-probe table
    dcgan-probe table --format latex --protocol svhn-1000
    """
    from ..early_checks import check_records

    workspace, config = config_of(Workspace, options), config_of(TableConfig, options)
    check_records(workspace.results)
    from ...report import make_tables
    from ..progress import note_printer

    made = make_tables(config, workspace, on_note=note_printer(quiet=False))
    if made.text:
        click.echo(made.text)
    if not made.complete:
        raise SystemExit(1)
