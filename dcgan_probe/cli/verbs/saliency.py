"""Options and help of ``dcgan-probe saliency``."""

from typing import Any

import click

from ...investigations import SaliencyConfig
from ..command_lines import RunCommand
from ..investigation_options import investigation_options


@click.command("saliency", cls=RunCommand)
@investigation_options(SaliencyConfig)
def saliency_command(**options: Any) -> None:
    """Show the images that excite a layer's features most, and the pixels responsible.

    Each feature has a row: its top images, guided backpropagation of its strongest activation in each image, and the
    same for the untrained discriminator (the run's initial weights) on the same images. Gray is 0; every saliency map
    is scaled by its largest absolute value. Both networks use batch-norm statistics of real images.

    The summary has three numbers for both networks: how far the images stand out among the searched images, in
    standard deviations; the share of squared saliency inside the best quarter of the receptive field (0.25 for uniform
    saliency); and the correlation of the two networks' saliency maps. A correlation near 1 means that the maps show
    the image rather than learned features.

    \b
    dcgan-probe saliency
    dcgan-probe saliency --layer conv2 --top 8 --dataset svhn
    """
    from ...investigations import saliency
    from ..investigate import investigate

    investigate(saliency, SaliencyConfig, options)
