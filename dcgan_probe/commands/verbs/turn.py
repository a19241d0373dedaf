"""Options and help of ``dcgan-probe turn``."""

from typing import Any

import click

from ..command_lines import RecordedCommand
from ..look_options import concept_options, investigation_options


@click.command("turn", cls=RecordedCommand)
@click.option(
    "--from",
    "start",
    required=True,
    metavar="NAME=...",
    help="Where the axis begins: NAME=3,17,42,55 (numbers of samples), or NAME=age<30 (chosen by probes).",
)
@click.option("--to", "end", required=True, metavar="NAME=...", help="Where the axis ends.")
@click.option(
    "--per-concept", type=click.IntRange(min=1), default=4, show_default=True, help="Samples that probes pick."
)
@click.option("--count", type=click.IntRange(min=1), default=64, show_default=True, help="Random z that are turned.")
@click.option("--steps", type=click.IntRange(min=2), default=9, show_default=True, help="Images of a strip.")
@click.option(
    "--reach",
    type=float,
    default=1.0,
    show_default=True,
    help="The strip goes from z minus so many axes to z plus as many.",
)
@click.option("--shown", type=click.IntRange(min=1), default=8, show_default=True, help="Strips in the picture.")
@concept_options
@investigation_options
def turn_command(**options: Any) -> None:
    """Add the axis between the mean z of two groups of samples to random z in steps: a strip for each z.

    The paper turns faces this way, with four samples looking left and four looking right. The number is the rank
    correlation of each strip's scores with the position, beside that of random axes of the same length.

    \b
    dcgan-probe turn --from left=3,17,42,55 --to right=5,8,61,70
    dcgan-probe turn --from "young=age<30" --to "old=age>=55" --count 100
    """
    from ..first_checks import check_look

    check_look(options)
    from ..turn import turn_verb

    turn_verb(**options)
