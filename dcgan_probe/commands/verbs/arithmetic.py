"""Options and help of ``dcgan-probe arithmetic``."""

from typing import Any

import click

from ..command_lines import RecordedCommand
from ..look_options import concept_options, investigation_options


@click.command("arithmetic", cls=RecordedCommand)
@click.option(
    "--concept",
    "texts",
    multiple=True,
    metavar="NAME=...",
    help="A, B and C, in this order: NAME=3,17,42 are numbers of samples, as `sample --number` shows them; "
    "NAME=female,age>=50 are the samples that probes of these attributes choose.",
)
@click.option(
    "--per-concept", type=click.IntRange(min=1), default=3, show_default=True, help="Samples that probes pick."
)
@concept_options
@investigation_options
def arithmetic_command(**options: Any) -> None:
    """Compute A - B + C of the mean z of three concepts, with the grid of noise around it, as the paper does.

    Beside it stand the same arithmetic of single samples, and of pixels. Scores come from linear probes on the
    discriminator's features of labelled real images; those that score have not seen the images of those that select.

    \b
    dcgan-probe sample --count 100 --columns 10 --number
    dcgan-probe arithmetic --concept smiling-women=3,17,42 --concept women=5,8,61 --concept men=2,30,77
    dcgan-probe arithmetic --concept "a=female,age>=50" --concept "b=female,age<30" --concept "c=male,age<30"
    """
    from ..first_checks import check_look

    check_look(options)
    from ..arithmetic import arithmetic_verb

    arithmetic_verb(**options)
