"""Options and help of ``dcgan-probe eval-generated``."""

from typing import Any

import click

from ..command_lines import RecordedCommand
from ..look_options import investigation_options
from ..options import Numbers


@click.command("eval-generated", cls=RecordedCommand)
@click.option("--dataset", help="Labelled images of the same classes.  [default: those that trained the run]")
@click.option(
    "--counts", type=Numbers(), default="1000,10000,100000", show_default=True, help="Generated images to fit on."
)
@investigation_options
def eval_generated_command(**options: Any) -> None:
    """Fit a 1-nearest-neighbour classifier on a conditional run's samples, next to one on real images: the supplement.

    Both are tested on the set's test split, at growing counts, the real one at those that the training images reach and
    on all of them. Nothing is chosen, so the test split is looked at once.

    \b
    dcgan-probe train --preset conditional --dataset svhn
    dcgan-probe eval-generated --dataset svhn --counts 1000,10000,100000
    """
    from ..first_checks import check_look

    check_look(options)
    from ..eval_generated import eval_generated_verb

    eval_generated_verb(**options)
