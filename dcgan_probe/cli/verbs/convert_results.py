"""``dcgan-probe convert-results``: a results folder of an older version in the current one."""

from typing import Any

import click

from ...runtime import Workspace
from ..command_lines import RecordedCommand
from ..config_options import config_of, config_options


@click.command("convert-results", cls=RecordedCommand)
@config_options(Workspace, only=("results", "data_dir"))
def convert_results_command(**options: Any) -> None:
    """Convert a results folder of an older version, and make its tables again.

    The old files stay in RESULTS/schema-2. Standard errors need the class sizes of the training sets, which are read
    from the data folder where it holds the same images; other classes count as of one size.

    \b
    dcgan-probe convert-results
    """
    from ...report import convert_folder
    from ..progress import sayer

    workspace = config_of(Workspace, options)
    results, converted = workspace.results, convert_folder(workspace, on_note=sayer(quiet=False))
    done = f"{converted.evaluations} evaluations converted" if converted.evaluations else "converted already"
    click.echo(f"{results}: {done}; the old files are in {results / 'schema-2'}")
    if converted.unknown:
        click.echo(
            f"{len(converted.unknown)} evaluations count all classes as of one size, since {workspace.data_dir} does "
            "not hold their training images",
            err=True,
        )
    for path in converted.tables:
        click.echo(path)
