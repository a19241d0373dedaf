"""Options and help of ``dcgan-probe eval-generated``."""

from typing import Any

import click

from ...investigations import GeneratedConfig
from ..command_lines import RunCommand
from ..investigation_options import investigation_options


@click.command("eval-generated", cls=RunCommand)
@investigation_options(GeneratedConfig)
def eval_generated_command(**options: Any) -> None:
    """Compare 1-nearest-neighbor classifiers fitted to a conditional run's samples and to real images.

    This is the experiment of the paper's supplement. Both classifiers are tested on the test split at increasing
    numbers of images; the classifier on real images also with the whole training split. Nothing is chosen, so the test
    split is read once.

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
