"""Options and help of ``dcgan-probe reproduce``."""

from pathlib import Path
from typing import Any

import click

from ...reproduce import SEEDS
from ...runtime import Workspace
from ..command_lines import RecordedCommand
from ..config_options import config_options
from ..first_checks import check_table
from ..options import dry_run_option, plugin_option, quiet_option


@click.command("reproduce", cls=RecordedCommand)
@click.argument("table", metavar="TABLE")
@click.option(
    "--scale",
    help="smoke: that all runs, in minutes. small: hours on a CPU. paper: as published; wants a GPU. A plan may have "
    "others.  [default: small, or the plan's first]",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    help=f"Trainings of each net of the guidelines.  [default: {SEEDS}]",
)
@click.option(
    "--authors",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the authors' released nets, one folder each.  [default: authors in --data-dir]",
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
    """Make every row of a table, after a plan with its time, memory and disk.

    TABLE is cifar10, svhn-1000 or guidelines, or the path of a TOML file of your own. A result table has the DCGAN, its
    controls, the baselines and the authors' released weights under the same protocols, and compares the DCGAN with
    every other row. The table of the guidelines has a training that follows the paper's rules for stable nets, and one
    that breaks each in turn.

    Finished rows stay as they are: after an interruption, rerun the command to resume. Each step can be typed as a
    command of its own, as the plan prints it.

    \b
    dcgan-probe reproduce svhn-1000 --scale smoke
    dcgan-probe reproduce cifar10 --dry-run
    dcgan-probe reproduce my-table.toml
    dcgan-probe reproduce guidelines --seeds 3
    """
    check_table(options["table"], options["scale"], options["seeds"], options["data_dir"])
    from ..reproduce import reproduce_verb

    reproduce_verb(**options)
