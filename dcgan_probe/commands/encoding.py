"""Takes the options that choose features, gives encoders and cached features with progress; shared by several verbs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import torch

from ..features import (
    BN_STATS,
    DTYPES,
    POOLS,
    Encoder,
    FeatureSet,
    PixelEncoder,
    cached_features,
    count_columns,
    run_encoder,
)
from ..gan import Run
from ..images import ImageSet
from .progress import Progress

FEATURES = ("dcgan", "random", "pixels")


@dataclass(frozen=True)
class EncoderOptions:
    """What the user chose about features."""

    device: torch.device
    training_images: Callable[[], ImageSet]
    """Gives the GAN's own training images, if its batch-norm statistics are not in the run yet."""
    layers: tuple[str, ...] | None = None
    grid: int = 4
    pool: str = "max"
    bn_stats: str = "real"
    dtype: str = "float32"
    quiet: bool = False


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
        click.option("--grid", type=click.IntRange(min=1), default=4, show_default=True, help="Windows along a side."),
        click.option(
            "--layers",
            type=LayerNames(),
            default="all",
            show_default=True,
            help="all, or names or numbers such as conv2,conv3 or 2,3.",
        ),
    ):
        verb = option(verb)
    return verb


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
            grid=options.grid,
            pool=options.pool,
            bn_stats="real" if features == "random" else options.bn_stats,
            on_progress=progress.update,
        )


def features_of(
    features: str, images: ImageSet, run: Run | None, runs: Path, options: EncoderOptions
) -> tuple[FeatureSet, bool]:
    """Give the cached features of one image set, extracting what is missing, and whether they were there already.

    ``run`` is not needed for pixels, whose cache lies in ``runs/features``.
    """
    if features == "pixels" or run is None:
        encoder: Encoder = PixelEncoder(images.channels, images.height, images.width)
        folder = runs / "features"
    else:
        encoder, folder = make_encoder(features, run, options), run.folder / "features"
    title = f"{features} features of {images.name} {images.split}"
    with Progress(title, len(images), "images", quiet=options.quiet) as progress:
        return cached_features(encoder, images, folder, dtype=options.dtype, on_progress=progress.update)


def columns_of(features: str, images: ImageSet, run: Run | None, options: EncoderOptions) -> int:
    """Give how many columns these features have, without extracting them."""
    if features == "pixels" or run is None:
        return images.channels * images.height * images.width
    return count_columns(run.config.network, options.layers, options.grid)
