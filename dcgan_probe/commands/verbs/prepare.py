"""Options and help of ``dcgan-probe prepare``."""

from pathlib import Path
from typing import Any

import click

from ...images import LAYOUTS, RESAMPLES, Depth
from ..options import data_options, quiet_option, seed_option


class DepthType(click.ParamType):
    """``scale``, or two numbers with a comma between them."""

    name = "scale|LOW,HIGH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Depth:
        """Return the depth, or refuse the text."""
        if value == "scale":
            return "scale"
        try:
            low, high = (float(number) for number in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is neither scale nor two numbers such as 0,4095", param, ctx)
        return low, high


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
    "--depth",
    type=DepthType(),
    help="What becomes 0 and 255 where images have more than 8 bits: scale, the full range of the type (fractions: 0 "
    "to 1), or two numbers LOW,HIGH.  [default: refuse them]",
)
@click.option(
    "--background", default="white", show_default=True, help="Color under transparent pixels: a name or #rrggbb."
)
@click.option("--layout", type=click.Choice(LAYOUTS), help="Axes of images in an .h5 file.  [default: as they fit]")
@click.option("--skip-unreadable", is_flag=True, help="Leave out images that cannot be read; the file keeps the count.")
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
    filter of the resize, if any image had another size. The order of the classes is printed and kept in the file.

    A folder has one subfolder a class, or a labels.csv; an .h5 file has images of any layout and number type, and
    labels as numbers, texts or one-hot rows. What is made of them is said; an ambiguous form needs an option.

    \b
    dcgan-probe prepare PICTURES --size 64
    dcgan-probe prepare PICTURES --size 32 --resample box
    dcgan-probe prepare SCANS --size 64 --depth 0,4095 --skip-unreadable
    dcgan-probe prepare mnist --size 32 --split test
    """
    from ..first_checks import check_sets

    check_sets(options)
    from ..prepare import prepare_verb

    prepare_verb(**options)
