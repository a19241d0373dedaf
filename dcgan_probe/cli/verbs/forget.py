"""Options and help of ``dcgan-probe forget``."""

from typing import Any

import click

from ...investigations import ForgetConfig
from ..command_lines import RunCommand
from ..look_options import investigation_options


@click.command("forget", cls=RunCommand)
@investigation_options(ForgetConfig)
def forget_command(**options: Any) -> None:
    """Make the generator forget what is boxed on some of its samples, and draw others with and without it.

    A logistic regression tells positions inside of the boxes from others of the same images, by the activations of the
    second highest convolution layer; the maps with a weight above 0 are dropped. The file of boxes is a list: the
    number that `sample --number` writes below a sample (with the same --seed), and left, top, right and bottom in
    pixels, right and bottom outside:

    \b
    [{"sample": 17, "box": [4, 10, 14, 30]}, {"sample": 23, "box": [0, 8, 9, 32]}]

    --boxes-from finds boxes without a person, where a probe of an attribute looks on the samples that have it most
    surely; another probe, taught by other images, scores what comes out, all samples and the quarter that the first is
    surest of. Told besides: the regression's accuracy on samples that it was not fitted on, how much the pixels inside
    and outside of the boxes change, how much contrast is left, and the same for as many maps drawn at random.

    \b
    dcgan-probe sample --count 200 --number
    dcgan-probe forget --boxes windows.json
    dcgan-probe forget --boxes-from "neighbours>=20"
    dcgan-probe forget --map 5
    """
    from ...investigations import forget
    from ..investigate import investigate

    investigate(forget, ForgetConfig, options)
