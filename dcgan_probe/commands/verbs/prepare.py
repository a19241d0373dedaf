"""Options and help of ``dcgan-probe prepare``."""

from pathlib import Path
from typing import Any

import click

from ...images import RESAMPLES
from ..options import data_options, quiet_option, seed_option


@click.command("prepare")
@click.argument("source")
@click.option(
    "--size", type=click.IntRange(min=1), default=32, show_default=True, help="Side of the images, in pixels."
)
@click.option("--split", type=click.Choice(["train", "test"]), default="train", show_default=True, help="Which split.")
@click.option("--channels", type=click.Choice(["1", "3"]), help="Greyscale or RGB.  [default: as the images]")
@click.option(
    "--resample",
    type=click.Choice(RESAMPLES),
    default="lanczos",
    show_default=True,
    help="Filter of the resize. Lanczos keeps the most detail; box is the mean of the pixels under a new one.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The .h5 file.  [default: DATA_DIR/NAME-SIZE_SPLIT.h5, found with --dataset NAME-SIZE]",
)
@seed_option
@data_options
@quiet_option
def prepare_command(**options: Any) -> None:
    """Write images of any SOURCE (a name, a folder, an .h5 file) as one HDF5 file of square images.

    The shorter side is resized to --size and the center kept; a set larger than memory works. The file records the
    filter of the resize, if any image had another size.

    \b
    dcgan-probe prepare PICTURES --size 64
    dcgan-probe prepare PICTURES --size 32 --resample box
    dcgan-probe prepare mnist --size 32 --split test
    """
    from ..prepare import prepare_verb

    prepare_verb(**options)
