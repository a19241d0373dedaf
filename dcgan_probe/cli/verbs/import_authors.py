"""``dcgan-probe import authors``: a run of the weights that the authors released."""

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
    """Make a run of the authors' released weights, the *_params.jl_NN.npy in DIR, for all other commands.

    The authors' nets keep no batch-norm statistics: those of the discriminator are taken from the training images of
    --dataset, which should be those that trained the net, and those of the generator from its own samples.

    \b
    dcgan-probe import authors models/svhn_unsup_all_conv_dcgan_100z_gaussian_lr_0.0005_64mb --dataset svhn
    dcgan-probe eval-svm --run runs/authors-svhn32 --dataset svhn --labels 1000
    """
    from ...features import import_authors
    from ..progress import StepBars, sayer

    workspace, config = config_of(Workspace, options), config_of(ImportAuthorsConfig, options)
    with StepBars(quiet=quiet) as bars:
        imported = import_authors(
            config,
            workspace,
            command=called_as(),
            on_step=bars,
            on_loss=sayer(quiet=False),
            on_note=sayer(quiet),
        )
    click.echo(imported.describe())
