"""Options and help of ``dcgan-probe convert-results``."""

from typing import Any

import click

from ..command_lines import RecordedCommand
from ..options import data_dir_option, results_option


@click.command("convert-results", cls=RecordedCommand)
@results_option
@data_dir_option
def convert_results_command(**options: Any) -> None:
    """Convert a results folder of an older version, and make its tables again.

    The old files stay in RESULTS/schema-2. Standard errors need the class sizes of the training sets, which are read
    from the data folder where it holds the same images; other classes count as of one size.

    \b
    dcgan-probe convert-results
    """
    from ..records import convert_results_verb

    convert_results_verb(**options)
