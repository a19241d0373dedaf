"""Options and help of ``dcgan-probe walk``."""

from typing import Any

import click

from ...investigations import WalkConfig
from ..command_lines import RunCommand
from ..look_options import investigation_options


@click.command("walk", cls=RunCommand)
@investigation_options(WalkConfig)
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
    from ...investigations import walk
    from ..investigate import investigate

    investigate(walk, WalkConfig, options)
