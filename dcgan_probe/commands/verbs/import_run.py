"""Options and help of ``dcgan-probe import-run``."""

from pathlib import Path
from typing import Any

import click

from ..command_lines import RecordedCommand
from ..options import runs_option


@click.command("import-run", cls=RecordedCommand)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--run",
    "run_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Run folder, a new one.  [default: DIR's name in --runs]",
)
@runs_option
def import_run_command(**options: Any) -> None:
    """Make a run of what export-run has written into DIR; all but training works on it.

    \b
    dcgan-probe import-run carried
    dcgan-probe eval-svm --run runs/carried --dataset svhn --labels 1000
    """
    from ..transfer import import_run_verb

    import_run_verb(**options)
