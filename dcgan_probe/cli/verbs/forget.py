"""Options and help of ``dcgan-probe forget``."""

from typing import Any

import click

from ...investigations import ForgetConfig
from ..command_lines import RunCommand
from ..investigation_options import investigation_options


@click.command("forget", cls=RunCommand)
@investigation_options(ForgetConfig)
def forget_command(**options: Any) -> None:
    """Make the generator forget an object that is boxed on some of its samples, and draw other samples without it.

    A logistic regression on the activations of the second highest convolution layer separates positions inside the
    boxes from positions outside; maps with a positive weight are dropped. The file of boxes is a list. Each entry has
    the number that `sample --number` writes below a sample (with the same --seed), and the left, top, right and bottom
    of the box in pixels; right and bottom are exclusive:

    \b
    [{"sample": 17, "box": [4, 10, 14, 30]}, {"sample": 23, "box": [0, 8, 9, 32]}]

    --boxes-from places boxes automatically, at the pixels with the largest effect on a probe of an attribute, on the
    probe's highest-scoring samples. A second probe, fitted to other images, scores the new samples: all of them, and
    the quarter with the highest scores of the first probe. The summary also has the regression's accuracy on held-out
    samples, the change of pixels inside and outside the boxes, the remaining contrast, and the same numbers for an
    equal number of random maps.

    \b
    dcgan-probe sample --count 200 --number
    dcgan-probe forget --boxes windows.json
    dcgan-probe forget --boxes-from "age>=60"
    dcgan-probe forget --map 5
    """
    from ...investigations import forget
    from ..investigate import investigate

    investigate(forget, ForgetConfig, options)
