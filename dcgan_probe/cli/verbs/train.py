"""Options and help of ``dcgan-probe train``."""

import json
from pathlib import Path
from typing import Any

import click

from ...presets import Changes, TrainingPlan
from ...runtime import UserError, Workspace
from ..command_lines import RecordedCommand, called_as
from ..config_options import config_of, config_options
from ..options import dry_run_option, quiet_option

FIRST = ("preset", "dataset", "images")


@click.command("train", cls=RecordedCommand)
@config_options(TrainingPlan, only=FIRST)
@config_options(Changes)
@config_options(TrainingPlan, without=(*FIRST, *Changes.__dataclass_fields__))
@click.option(
    "--run",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Run folder.  [default: in --runs, named after the images and settings]",
)
@config_options(Workspace, only=TrainingPlan.places)
@dry_run_option
@quiet_option
def train_command(folder: Path | None, dry_run: bool, quiet: bool, **options: Any) -> None:
    """Train a DCGAN; after an interruption, rerun the command to resume.

    \b
    dcgan-probe train
    dcgan-probe train --preset svhn32 --dataset svhn --images 2M
    torchrun --nproc-per-node 2 -m -- dcgan_probe train
    """
    from ..early_checks import check_training

    workspace, plan = config_of(Workspace, options), config_of(TrainingPlan, options)
    check_training(plan, workspace)
    from ...presets import describe_training, run_training
    from ...runtime import joined_ranks, rank_device
    from ..progress import StepBars, note_printer
    from ..signals import StopSignals
    from ..training_notes import describe_collapse, describe_ending, with_words

    ranks = click.get_current_context().with_resource(joined_ranks(rank_device(workspace.device)))
    quiet = quiet or not ranks.first
    if dry_run and ranks.size > 1:
        raise UserError("a dry run describes a single process; run it without torchrun", parameter="dry_run")
    if dry_run:
        described = describe_training(plan, workspace, folder, on_note=note_printer(quiet))
        click.echo(json.dumps(with_words(described), indent=2))
        return
    with StopSignals.noted() as stop, StepBars(quiet=quiet) as bars:
        trained = run_training(
            plan,
            workspace,
            folder,
            ranks=ranks,
            command=called_as(),
            on_step=bars,
            on_note=note_printer(quiet),
            should_stop=stop,
        )
        if trained.outcome == "interrupted":
            raise stop.stopped(f"saved in {trained.run.folder}")
    if trained.outcome == "collapsed":
        raise UserError(describe_collapse(trained.run))
    if not quiet:
        click.echo(describe_ending(trained), err=True)
