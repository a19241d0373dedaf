"""Options and help of ``dcgan-probe walk``."""

from typing import Any

import click

from ...latent import INTERPOLATIONS
from ..command_lines import RecordedCommand
from ..look_options import investigation_options


@click.command("walk", cls=RecordedCommand)
@click.option("--points", type=click.IntRange(min=2), default=9, show_default=True, help="Random z to pass through.")
@click.option("--steps", type=click.IntRange(min=2), default=10, show_default=True, help="Images from one to the next.")
@click.option(
    "--interpolation",
    type=click.Choice(INTERPOLATIONS),
    default="linear",
    show_default=True,
    help="linear is the paper's; spherical suits a Gaussian z.",
)
@investigation_options
def walk_command(**options: Any) -> None:
    """Walk through the latent space: a grid with a row from each random z to the next, and the closed path animated.

    Smooth change speaks against memorisation; a sharp transition shows as a step in the discriminator's features that
    is many times the mean step of its leg, the way from one z to the next. Below the first image of each leg's largest
    step stands how many times. The nearest training images, mirrored or not, are shown beside those of each z and those
    of the whole path that come nearest to any, with the distances, and with those of training images to each other;
    they are left out where the training images are missing.

    \b
    dcgan-probe walk
    dcgan-probe walk --points 5 --steps 16 --interpolation spherical --seed 3
    """
    from ..first_checks import check_look

    check_look(options)
    from ..walk import walk_verb

    walk_verb(**options)
