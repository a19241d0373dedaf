"""The options about features, and the features that take each; makes nothing of what was typed."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import click
from click.core import ParameterSource

from ..features import ACTIVATIONS, BN_STATS, DTYPES, LEARNINGS, POOLS, STARTS, DictionaryConfig, FieldConfig
from ..runtime import UserError
from .options import Count, LayerNames

RUN_FEATURES, FREE_FEATURES = ("dcgan", "random"), ("pixels", "whitened", "pca", "kmeans", "kmeans3")
FEATURES = RUN_FEATURES + FREE_FEATURES
"""Those of a run, and those that need none."""
CONTROLS = ("random", "pixels")
"""Features that stand beside others in a table."""
TAKERS: dict[str, tuple[str, ...]] = {
    "layers": ("dcgan", "random", "kmeans3"),
    "grid": ("dcgan", "random", "kmeans", "kmeans3"),
    "pool": ("dcgan", "random"),
    "bn_stats": ("dcgan", "random"),
    **dict.fromkeys(("maps", "maps_seed"), ("dcgan", "random")),
    "network_seed": ("random",),
    "components": ("pca", "whitened"),
    "learn_from": ("pca", "whitened", "kmeans", "kmeans3"),
    **dict.fromkeys(("stride", "activation"), ("kmeans",)),
    **dict.fromkeys(
        ("centroids", "patch", "patches", "iterations", "learning", "start", "whiten", "kmeans_seed"),
        ("kmeans", "kmeans3"),
    ),
    **dict.fromkeys((each.name for each in fields(FieldConfig)), ("kmeans3",)),
}
"""Options, and the features that they are about."""
DISCRIMINATOR_GRID, KMEANS_GRID, PCA_COMPONENTS = 4, 2, 256

features_option = click.option(
    "--features",
    type=click.Choice(FEATURES),
    multiple=True,
    default=("dcgan",),
    show_default=True,
    help="Source of the features; repeatable.",
)


def encoder_options(verb: Any) -> Any:
    """Add the options that decide the numbers in a feature file, ``layers`` to ``dtype`` of ``EncoderOptions``."""
    for option in (
        click.option("--dtype", type=click.Choice(DTYPES), default="float32", show_default=True, help="On disk."),
        click.option(
            "--bn-stats",
            type=click.Choice(BN_STATS),
            default=BN_STATS[0],
            show_default=True,
            help="Batch norm from the GAN's training images in random order, in their own order (the authors), or from "
            "the running averages of training.",
        ),
        click.option(
            "--network-seed",
            type=click.IntRange(min=0),
            help="random: seed of the untrained network's weights.  [default: the run's]",
        ),
        click.option(
            "--pool", type=click.Choice(list(POOLS)), default="max", show_default=True, help="dcgan, random: pooling."
        ),
        click.option(
            "--grid",
            type=click.IntRange(min=1),
            help=f"Windows along a side.  [default: {DISCRIMINATOR_GRID}; {KMEANS_GRID} for kmeans]",
        ),
        click.option(
            "--layers",
            type=LayerNames(),
            default="all",
            show_default=True,
            help="all, or names or numbers such as conv2,conv3 or 2,3.",
        ),
        *_field_options(),
        click.option(
            "--learn-from",
            metavar="DATASET",
            help="kmeans, kmeans3, whitened, pca: training images that teach them.  [default: the probed set's]",
        ),
        click.option(
            "--components",
            type=click.IntRange(min=1),
            help=f"pca, whitened: axes kept.  [default: {PCA_COMPONENTS}; all for whitened]",
        ),
        *_kmeans_options(),
    ):
        verb = option(verb)
    return verb


def _kmeans_options() -> list[Any]:
    """Make the options of k-means of patches; the recipe's settings are the defaults."""
    defaults = DictionaryConfig()
    return [
        click.option(
            "--kmeans-seed",
            type=click.IntRange(min=0),
            help="kmeans, kmeans3: seed of the patches and the first centroids.  [default: --seed]",
        ),
        click.option(
            "--whiten/--no-whiten", default=True, show_default=True, help="kmeans, kmeans3: whiten the patches."
        ),
        click.option(
            "--learning",
            type=click.Choice(LEARNINGS),
            default=defaults.learning,
            show_default=True,
            help="kmeans, kmeans3: how centroids are found; patches takes random ones.",
        ),
        click.option(
            "--start",
            type=click.Choice(STARTS),
            default=defaults.start,
            show_default=True,
            help="kmeans, kmeans3: first centroids; points are random patches.",
        ),
        click.option(
            "--activation", type=click.Choice(ACTIVATIONS), default="triangle", show_default=True, help="kmeans: code."
        ),
        click.option(
            "--iterations",
            type=click.IntRange(min=1),
            default=defaults.iterations,
            show_default=True,
            help="kmeans, kmeans3: Lloyd's iterations.",
        ),
        click.option(
            "--patches",
            type=Count(),
            default=str(defaults.patches),
            show_default=True,
            help="kmeans, kmeans3: random patches to learn from.",
        ),
        click.option(
            "--stride", type=click.IntRange(min=1), default=1, show_default=True, help="kmeans: pixels between patches."
        ),
        click.option(
            "--patch",
            type=click.IntRange(min=1),
            default=defaults.patch,
            show_default=True,
            help="kmeans, kmeans3: side of a patch.",
        ),
        click.option(
            "--centroids",
            type=click.IntRange(min=1),
            default=defaults.centroids,
            show_default=True,
            help="kmeans, kmeans3: number of centroids.",
        ),
    ]


def _field_options() -> list[Any]:
    """Make the options of the layers above the first of three-layer k-means; the published size is the default."""
    told = {
        "fields": "groups of maps",
        "field_maps": "maps of a group",
        "field_centroids": "centroids of a group",
        "field_components": "principal axes kept of a group's windows",
        "field_windows": "random windows to learn from",
    }
    return [
        click.option(
            f"--{each.name.replace('_', '-')}",
            type=Count(),
            default=str(each.default),
            show_default=True,
            help=f"kmeans3: {told[each.name]}, in layers 2 and 3.",
        )
        for each in reversed(fields(FieldConfig))
    ]


def refuse_ignored(sources: Sequence[str]) -> None:
    """Refuse an option that was typed and that none of the features takes.

    Raises
    ------
    UserError
        With the option, and the features that take it.
    """
    context = click.get_current_context()
    for name, takers in TAKERS.items():
        typed = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if typed and context.params[name] is not None and not set(takers) & set(sources):
            raise UserError(
                f"{', '.join(sources)} features do not take this option; {', '.join(takers)} do: leave it out",
                option=name.replace("_", "-"),
            )
