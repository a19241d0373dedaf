"""Options and help of ``dcgan-probe import run``."""

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
    """Create a run from the files that export run wrote to DIR; it supports every command except train.

    \b
    dcgan-probe import run carried
    dcgan-probe eval-svm --run runs/carried --dataset svhn --labels 1000
    """
    from ...features import import_run

    workspace, config = config_of(Workspace, options), config_of(ImportRunConfig, options)
    run = import_run(config.folder, config.target(workspace))
    seen, name = run.position(), run.trained_on.name
    click.echo(f"{run.folder}: {run.config.preset}, {seen:,} images of {name} seen, 16-bit weights")
