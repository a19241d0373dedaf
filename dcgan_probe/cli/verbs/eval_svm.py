"""Options and help of ``dcgan-probe eval-svm``."""

from typing import Any

import click

from ...evaluation import EvalConfig
from ...features import source_named
from ...runtime import Workspace
from ..config_options import config_of, config_options, fields_of
from ..options import dry_run_option, json_option, plugin_option, quiet_option
from ..source_options import SourceCommand, chosen_configs, features_option

CONTROLS = ("random", "pixels")


@click.command("eval-svm", cls=SourceCommand)
@features_option
@config_options(EvalConfig, without=("features", "run", "seed", "dtype"))
@click.option(
    "--controls/--no-controls", default=True, show_default=True, help="Add the untrained network and raw pixels."
)
@config_options(EvalConfig, only=("dtype", "run", "seed"))
@config_options(Workspace)
@plugin_option
@dry_run_option
@json_option
@quiet_option
def eval_svm_command(**options: Any) -> None:
    """Fit L2-SVMs on features, as in the paper, and print the result table.

    Features that are not in the cache are extracted first. C is chosen on training rows, never on the reported
    rows. Finished fits are kept; rerun the command to resume. With --dry-run, only the memory and time of the fits are
    printed.

    \b
    dcgan-probe eval-svm --dataset svhn --labels 1000
    dcgan-probe eval-svm --dataset cifar10 --labels 4000 --layers conv3 --scale standardise --validate
    """
    from ..early_checks import check_runs

    workspace, configs = config_of(Workspace, options), evaluations_of(options)
    check_runs(configs, workspace)
    from ..evaluate import eval_svm_verb

    eval_svm_verb(configs, workspace, **options)


def evaluations_of(options: dict[str, Any]) -> list[EvalConfig]:
    """Build the evaluations, controls last; their options are removed from ``options``."""
    printed = {name: options.pop(name) for name in ("dry_run", "as_json", "quiet")}
    features, controls = options.pop("features"), options.pop("controls")
    shared = fields_of(EvalConfig, options)
    with_run = shared["run"] is not None or any(source_named(name).needs_run for name in features)
    added = [name for name in CONTROLS if controls and (with_run or not source_named(name).needs_run)]
    configs = chosen_configs(EvalConfig, features, options, added, **shared)
    options.clear()
    options.update(printed)
    return configs
