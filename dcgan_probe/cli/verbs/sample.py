"""Options and help of ``dcgan-probe sample``."""

from typing import Any

import click

from ...investigations import SampleConfig
from ...runtime import Workspace
from ..command_lines import RunCommand
from ..config_options import config_of, config_options
from ..options import chosen_run, quiet_option, run_option


@click.command("sample", cls=RunCommand)
@config_options(SampleConfig, without=("seed",))
@config_options(SampleConfig, only=("seed",))
@run_option
@config_options(Workspace, only=("runs", "device"))
@quiet_option
def sample_command(**options: Any) -> None:
    """Draw samples: a PNG grid, and an .npz with images uint8 (N, channels, H, W) and z float32 (N, nz).

    For a conditional run, the .npz also has labels int64 (N,).

    \b
    dcgan-probe sample --count 100 --columns 10 --seed 1
    dcgan-probe sample --class 7
    """
    from ...investigations import sample

    workspace, config = config_of(Workspace, options), config_of(SampleConfig, options)
    run = chosen_run(options["run_folder"], workspace.runs, quiet=options["quiet"])
    for path in sample(run, config, workspace=workspace).save():
        click.echo(path)
