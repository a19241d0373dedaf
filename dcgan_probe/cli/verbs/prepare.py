"""Options and help of ``dcgan-probe prepare``."""

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
    """Write the images of SOURCE (a name, a folder or an .h5 file) as one HDF5 file of square images.

    Images are resized so that the shorter side has --size pixels, and cropped at the center. Sets may be larger than
    memory. The file records the resize filter if any image was resized, and the order of the classes, which is also
    printed.

    A folder has one subfolder per class, or a labels.csv. An .h5 file has images of any layout and number type, and
    labels as numbers, texts or one-hot rows. The interpretation is printed; an ambiguous form needs an option.

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
