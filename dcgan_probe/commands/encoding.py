"""Takes ``EncoderOptions``, gives encoders and cached features with progress; shared by several verbs."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from ..features import (
    REAL_RULES,
    Cells,
    DeepKMeansEncoder,
    DiscriminatorEncoder,
    Encoder,
    FeatureSet,
    KMeansEncoder,
    MapShare,
    PatchGrid,
    PixelEncoder,
    PrincipalConfig,
    PrincipalEncoder,
    cached_features,
    deep_columns,
    kept_axes,
    kept_deep_kmeans,
    kept_dictionary,
    layer_columns,
    require_positions,
    run_encoder,
)
from ..gan import Run
from ..images import ImageSet
from ..runtime import UserError
from .encoder_choices import EncoderOptions
from .feature_options import DISCRIMINATOR_GRID, FREE_FEATURES, KMEANS_GRID, PCA_COMPONENTS
from .progress import Progress, say
from .signals import StopSignals


def make_encoder(features: str, run: Run, options: EncoderOptions) -> DiscriminatorEncoder:
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
            bn_stats=REAL_RULES[0] if features == "random" and options.bn_stats == "running" else options.bn_stats,
            network_seed=options.network_seed,
            ranks=options.ranks,
            on_progress=progress.update,
        )


def make_kmeans_encoder(teaching: ImageSet, folder: Path, options: EncoderOptions) -> Encoder:
    """Make the encoder of k-means features, learning its dictionary first where that is not in the folder."""
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


def make_deep_kmeans_encoder(teaching: ImageSet, folder: Path, options: EncoderOptions) -> Encoder:
    """Make the encoder of three-layer k-means, learning first the layers that are not in the folder."""
    grid = options.grid or KMEANS_GRID
    require_positions(teaching, options.dictionary.patch, grid)
    with ExitStack() as stages:
        shown: dict[str, Progress] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in shown:
                stages.close()
                bar = Progress(f"{what} of k-means on {teaching.name}", total, "done", quiet=options.quiet)
                shown[what] = stages.enter_context(bar)
            shown[what].update(done)

        deep = kept_deep_kmeans(teaching, options.dictionary, options.fields, folder, options.device, tell)
    return DeepKMeansEncoder(deep, teaching, layers=options.layers, grid=grid, device=options.device)


def features_of(
    features: str,
    images: ImageSet,
    training: Callable[[], ImageSet],
    run: Run | None,
    runs: Path,
    options: EncoderOptions,
) -> tuple[FeatureSet, bool]:
    """Give the cached features of one image set, extracting what is missing, and whether they were there already.

    ``training`` gives the training split of the same set. ``run`` is not needed for ``FREE_FEATURES``, whose cache lies
    in ``runs/features``.
    """
    folder = runs / "features" if run is None or features in FREE_FEATURES else run.folder / "features"
    if features == "pixels":
        encoder: Encoder = PixelEncoder(images.channels, images.height, images.width)
    elif features in FREE_FEATURES:
        teaching, learnt = (options.learn_from or training)(), options.ranks.after_first
        if features == "kmeans":
            encoder = learnt(lambda: make_kmeans_encoder(teaching, folder, options))
        elif features == "kmeans3":
            encoder = learnt(lambda: make_deep_kmeans_encoder(teaching, folder, options))
        else:
            config = principal_config(features, options)
            axes = learnt(lambda: kept_axes(teaching, folder))
            encoder = PrincipalEncoder(axes, config, teaching, options.device)
    elif run is not None:
        encoder = make_encoder(features, run, options)
    else:
        raise UserError(f"{features} features need a run; train first, or give --run", option="run")
    if features != "pixels":
        StopSignals.keep()  # statistics, centroids or axes
    encoded = images if images.part_of is None else images.part_of.whole
    title = f"{features} features of {encoded.name} {encoded.split}"
    with Progress(title, len(encoded), "images", quiet=options.quiet, kept=True) as progress:

        def resume(rows: int) -> None:
            say([f"{title}: resuming at {rows:,} of {len(encoded):,} images"], quiet=options.quiet)
            progress.begin(rows)

        return cached_features(
            encoder,
            images,
            folder,
            dtype=options.dtype,
            ranks=options.ranks,
            on_progress=progress.update,
            on_resume=resume,
        )


def principal_config(features: str, options: EncoderOptions) -> PrincipalConfig:
    """Give the settings of ``pca`` or ``whitened`` features."""
    if features == "pca":
        return PrincipalConfig("pca", options.components or PCA_COMPONENTS)
    return PrincipalConfig("whitened", options.components)


def columns_of(
    features: str, images: ImageSet, run: Run | None, options: EncoderOptions, share: MapShare | None = None
) -> int:
    """Count the columns of these features, or of a share of a run's maps, without extracting them.

    Raises
    ------
    UserError
        If the images have no such grid, layers or components.
    """
    dictionary, grid = options.dictionary, options.grid or KMEANS_GRID
    pixels = images.channels * images.height * images.width
    if features == "kmeans":
        patches = PatchGrid(dictionary.patch, options.stride)
        cells = Cells.of(patches.positions(images.height), patches.positions(images.width), grid)
        return dictionary.centroids * len(cells.bounds)
    if features == "kmeans3":
        require_positions(images, dictionary.patch, grid)
        maps = (dictionary.centroids, options.fields.maps, options.fields.maps)
        return max(stop for _, stop in deep_columns(maps, options.layers, grid).values())
    if features in ("pca", "whitened"):
        return principal_config(features, options).columns(pixels)
    if features in FREE_FEATURES or run is None:
        return pixels
    grid = options.grid or DISCRIMINATOR_GRID
    widths = layer_columns(run.config.network, options.layers, grid)
    if share is None:
        return sum(widths.values())
    return sum(len(share.columns(name, width, grid**2)) for name, width in widths.items())
