"""Options and help of ``dcgan-probe table``."""

from typing import Any

import click

from ...report import FORMATS
from ..options import results_option


@click.command("table")
@results_option
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="markdown", show_default=True, help="What to print."
)
@click.option("--protocol", help="Print this protocol only, such as svhn-1000.  [default: all]")
def table_command(**options: Any) -> None:
    """Print the tables of all records, and write each as Markdown, CSV and LaTeX into RESULTS/tables.

    A damaged record is named on stderr and leaves out the table of its own protocol alone; the exit status is then 1.

    \b
    dcgan-probe table
    dcgan-probe table --format latex --protocol svhn-1000
    """
    from ..first_checks import check_records

    check_records(options["results"])
    from ..table import table_verb

    table_verb(**options)
