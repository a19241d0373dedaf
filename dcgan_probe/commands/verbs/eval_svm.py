"""Options and help of ``dcgan-probe eval-svm``."""

from typing import Any

import click

from ...evaluation import EvalConfig
from ...runtime import Workspace
from ..config_options import config_options
from ..options import dry_run_option, json_option, quiet_option
from ..source_options import SourceCommand, features_option


@click.command("eval-svm", cls=SourceCommand)
@features_option
@config_options(EvalConfig, without=("features", "run", "seed", "dtype"))
@click.option(
    "--controls/--no-controls", default=True, show_default=True, help="Add the untrained network and raw pixels."
)
@config_options(EvalConfig, only=("dtype", "run", "seed"))
@config_options(Workspace)
@dry_run_option
@json_option
@quiet_option
def eval_svm_command(**options: Any) -> None:
    """Fit L2-SVMs on features, as the paper does, and print the table.

    Features that are not in the cache are extracted first. C is chosen on rows that are not reported. Each fit is kept
    as it ends: rerun the command to resume. With --dry-run, the memory and time of the fits are printed and nothing is
    done.

    \b
    dcgan-probe eval-svm --dataset svhn --labels 1000
    dcgan-probe eval-svm --dataset cifar10 --labels 4000 --layers conv3 --scale standardise --validate
    """
    from ..evaluate import eval_svm_verb

    eval_svm_verb(**options)
