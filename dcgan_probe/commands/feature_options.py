"""Takes what the user typed about features, gives ``EncoderOptions``; makes no encoder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import click
import torch
from click.core import ParameterSource

from ..features import ACTIVATIONS, BN_STATS, DTYPES, LEARNINGS, POOLS, DictionaryConfig, FieldConfig
from ..images import ImageSet
from ..runtime import ALONE, Ranks, UserError
from .options import Count

RUN_FEATURES, FREE_FEATURES = ("dcgan", "random"), ("pixels", "whitened", "pca", "kmeans", "kmeans3")
FEATURES = RUN_FEATURES + FREE_FEATURES
"""Those of a run, and those that need none."""
TAKERS: dict[str, tuple[str, ...]] = {
    "layers": ("dcgan", "random", "kmeans3"),
    "grid": ("dcgan", "random", "kmeans", "kmeans3"),
    "pool": ("dcgan", "random"),
    "bn_stats": ("dcgan",),
    "network_seed": ("random",),
    "components": ("pca", "whitened"),
    "learn_from": ("pca", "whitened", "kmeans", "kmeans3"),
    **dict.fromkeys(("stride", "activation"), ("kmeans",)),
    **dict.fromkeys(("centroids", "patch", "patches", "iterations", "learning", "whiten"), ("kmeans", "kmeans3")),
    **dict.fromkeys((each.name for each in fields(FieldConfig)), ("kmeans3",)),
}
"""Options, and the features that they are about."""
DISCRIMINATOR_GRID, KMEANS_GRID, PCA_COMPONENTS = 4, 2, 256


@dataclass(frozen=True)
class EncoderOptions:
    """What the user chose about features."""

    device: torch.device
    training_images: Callable[[], ImageSet]
    """Gives the GAN's own training images, if its batch-norm statistics are not in the run yet."""
    layers: tuple[str, ...] | None = None
    grid: int | None = None
    """None: what is usual for the features."""
    pool: str = "max"
    bn_stats: str = "real"
    network_seed: int | None = None
    """Of untrained networks; None: the run's."""
    dtype: str = "float32"
    ranks: Ranks = ALONE
    quiet: bool = False
    dictionary: DictionaryConfig = field(default_factory=DictionaryConfig)
    fields: FieldConfig = field(default_factory=FieldConfig)
    stride: int = 1
    activation: Literal["triangle", "hard"] = "triangle"
    components: int | None = None
    """None: what is usual for the features."""
    learn_from: Callable[[], ImageSet] | None = None
    """Gives the images that teach centroids or axes, where those are not the probed set's own."""


class LayerNames(click.ParamType):
    """``all`` (None), or names and numbers separated by commas."""

    name = "layers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...] | None:
        """Turn text into a tuple or None."""
        if not isinstance(value, str):
            return value
        return None if value.strip() == "all" else tuple(part.strip() for part in value.split(",") if part.strip())


def encoder_options(verb: Any) -> Any:
    """Add the options that decide the numbers in a feature file, ``layers`` to ``dtype`` of ``EncoderOptions``."""
    for option in (
        click.option("--dtype", type=click.Choice(DTYPES), default="float32", show_default=True, help="On disk."),
        click.option(
            "--bn-stats",
            type=click.Choice(BN_STATS),
            default="real",
            show_default=True,
            help="Batch norm from the GAN's real training images (the authors), or from its running averages.",
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
        *_learning_options(),
    ):
        verb = option(verb)
    return verb


def _learning_options() -> list[Any]:
    """Make the options of features that are learnt from images; those of k-means have the recipe's defaults."""
    defaults = DictionaryConfig()
    return [
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


def encoder_choices(chosen: dict[str, Any], load: Callable[[str, str], ImageSet], seed: int = 0) -> dict[str, Any]:
    """Turn what ``encoder_options`` parsed into the fields of ``EncoderOptions``."""

    def taken(config: type) -> dict[str, Any]:
        return {each.name: chosen.pop(each.name) for each in fields(config) if each.name in chosen}

    dictionary, field_config = DictionaryConfig(**taken(DictionaryConfig), seed=seed), FieldConfig(**taken(FieldConfig))
    source = chosen.pop("learn_from")

    def learn_from() -> ImageSet:
        try:
            return load(source, "train")
        except UserError as error:
            raise UserError(str(error), option="learn-from") from error

    teaching = None if source is None else learn_from
    return {**chosen, "dictionary": dictionary, "fields": field_config, "learn_from": teaching}
