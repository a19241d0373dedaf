"""Options and help of ``dcgan-probe saliency``."""

from typing import Any

import click

from ...investigations import SaliencyConfig
from ..command_lines import RunCommand
from ..look_options import investigation_options


@click.command("saliency", cls=RunCommand)
@investigation_options(SaliencyConfig)
def saliency_command(**options: Any) -> None:
    """Show the images that excite a layer's features most, and which of their pixels do.

    A row for each feature: its images, guided backpropagation of its strongest activation in each, and the same for the
    discriminator before training (the run's own initial weights) on the same images. Grey is 0; every picture of
    saliency is scaled by its own largest number. Batch norm is fixed over real images in both.

    Told for both networks: how far the images stand out among those searched, in standard deviations; the share of the
    squared saliency inside the best quarter of the pixels that the position sees (0.25 is none better than another);
    and how alike the two networks' saliencies are, as a correlation: near 1, they show the image more than what was
    learnt.

    \b
    dcgan-probe saliency
    dcgan-probe saliency --layer conv2 --top 8 --dataset svhn
    """
    from ...investigations import saliency
    from ..investigate import investigate

    investigate(saliency, SaliencyConfig, options)
