"""Options and help of ``dcgan-probe eval-generated``."""

from typing import Any

import click

from ...investigations import GeneratedConfig
from ..command_lines import RunCommand
from ..look_options import investigation_options


@click.command("eval-generated", cls=RunCommand)
@investigation_options(GeneratedConfig)
def eval_generated_command(**options: Any) -> None:
    """Fit a 1-nearest-neighbour classifier on a conditional run's samples, next to one on real images: the supplement.

    Both are tested on the set's test split, at growing counts, the real one at those that the training images reach and
    on all of them. Nothing is chosen, so the test split is looked at once.

    \b
    dcgan-probe train --preset conditional --dataset svhn
    dcgan-probe eval-generated --dataset svhn --counts 1000,10000,100000
    """
    from ...investigations import evaluate_generated
    from ...report import format_neighbor_errors
    from ..investigate import investigate

    def table_of(found: Any) -> list[str]:
        return format_neighbor_errors(found.errors, found.title, found.caveats).splitlines()

    investigate(evaluate_generated, GeneratedConfig, options, table_of)
