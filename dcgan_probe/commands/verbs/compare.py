"""Options and help of ``dcgan-probe compare``."""

from typing import Any

import click

from ...report import FORMATS
from ..options import results_option


@click.command("compare")
@click.option("--protocol", required=True, help="Whose rows, such as cifar10-all.")
@click.option("--against", help="Row to compare with every other: number or name.  [default: first DCGAN, else first]")
@click.option("--all-pairs", is_flag=True, help="Compare every row with every other.")
@results_option
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="console", show_default=True, help="What to print."
)
def compare_command(**options: Any) -> None:
    """Compare rows by their test predictions: difference, interval, p, and p for as many comparisons as were made.

    Writes RESULTS/tables/PROTOCOL-comparisons as Markdown, CSV and LaTeX.

    \b
    dcgan-probe compare --protocol cifar10-all
    dcgan-probe compare --protocol svhn-1000 --against "raw pixels"
    """
    from ..first_checks import check_records

    check_records(options["results"])
    from ..compare import compare_verb

    compare_verb(**options)
