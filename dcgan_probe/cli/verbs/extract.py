"""Options and help of ``dcgan-probe extract``."""

from typing import Any

import click

from ...features import FeatureConfig
from ...runtime import Workspace
from ..config_options import config_of, config_options, fields_of
from ..options import plugin_option, quiet_option
from ..source_options import SourceCommand, chosen_configs, features_option

SPLITS = ("train", "test")


@click.command("extract", cls=SourceCommand)
@click.option("--dataset", "datasets", multiple=True, help="Images to encode; repeatable.  [default: cifar10 and svhn]")
@features_option
@click.option("--split", "splits", type=click.Choice(SPLITS), multiple=True, help="Only this split.  [default: both]")
@config_options(FeatureConfig, without=("features",))
@config_options(Workspace, without=("results",))
@plugin_option
@quiet_option
def extract_command(**options: Any) -> None:
    """Encode labeled images as features, such as the layers of a run's discriminator, and cache them as HDF5 files.

    Features in the cache are not recomputed, and an interrupted extraction resumes at its last row.

    \b
    dcgan-probe extract --layers all
    dcgan-probe extract --dataset svhn --layers 2,3 --dtype float16
    dcgan-probe extract --dataset cifar10 --features kmeans --centroids 1600
    torchrun --nproc-per-node 2 -m -- dcgan_probe extract
    """
    from ..early_checks import check_runs

    datasets, splits, features, quiet = (options.pop(name) for name in ("datasets", "splits", "features", "quiet"))
    workspace, shared = config_of(Workspace, options), fields_of(FeatureConfig, options)
    configs = chosen_configs(FeatureConfig, features, options, **shared)
    check_runs(configs, workspace)
    from ..extract import extract_verb

    extract_verb(configs, workspace, datasets, splits or SPLITS, quiet=quiet)
