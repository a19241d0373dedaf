"""Options of the built-in sources of features."""

from dataclasses import dataclass

from ..runtime import Config, option
from .settings import (
    REAL_RULES,
    Activation,
    BatchNormRule,
    DictionaryConfig,
    FieldConfig,
    Learning,
    Pool,
    RealRule,
    Start,
)

DICTIONARY, FIELDS = DictionaryConfig(), FieldConfig()
LAYERS_HELP = "Layers: all, or names or numbers such as conv2,conv3 or 2,3."
GRID_HELP = "Pooling windows along a side of each map."
LEARN_FROM_HELP = "Training images to learn the features from: a name, a folder or an .h5 file."
PROBED_SET = "the probed set's"


@dataclass(frozen=True)
class DiscriminatorOptions(Config):
    """Options of the features of a run's discriminator."""

    layers: tuple[str, ...] | None = option(None, LAYERS_HELP, kind="names", usual="all")
    grid: int = option(4, GRID_HELP, min=1)
    pool: Pool = option("max", "Pooling of a window: maximum or mean activation.")
    bn_stats: BatchNormRule = option(
        REAL_RULES[0],
        "Batch-norm statistics: over the GAN's training images in random or in stored order (the authors), or running "
        "averages of training.",
    )


@dataclass(frozen=True)
class UntrainedOptions(Config):
    """Options of the features of a run's discriminator before training; it has no running averages."""

    layers: tuple[str, ...] | None = option(None, LAYERS_HELP, kind="names", usual="all")
    grid: int = option(4, GRID_HELP, min=1)
    pool: Pool = option("max", "Pooling of a window: maximum or mean activation.")
    bn_stats: RealRule = option(REAL_RULES[0], "As for dcgan, without the running averages.")
    network_seed: int | None = option(None, "Seed of the untrained weights.", min=0, usual="the run's")


@dataclass(frozen=True)
class PixelOptions(Config):
    """Options of raw pixels, of which there are none."""


@dataclass(frozen=True)
class ComponentsOptions(Config):
    """Options of principal components of pixels."""

    components: int | None = option(256, "Number of principal axes to keep.", min=1)
    learn_from: str | None = option(None, LEARN_FROM_HELP, metavar="DATASET", usual=PROBED_SET)


@dataclass(frozen=True)
class WhitenedOptions(Config):
    """Options of whitened pixels."""

    components: int | None = option(None, "Number of principal axes to keep.", min=1, usual="all")
    learn_from: str | None = option(None, LEARN_FROM_HELP, metavar="DATASET", usual=PROBED_SET)


@dataclass(frozen=True)
class PatchOptions(Config):
    """Options of a dictionary of patches."""

    centroids: int = option(DICTIONARY.centroids, "Number of centroids.", min=1)
    patch: int = option(DICTIONARY.patch, "Side of a patch in pixels.", min=1)
    patches: int = option(DICTIONARY.patches, "Random patches to learn from.", min=1, kind="count")
    iterations: int = option(DICTIONARY.iterations, "Lloyd's iterations.", min=1)
    learning: Learning = option(DICTIONARY.learning, "Method that finds the centroids; patches: random patches.")
    start: Start = option(DICTIONARY.start, "First centroids; points: random patches.")
    whiten: bool = option(DICTIONARY.whiten, "Whiten the patches.")
    kmeans_seed: int | None = option(None, "Seed of patches and first centroids.", min=0, usual="--seed")
    grid: int = option(2, GRID_HELP, min=1)
    learn_from: str | None = option(None, LEARN_FROM_HELP, metavar="DATASET", usual=PROBED_SET)

    def check(self) -> None:
        """Check that there are at least as many patches as centroids."""
        self.dictionary(0)

    def dictionary(self, seed: int) -> DictionaryConfig:
        """Return the settings of the dictionary, with ``seed`` if the options have none."""
        return DictionaryConfig(
            self.centroids,
            self.patch,
            self.patches,
            self.iterations,
            self.learning,
            self.start,
            self.whiten,
            seed if self.kmeans_seed is None else self.kmeans_seed,
        )


@dataclass(frozen=True)
class KMeansOptions(PatchOptions):
    """Options of one-layer k-means."""

    stride: int = option(1, "Pixels between neighboring patches.", min=1)
    activation: Activation = option("triangle", "Encoding of a patch.")


@dataclass(frozen=True)
class DeepKMeansOptions(PatchOptions):
    """Options of three-layer k-means; the defaults are the published sizes."""

    fields: int = option(FIELDS.fields, "Groups of maps, in layers 2 and 3.", min=1, kind="count")
    field_maps: int = option(FIELDS.field_maps, "Maps of a group.", min=1, kind="count")
    field_centroids: int = option(FIELDS.field_centroids, "Centroids of a group.", min=1, kind="count")
    field_components: int = option(
        FIELDS.field_components, "Principal axes kept for a group's windows.", min=1, kind="count"
    )
    field_windows: int = option(FIELDS.field_windows, "Random windows to learn from.", min=1, kind="count")
    layers: tuple[str, ...] | None = option(None, LAYERS_HELP, kind="names", usual="all")

    def check(self) -> None:
        """Check the settings of patches and of fields."""
        super().check()
        self.field_config()

    def field_config(self) -> FieldConfig:
        """Return the settings of the layers above the first."""
        return FieldConfig(
            self.fields, self.field_maps, self.field_centroids, self.field_components, self.field_windows
        )
