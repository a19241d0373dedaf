"""Takes the options that choose features, gives encoders and cached features with progress; shared by several verbs."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import click
import torch

from ..features import (
    ACTIVATIONS,
    BN_STATS,
    DTYPES,
    LEARNINGS,
    POOLS,
    DictionaryConfig,
    Encoder,
    FeatureSet,
    KMeansEncoder,
    PixelEncoder,
    cached_features,
    count_columns,
    kept_dictionary,
    run_encoder,
)
from ..gan import Run
from ..images import ImageSet
from ..runtime import UserError
from .options import Count
from .progress import Progress

RUN_FEATURES, FREE_FEATURES = ("dcgan", "random"), ("pixels", "kmeans")
FEATURES = RUN_FEATURES + FREE_FEATURES
"""Those of a run, and those that need none."""
DISCRIMINATOR_GRID, KMEANS_GRID = 4, 2


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
    dtype: str = "float32"
    quiet: bool = False
    dictionary: DictionaryConfig = field(default_factory=DictionaryConfig)
    stride: int = 1
    activation: Literal["triangle", "hard"] = "triangle"
    centroids_from: Callable[[], ImageSet] | None = None
    """Gives the images that teach the centroids, where those are not the probed set's own."""


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
        click.option("--pool", type=click.Choice(list(POOLS)), default="max", show_default=True, help="Pooling."),
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
        *_kmeans_options(),
    ):
        verb = option(verb)
    return verb


def _kmeans_options() -> list[Any]:
    """Make the options of k-means features; their defaults are the recipe's."""
    defaults = DictionaryConfig()
    return [
        click.option(
            "--centroids-from", metavar="DATASET", help="kmeans: images that teach it.  [default: those probed]"
        ),
        click.option("--whiten/--no-whiten", default=True, show_default=True, help="kmeans: whiten the patches."),
        click.option(
            "--learning",
            type=click.Choice(LEARNINGS),
            default=defaults.learning,
            show_default=True,
            help="kmeans: how centroids are found; patches takes random ones.",
        ),
        click.option(
            "--activation", type=click.Choice(ACTIVATIONS), default="triangle", show_default=True, help="kmeans: code."
        ),
        click.option(
            "--iterations",
            type=click.IntRange(min=1),
            default=defaults.iterations,
            show_default=True,
            help="kmeans: Lloyd's iterations.",
        ),
        click.option(
            "--patches",
            type=Count(),
            default=str(defaults.patches),
            show_default=True,
            help="kmeans: random patches to learn from.",
        ),
        click.option(
            "--stride", type=click.IntRange(min=1), default=1, show_default=True, help="kmeans: pixels between patches."
        ),
        click.option(
            "--patch",
            type=click.IntRange(min=1),
            default=defaults.patch,
            show_default=True,
            help="kmeans: side of a patch.",
        ),
        click.option(
            "--centroids",
            type=click.IntRange(min=1),
            default=defaults.centroids,
            show_default=True,
            help="kmeans: number of centroids.",
        ),
    ]


def encoder_choices(chosen: dict[str, Any], load: Callable[[str, str], ImageSet], seed: int = 0) -> dict[str, Any]:
    """Turn what ``encoder_options`` parsed into the fields of ``EncoderOptions``."""
    names = [each.name for each in fields(DictionaryConfig) if each.name in chosen]
    dictionary = DictionaryConfig(**{name: chosen.pop(name) for name in names}, seed=seed)
    source = chosen.pop("centroids_from")
    centroids_from = None if source is None else lambda: load(source, "train")
    return {**chosen, "dictionary": dictionary, "centroids_from": centroids_from}


def make_encoder(features: str, run: Run, options: EncoderOptions) -> Encoder:
    """Make the encoder of a run's features, showing progress where batch-norm statistics must be computed."""
    with Progress(f"batch-norm statistics of {features}", 0, "images", quiet=options.quiet) as progress:

        def images() -> ImageSet:
            training = options.training_images()
            progress.total = len(training)
            return training

        return run_encoder(
            run,
            features,
            training_images=images,
            device=options.device,
            layers=options.layers,
            grid=options.grid or DISCRIMINATOR_GRID,
            pool=options.pool,
            bn_stats="real" if features == "random" else options.bn_stats,
            on_progress=progress.update,
        )


def make_kmeans_encoder(training: ImageSet, folder: Path, options: EncoderOptions) -> Encoder:
    """Make the encoder of k-means features, learning its dictionary first where that is not in the folder."""
    teaching = options.centroids_from() if options.centroids_from else training
    config = options.dictionary
    title = f"{config.centroids:,} centroids of {teaching.name}"
    with Progress(title, config.iterations, "iterations", quiet=options.quiet) as progress:
        dictionary = kept_dictionary(
            teaching,
            config,
            folder,
            options.device,
            lambda number, inertia: progress.update(number, f"inertia {inertia:.4g}"),
        )
    return KMeansEncoder(
        dictionary,
        teaching,
        stride=options.stride,
        activation=options.activation,
        grid=options.grid or KMEANS_GRID,
        device=options.device,
    )


def features_of(
    features: str,
    images: ImageSet,
    training: Callable[[], ImageSet],
    run: Run | None,
    runs: Path,
    options: EncoderOptions,
) -> tuple[FeatureSet, bool]:
    """Give the cached features of one image set, extracting what is missing, and whether they were there already.

    ``training`` gives the training split of the same set. ``run`` is not needed for pixels and k-means, whose cache
    lies in ``runs/features``.
    """
    folder = runs / "features" if run is None or features in FREE_FEATURES else run.folder / "features"
    if features == "pixels":
        encoder: Encoder = PixelEncoder(images.channels, images.height, images.width)
    elif features == "kmeans":
        encoder = make_kmeans_encoder(training(), folder, options)
    elif run is not None:
        encoder = make_encoder(features, run, options)
    else:
        raise UserError(f"{features} features need a run; train first, or give --run", option="run")
    title = f"{features} features of {images.name} {images.split}"
    with Progress(title, len(images), "images", quiet=options.quiet) as progress:
        return cached_features(encoder, images, folder, dtype=options.dtype, on_progress=progress.update)


def columns_of(features: str, images: ImageSet, run: Run | None, options: EncoderOptions) -> int:
    """Give how many columns these features have, without extracting them."""
    if features == "kmeans":
        return options.dictionary.centroids * (options.grid or KMEANS_GRID) ** 2
    if features == "pixels" or run is None:
        return images.channels * images.height * images.width
    return count_columns(run.config.network, options.layers, options.grid or DISCRIMINATOR_GRID)
