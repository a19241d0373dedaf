"""Options and help of ``dcgan-probe reproduce``."""

from pathlib import Path
from typing import Any

import click

from ...reproduce import SEEDS
from ...runtime import Workspace
from ..command_lines import RecordedCommand
from ..config_options import config_options
from ..options import dry_run_option, plugin_option, quiet_option


@click.command("reproduce", cls=RecordedCommand)
@click.argument("table", metavar="TABLE")
@click.option(
    "--scale",
    help="smoke: a quick check, in minutes. small: hours on a CPU. paper: published sizes; needs a GPU. Custom plans "
    "can define others.  [default: small, or the plan's first]",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    help=f"For guidelines: trainings of each net, one per seed.  [default: {SEEDS}]",
)
@click.option(
    "--authors",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the authors' released nets, one subfolder each.  [default: authors in --data-dir]",
)
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of records and tables.  [default: results; RUNS/smoke/results for smoke]",
)
@config_options(Workspace, without=("results",))
@plugin_option
@dry_run_option
@quiet_option
def reproduce_command(**options: Any) -> None:
    """Make every missing row of a table; a plan with time, memory and disk is printed first.

    TABLE is cifar10, svhn-1000 or guidelines, or the path of a custom TOML file. A result table evaluates the DCGAN,
    its controls, the baselines and the authors' released weights by the same protocols, and compares the DCGAN with
    every other row. The table of guidelines has a training that follows the paper's guidelines for stable networks,
    and trainings that each break one of them.

    Finished rows are kept; rerun the command to resume. The plan shows each step as a command that can also be run
    alone.

    \b
    dcgan-probe reproduce svhn-1000 --scale smoke
    dcgan-probe reproduce cifar10 --dry-run
    dcgan-probe reproduce my-table.toml
    dcgan-probe reproduce guidelines --seeds 3
    """
    from ..early_checks import check_table

    check_table(options["table"], options["scale"], options["seeds"], options["data_dir"])
    from ..reproduce import reproduce_verb

    reproduce_verb(**options)
