"""Options and help of ``dcgan-probe eval-supervised``."""

from typing import Any

import click

from ...evaluation import SupervisedConfig
from ...runtime import Workspace
from ..command_lines import RecordedCommand
from ..config_options import config_options
from ..options import dry_run_option, json_option, quiet_option


@click.command("eval-supervised", cls=RecordedCommand)
@config_options(SupervisedConfig)
@config_options(Workspace)
@dry_run_option
@json_option
@quiet_option
def eval_supervised_command(**options: Any) -> None:
    """Train the discriminator's architecture on labeled images alone: the purely supervised row of the paper's table.

    Random settings of learning rate, weight decay, dropout and length are each trained on one draw of labels and
    scored on validation rows. The best setting is trained on the reported draws and scored on the test split. Finished
    trainings are kept in RUNS/supervised; rerun the command to resume.

    \b
    dcgan-probe eval-supervised --dataset svhn --labels 1000
    dcgan-probe eval-supervised --dataset svhn --labels 1000 --preset svhn32 --device cuda
    """
    from ..evaluate_supervised import eval_supervised_verb

    eval_supervised_verb(**options)
