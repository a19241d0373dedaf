"""Options and help of ``dcgan-probe turn``."""

from typing import Any

import click

from ...investigations import TurnConfig
from ..command_lines import RunCommand
from ..investigation_options import investigation_options


@click.command("turn", cls=RunCommand)
@investigation_options(TurnConfig)
def turn_command(**options: Any) -> None:
    """Move random z along the axis between the mean z of two groups of samples: a strip of images for each z.

    The paper turns faces this way, with four samples that look left and four that look right. The summary has the rank
    correlation of each strip's scores with the position, compared with random axes of the same length.

    \b
    dcgan-probe turn --from left=3,17,42,55 --to right=5,8,61,70
    dcgan-probe turn --from "young=age<30" --to "old=age>=55" --count 100
    """
    from ...investigations import turn
    from ..investigate import investigate

    investigate(turn, TurnConfig, options)
