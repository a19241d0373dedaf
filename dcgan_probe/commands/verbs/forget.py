"""Options and help of ``dcgan-probe forget``."""

from pathlib import Path
from typing import Any

import click

from ..command_lines import RecordedCommand
from ..look_options import investigation_options
from ..options import Count


@click.command("forget", cls=RecordedCommand)
@click.option(
    "--boxes", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="JSON file of boxes on samples."
)
@click.option("--boxes-from", metavar="ATTRIBUTE", help="Instead: boxes where a probe of it looks, as neighbours>=20.")
@click.option("--map", "one_map", type=click.IntRange(min=0), help="Instead: see what this map alone draws.")
@click.option("--layer", metavar="NAME", help="Layer of the generator, by name or number.  [default: second highest]")
@click.option("--top", type=click.IntRange(min=1), help="Drop only so many maps, those with the largest weights.")
@click.option("--attribute", help="Have a probe of it score the samples.  [default: that of --boxes-from]")
@click.option("--dataset", metavar="NAME", help="Labelled set to teach the probes.  [default: the run's own images]")
@click.option("--count", type=Count(), default=200, show_default=True, help="Other samples, drawn with and without.")
@click.option("--window", type=click.IntRange(min=1), help="Side of a probe's boxes.  [default: 3/8 of the image's]")
@investigation_options
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
    from ..first_checks import check_look

    check_look(options)
    from ..forget import forget_verb

    forget_verb(**options)
