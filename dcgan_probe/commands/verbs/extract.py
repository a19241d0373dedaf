"""Options and help of ``dcgan-probe extract``."""

from typing import Any

import click

from ..feature_options import encoder_options, features_option
from ..options import data_options, device_option, quiet_option, run_option, runs_option, seed_option

SPLITS = ("train", "test")


@click.command("extract")
@click.option("--dataset", "datasets", multiple=True, help="Images to encode; repeatable.  [default: cifar10 and svhn]")
@features_option
@click.option("--split", "splits", type=click.Choice(SPLITS), multiple=True, help="Only this split.  [default: both]")
@encoder_options
@run_option
@runs_option
@seed_option
@device_option
@data_options
@quiet_option
def extract_command(**options: Any) -> None:
    """Encode labelled images by the layers of a run's discriminator, or by k-means, into HDF5 files.

    Features that the cache holds are not computed again, and an interrupted extraction resumes at its row.

    \b
    dcgan-probe extract --layers all
    dcgan-probe extract --dataset svhn --layers 2,3 --dtype float16
    dcgan-probe extract --dataset cifar10 --features kmeans --centroids 1600
    torchrun --nproc-per-node 2 -m -- dcgan_probe extract
    """
    from ..first_checks import check_features

    check_features(options)
    from ..extract import extract_verb

    extract_verb(**options)
