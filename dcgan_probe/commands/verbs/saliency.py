"""Options and help of ``dcgan-probe saliency``."""

from typing import Any

import click

from ...latent import RULES
from ..command_lines import RecordedCommand
from ..look_options import investigation_options
from ..options import Count, Numbers


@click.command("saliency", cls=RecordedCommand)
@click.option("--layer", metavar="NAME", help="Layer of the discriminator, by name or number.  [default: the last]")
@click.option("--features", type=Numbers(), help="Numbers of its maps, from 0 on.  [default: the first 6]")
@click.option("--top", type=click.IntRange(min=1), help="Instead: so many features whose best images stand out most.")
@click.option("--dataset", metavar="NAME", help="Whose training split is searched.  [default: the run's own images]")
@click.option("--scan", type=Count(), default=10_000, show_default=True, help="Images searched, drawn at random.")
@click.option("--count", type=click.IntRange(min=1), default=6, show_default=True, help="Images a feature.")
@click.option(
    "--rule",
    type=click.Choice(RULES),
    default="guided",
    show_default=True,
    help="How signals pass activations backwards; guided is the paper's.",
)
@investigation_options
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
    from ..first_checks import check_look

    check_look(options)
    from ..saliency import saliency_verb

    saliency_verb(**options)
