"""Options and help of ``dcgan-probe eval-supervised``."""

from typing import Any

import click

from ...presets import PRESETS
from ..command_lines import RecordedCommand
from ..options import Labels, dry_run_option, evaluation_options

MOST_SETTINGS = 10_000


@click.command("eval-supervised", cls=RecordedCommand)
@click.option("--dataset", default="svhn", show_default=True, help="Labelled images: a name, a folder, an .h5 file.")
@click.option("--labels", type=Labels(), default="1000", show_default=True, help="Labelled images of a training.")
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    help="Whose discriminator to train.  [default: svhn32 on a CUDA device, else cpu32]",
)
@click.option(
    "--settings", type=click.IntRange(1, MOST_SETTINGS), default=64, show_default=True, help="Settings to try."
)
@click.option("--draws", type=click.IntRange(min=1), help="Reported draws of labels.  [default: 10; 1 for all labels]")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes of one thread each.  [default: one a CPU core; 1 on a GPU]",
)
@dry_run_option
@evaluation_options
def eval_supervised_command(**options: Any) -> None:
    """Train the discriminator's architecture on labelled images alone: the paper's purely supervised row.

    Each of the settings (learning rate, weight decay, dropout, length), drawn at random, is trained on one draw and
    scored on validation rows. The best is trained on the reported draws and scored on the test split. Each training is
    kept in RUNS/supervised as it ends; rerun the command to resume.

    \b
    dcgan-probe eval-supervised --dataset svhn --labels 1000
    dcgan-probe eval-supervised --dataset svhn --labels 1000 --preset svhn32 --device cuda
    """
    from ..first_checks import check_sets

    check_sets(options)
    from ..evaluate_supervised import eval_supervised_verb

    eval_supervised_verb(**options)
