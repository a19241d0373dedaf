"""Options and help of ``dcgan-probe import-authors``."""

from pathlib import Path
from typing import Any

import click

from ..command_lines import RecordedCommand
from ..options import data_options, device_option, quiet_option, runs_option


@click.command("import-authors", cls=RecordedCommand)
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--dataset", required=True, help="Training images for the batch-norm statistics: a name, a folder or an .h5 file."
)
@click.option(
    "--run",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Run folder, a new one.  [default: authors-svhn32 or authors-imagenet32 in --runs]",
)
@runs_option
@device_option
@data_options
@quiet_option
def import_authors_command(**options: Any) -> None:
    """Make a run of the authors' released weights, the *_params.jl_NN.npy in DIR, for all other commands.

    The authors' nets keep no batch-norm statistics: those of the discriminator are taken from the training images of
    --dataset, which should be those that trained the net, and those of the generator from its own samples.

    \b
    dcgan-probe import-authors models/svhn_unsup_all_conv_dcgan_100z_gaussian_lr_0.0005_64mb --dataset svhn
    dcgan-probe eval-svm --run runs/authors-svhn32 --dataset svhn --labels 1000
    """
    from ..import_authors import import_authors_verb

    import_authors_verb(**options)
