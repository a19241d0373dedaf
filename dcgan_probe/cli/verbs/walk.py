"""Options and help of ``dcgan-probe walk``."""

from typing import Any

import click

from ...investigations import WalkConfig
from ..command_lines import RunCommand
from ..investigation_options import investigation_options


@click.command("walk", cls=RunCommand)
@investigation_options(WalkConfig)
def walk_command(**options: Any) -> None:
    """Walk through the latent space: a grid with a row from each random z to the next, and an animation of the path.

    Smooth changes are evidence against memorization. A sharp transition is a step in the discriminator's features that
    is many times the mean step of its leg, the path from one z to the next; the ratio is written below the first
    image of each leg's largest step.

    A second picture shows the nearest training images, mirrored or not, of the image at each z and of the images on
    the path that come nearest to any. Distances between training images are given for comparison. The picture is
    omitted if the training images are missing.

    \b
    dcgan-probe walk
    dcgan-probe walk --points 5 --steps 16 --interpolation spherical --seed 3
    """
    from ...investigations import walk
    from ..investigate import investigate

    investigate(walk, WalkConfig, options)
