"""Options and help of ``dcgan-probe import authors``."""

from typing import Any

import click

from ...features import ImportAuthorsConfig
from ...runtime import Workspace
from ..command_lines import RecordedCommand, called_as
from ..config_options import config_of, config_options
from ..options import quiet_option


@click.command("import authors", cls=RecordedCommand)
@config_options(ImportAuthorsConfig)
@config_options(Workspace, only=ImportAuthorsConfig.places)
@quiet_option
def import_authors_command(quiet: bool, **options: Any) -> None:
    """Create a run from the authors' released weights, the files *_params.jl_NN.npy in DIR, for use in other commands.

    The authors' nets have no batch-norm statistics. The discriminator's are computed over the training images of
    --dataset, which should be the images that trained the net; the generator's over its own samples.

    \b
    dcgan-probe import authors models/svhn_unsup_all_conv_dcgan_100z_gaussian_lr_0.0005_64mb --dataset svhn
    dcgan-probe eval-svm --run runs/authors-svhn32 --dataset svhn --labels 1000
    """
    from ...features import import_authors
    from ..progress import StepBars, note_printer

    workspace, config = config_of(Workspace, options), config_of(ImportAuthorsConfig, options)
    with StepBars(quiet=quiet) as bars:
        imported = import_authors(
            config,
            workspace,
            command=called_as(),
            on_step=bars,
            on_loss=note_printer(quiet=False),
            on_note=note_printer(quiet),
        )
    click.echo(imported.describe())
