"""Options and help of ``dcgan-probe convert-results``."""

from typing import Any

import click

from ...runtime import Workspace
from ..command_lines import RecordedCommand
from ..config_options import config_of, config_options


@click.command("convert-results", cls=RecordedCommand)
@config_options(Workspace, only=("results", "data_dir"))
def convert_results_command(**options: Any) -> None:
    """Convert a results folder of an older version and rewrite its tables.

    The old files are kept in RESULTS/schema-2. Standard errors depend on the class sizes of the training sets. The
    sizes are read from the data folder if it holds the same images; otherwise, classes are assumed to be of equal
    size.

    \b
    dcgan-probe convert-results
    """
    from ...report import convert_folder
    from ..progress import note_printer

    workspace = config_of(Workspace, options)
    results, converted = workspace.results, convert_folder(workspace, on_note=note_printer(quiet=False))
    done = f"{converted.evaluations} evaluations converted" if converted.evaluations else "already converted"
    click.echo(f"{results}: {done}; the old files are in {results / 'schema-2'}")
    if converted.unknown:
        click.echo(
            f"{len(converted.unknown)} evaluations assume classes of equal size, since {workspace.data_dir} does not "
            "hold their training images",
            err=True,
        )
    for path in converted.tables:
        click.echo(path)
