"""``dcgan-probe table``: the tables of all records."""

from typing import Any

import click

from ...report import TableConfig
from ...runtime import Workspace
from ..config_options import config_of, config_options
from ..first_checks import check_records
from ..options import plugin_option


@click.command("table")
@config_options(Workspace, only=TableConfig.places)
@config_options(TableConfig)
@plugin_option
def table_command(**options: Any) -> None:
    """Print the tables of all records, and write each as Markdown, CSV and LaTeX into RESULTS/tables.

    A damaged record is named on stderr and leaves out the table of its own protocol alone; the exit status is then 1.

    \b
    dcgan-probe table
    dcgan-probe table --format latex --protocol svhn-1000
    """
    workspace, config = config_of(Workspace, options), config_of(TableConfig, options)
    check_records(workspace.results)
    from ...report import make_tables
    from ..progress import sayer

    made = make_tables(config, workspace, on_note=sayer(quiet=False))
    if made.text:
        click.echo(made.text)
    if not made.complete:
        raise SystemExit(1)
