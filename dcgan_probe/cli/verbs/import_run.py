"""``dcgan-probe import run``: a run of the files that export run has written."""

from typing import Any

import click

from ...features import ImportRunConfig
from ...runtime import Workspace
from ..command_lines import RecordedCommand
from ..config_options import config_of, config_options


@click.command("import run", cls=RecordedCommand)
@config_options(ImportRunConfig)
@config_options(Workspace, only=ImportRunConfig.places)
def import_run_command(**options: Any) -> None:
    """Make a run of what export run has written into DIR; all but training works on it.

    \b
    dcgan-probe import run carried
    dcgan-probe eval-svm --run runs/carried --dataset svhn --labels 1000
    """
    from ...features import import_run

    workspace, config = config_of(Workspace, options), config_of(ImportRunConfig, options)
    run = import_run(config.folder, config.target(workspace))
    seen, name = run.position(), run.trained_on.name
    click.echo(f"{run.folder}: {run.config.preset}, {seen:,} images of {name} seen, 16-bit weights")
