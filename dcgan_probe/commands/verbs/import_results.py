"""Options and help of ``dcgan-probe import-results``."""

from pathlib import Path
from typing import Any

import click

from ..command_lines import RecordedCommand
from ..options import results_option


@click.command("import-results", cls=RecordedCommand)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@results_option
def import_results_command(**options: Any) -> None:
    """Add the records and test predictions in DIR, such as a job's, to those here, and make the tables again.

    Evaluations that are here already are left as they are.

    \b
    dcgan-probe import-results imagenet32
    dcgan-probe compare --protocol cifar10-all
    """
    from ..records import import_results_verb

    import_results_verb(**options)
