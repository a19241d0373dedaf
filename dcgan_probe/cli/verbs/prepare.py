"""``dcgan-probe prepare``: the image-array file of any image source."""

from typing import Any

import click

from ...images import PrepareConfig
from ...runtime import Workspace
from ..command_lines import RecordedCommand
from ..config_options import config_of, config_options
from ..options import quiet_option


@click.command("prepare", cls=RecordedCommand)
@config_options(PrepareConfig)
@config_options(Workspace, only=PrepareConfig.places)
@quiet_option
def prepare_command(quiet: bool, **options: Any) -> None:
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
    from ...images import prepare_file
    from ..progress import StepBars

    workspace, config = config_of(Workspace, options), config_of(PrepareConfig, options)
    with StepBars(quiet=quiet) as bars:
        written = prepare_file(config, workspace, on_step=bars)
    click.echo(written.describe())
