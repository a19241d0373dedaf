"""Encoders, column counts and costs of the built-in sources of features."""

from typing import Any

from ..images import ImageSet
from ..networks import NetworkConfig
from ..runtime import Step, UserError
from .encoders import DiscriminatorEncoder, PixelEncoder, count_columns
from .feature_source import SourceContext, SourceCost
from .kmeans.deep_dictionary import kept_deep_kmeans, require_positions
from .kmeans.deep_encoder import LAYERS, DeepKMeansEncoder, deep_columns
from .kmeans.dictionaries import kept_dictionary
from .kmeans.encoder import Cells, KMeansEncoder
from .kmeans.patches import PatchGrid
from .layer_names import choose_layers
from .operations import deep_kmeans_operations, discriminator_operations, kmeans_operations
from .pca import PrincipalConfig, PrincipalEncoder, kept_axes
from .run_encoders import run_encoder
from .settings import REAL_RULES
from .source_options import (
    ComponentsOptions,
    DeepKMeansOptions,
    DiscriminatorOptions,
    KMeansOptions,
    PatchOptions,
    PixelOptions,
    UntrainedOptions,
    WhitenedOptions,
)

RunOptions = DiscriminatorOptions | UntrainedOptions
CONVOLUTION_SHARE, KMEANS_SHARE = 0.2, 0.5
"""Estimated shares of a large matrix product's rate that encoding reaches on a CPU."""


def make_trained(options: DiscriminatorOptions, context: SourceContext) -> DiscriminatorEncoder:
    """Make the encoder of a run's discriminator; compute its batch-norm statistics if the run has none."""
    return _of_run("dcgan", options, context)


def make_untrained(options: UntrainedOptions, context: SourceContext) -> DiscriminatorEncoder:
    """Make the encoder of a run's discriminator before training."""
    return _of_run("random", options, context, options.network_seed)


def _of_run(
    features: str,
    options: RunOptions,
    context: SourceContext,
    network_seed: int | None = None,
) -> DiscriminatorEncoder:
    run = context.run
    assert run is not None  # checked for a source that needs one
    total = run.trained_on.images
    title = f"batch-norm statistics of {features}"
    return run_encoder(
        run,
        features,
        training_images=lambda: context.load(run.config.dataset, "train"),
        device=context.device,
        layers=options.layers,
        grid=options.grid,
        pool=options.pool,
        bn_stats=options.bn_stats,
        network_seed=network_seed,
        ranks=context.ranks,
        on_progress=lambda done: context.on_step(Step(title, done, total, "images")),
    )


def discriminator_columns(options: RunOptions, images: ImageSet, network: NetworkConfig) -> int:
    """Count the features of the chosen layers."""
    return count_columns(network, options.layers, options.grid)


def discriminator_recorded(options: RunOptions) -> dict[str, Any]:
    """Return the recorded options except layers and seed, which depend on the run.

    Both orders of the batches match the authors' rule of batch norm.
    """
    rules = REAL_RULES if options.bn_stats in REAL_RULES else (options.bn_stats,)
    return {"grid": options.grid, "pool": options.pool, "batch_norm": rules}


def discriminator_cost(options: RunOptions, images: ImageSet, network: NetworkConfig) -> SourceCost:
    """Count the operations of all convolutions."""
    return SourceCost(discriminator_operations(network) / CONVOLUTION_SHARE)


def make_pixels(options: PixelOptions, context: SourceContext) -> PixelEncoder:
    """Make the encoder of raw pixels."""
    return PixelEncoder(context.images.channels, context.images.height, context.images.width)


def pixel_columns(options: PixelOptions, images: ImageSet) -> int:
    """Count the numbers of an image."""
    return images.channels * images.height * images.width


def make_components(options: ComponentsOptions, context: SourceContext) -> PrincipalEncoder:
    """Make the encoder of principal components."""
    return _principal(PrincipalConfig("pca", options.components), options.learn_from, context)


def make_whitened(options: WhitenedOptions, context: SourceContext) -> PrincipalEncoder:
    """Make the encoder of whitened pixels."""
    return _principal(PrincipalConfig("whitened", options.components), options.learn_from, context)


def _principal(config: PrincipalConfig, learn_from: str | None, context: SourceContext) -> PrincipalEncoder:
    images = _learning_images(learn_from, context)
    axes = context.ranks.after_first(lambda: kept_axes(images, context.folder))
    return PrincipalEncoder(axes, config, images, context.device)


def component_columns(options: ComponentsOptions | WhitenedOptions, images: ImageSet) -> int:
    """Count the kept axes."""
    return PrincipalConfig("pca", options.components).columns(images.channels * images.height * images.width)


