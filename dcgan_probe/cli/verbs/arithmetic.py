"""Options and help of ``dcgan-probe arithmetic``."""

from typing import Any

import click

from ...investigations import ArithmeticConfig
from ..command_lines import RunCommand
from ..investigation_options import investigation_options


@click.command("arithmetic", cls=RunCommand)
@investigation_options(ArithmeticConfig)
def arithmetic_command(**options: Any) -> None:
    """Compute A - B + C of the mean z of three concepts and a grid of noise around it, as in the paper.

    For comparison, the same arithmetic is applied to single samples and to pixels. Scores come from linear probes on
    the discriminator's features of labeled real images. Probes that score and probes that select samples are fitted
    to different images.

    \b
    dcgan-probe sample --count 100 --columns 10 --number
    dcgan-probe arithmetic --concept smiling-women=3,17,42 --concept women=5,8,61 --concept men=2,30,77
    dcgan-probe arithmetic --concept "a=female,age>=50" --concept "b=female,age<30" --concept "c=male,age<30"
    """
    from ...investigations import arithmetic
    from ..investigate import investigate

    investigate(arithmetic, ArithmeticConfig, options)
