"""Options and help of ``dcgan-probe compare``."""

from typing import Any

import click

from ...report import CompareConfig
from ...runtime import Workspace
from ..config_options import config_of, config_options
from ..options import plugin_option


@click.command("compare")
@config_options(CompareConfig, without=("form",))
@config_options(Workspace, only=CompareConfig.places)
@config_options(CompareConfig, only=("form",))
@plugin_option
def compare_command(**options: Any) -> None:
    """Compare the rows of a protocol by their test predictions: difference, interval, and p, raw and corrected.

    The corrected p accounts for the number of comparisons. The table is also written to
    RESULTS/tables/PROTOCOL-comparisons as Markdown, CSV and LaTeX.

    \b
    dcgan-probe compare --protocol cifar10-all
    dcgan-probe compare --protocol svhn-1000 --against "raw pixels"
    """
    from ..early_checks import check_records

    workspace, config = config_of(Workspace, options), config_of(CompareConfig, options)
    check_records(workspace.results)
    from ...report import compare_rows, format_comparisons
    from ..progress import note_printer, print_notes

    compared = compare_rows(config, workspace, on_note=note_printer(quiet=False))
    print_notes(compared.remarks, quiet=config.form != "csv")  # captions of the other formats include the remarks
    click.echo(format_comparisons(compared, config.form).rstrip())