def component_cost(options: ComponentsOptions | WhitenedOptions, images: ImageSet) -> SourceCost:
    """Count the operations of the projections; the covariance needs about as many."""
    width = images.channels * images.height * images.width
    return SourceCost(2.0 * width * (width + component_columns(options, images)) / KMEANS_SHARE / 2.0)


def components_recorded(options: ComponentsOptions | WhitenedOptions) -> dict[str, Any]:
    """Return the recorded name of the axes."""
    return {"network": "" if options.components is None else f"{options.components} components"}


def make_kmeans(options: KMeansOptions, context: SourceContext) -> KMeansEncoder:
    """Make the encoder of k-means features; learn its dictionary first if the folder has none."""
    images, config = _learning_images(options.learn_from, context), options.dictionary(context.seed)
    title = f"{config.centroids:,} centroids of {images.name}"

    def learned(number: int, inertia: float) -> None:
        context.on_step(Step(title, number, config.iterations, "iterations", f"inertia {inertia:.4g}"))

    dictionary = context.ranks.after_first(
        lambda: kept_dictionary(images, config, context.folder, context.device, learned)
    )
    return KMeansEncoder(
        dictionary,
        images,
        stride=options.stride,
        activation=options.activation,
        grid=options.grid,
        device=context.device,
    )


def kmeans_columns(options: KMeansOptions, images: ImageSet) -> int:
    """Count the features: one per centroid and cell."""
    patches = PatchGrid(options.patch, options.stride)
    cells = Cells.of(patches.positions(images.height), patches.positions(images.width), options.grid)
    return options.centroids * len(cells.bounds)


def kmeans_recorded(options: KMeansOptions) -> dict[str, Any]:
    """Return the recorded options."""
    code = {"stride": options.stride, "activation": options.activation}
    return {"network": f"{options.centroids}", **_dictionary_recorded(options), **code}


def kmeans_cost(options: KMeansOptions, images: ImageSet) -> SourceCost:
    """Count the operations of learning and encoding, and the memory of learning."""
    config = options.dictionary(0)
    learning, encoding = kmeans_operations(config, images.channels, images.height)
    return SourceCost(encoding / KMEANS_SHARE, learning / KMEANS_SHARE, config.learning_bytes(images.channels))


def make_deep_kmeans(options: DeepKMeansOptions, context: SourceContext) -> DeepKMeansEncoder:
    """Make the encoder of three-layer k-means; learn first the layers that the folder lacks."""
    images = _learning_images(options.learn_from, context)
    config, fields = options.dictionary(context.seed), options.field_config()
    require_positions(images, config.patch, options.grid)

    def learned(what: str, done: int, total: int) -> None:
        context.on_step(Step(f"{what} of k-means on {images.name}", done, total, "done"))

    deep = context.ranks.after_first(
        lambda: kept_deep_kmeans(images, config, fields, context.folder, context.device, learned)
    )
    return DeepKMeansEncoder(deep, images, layers=options.layers, grid=options.grid, device=context.device)


def deep_kmeans_columns(options: DeepKMeansOptions, images: ImageSet) -> int:
    """Count the features: one per map of a chosen layer and cell."""
    require_positions(images, options.patch, options.grid)
    maps = (options.centroids, *[options.field_config().maps] * 2)
    return max(stop for _, stop in deep_columns(maps, options.layers, options.grid).values())


def deep_kmeans_recorded(options: DeepKMeansOptions) -> dict[str, Any]:
    """Return the recorded options."""
    fields = options.field_config()
    layers = {} if options.layers is None else {"layers": choose_layers(options.layers, LAYERS)}
    network = f"{options.centroids}-{fields.maps}-{fields.maps}"
    return {"network": network, **_dictionary_recorded(options), **fields.recipe, **layers}


def deep_kmeans_cost(options: DeepKMeansOptions, images: ImageSet) -> SourceCost:
    """Count the operations of learning and encoding, and the memory of learning."""
    config, fields = options.dictionary(0), options.field_config()
    learning, encoding = deep_kmeans_operations(config, fields, images.channels, images.height)
    memory = max(config.learning_bytes(images.channels), *map(fields.learning_bytes, (config.centroids, fields.maps)))
    return SourceCost(encoding / KMEANS_SHARE, learning / KMEANS_SHARE, memory)


def _learning_images(learn_from: str | None, context: SourceContext) -> ImageSet:
    """Return the images to learn the features from."""
    if learn_from is None:
        return context.training()
    try:
        return context.load(learn_from, "train")
    except UserError as error:
        raise UserError(str(error), parameter="learn_from") from error


def _dictionary_recorded(options: PatchOptions) -> dict[str, Any]:
    """Return the recorded options of a dictionary of patches."""
    config = options.dictionary(0)
    names = ("learning", "whiten", "patch", "grid")
    return {**config.recipe, **{name: getattr(options, name) for name in names}}
