"""Options and help of ``dcgan-probe job``."""

from pathlib import Path
from typing import Any

import click

from ...reproduce import job_names
from ...runtime import Workspace
from ..command_lines import RecordedCommand
from ..config_options import config_options
from ..options import Seconds, quiet_option


@click.command("job", cls=RecordedCommand)
@click.argument("name", metavar="[NAME]", required=False, type=click.Choice(job_names()))
@click.option("--list", "listed", is_flag=True, help="List the jobs with their cost; the default without NAME.")
@click.option(
    "--time-limit",
    type=Seconds(),
    help="Time limit of the training, such as 6m; the last probe and the export follow it.",
)
@click.option(
    "--evaluate",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Evaluate the files that the job left in this folder.",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder of the small files.  [default: NAME]"
)
@click.option(
    "--probe-dataset",
    default="cifar10",
    show_default=True,
    help="Labeled training images of the probe during training.",
)
@click.option("--no-probe", is_flag=True, help="Train without a probe, which needs labeled images.")
@config_options(Workspace)
@quiet_option
def job_command(**options: Any) -> None:
    """Train one of the larger networks and export it as small files, or evaluate such files.

    The two parts can run on different machines: the files hold the weights and the batch-norm statistics, and the
    evaluation needs only the labeled images. After an interruption, rerun the command to resume.

    \b
    dcgan-probe job --list
    dcgan-probe job imagenet32 --time-limit 6m --out carried
    dcgan-probe job imagenet32 --evaluate carried
    """
    from ..job import job_verb

    job_verb(**options)
