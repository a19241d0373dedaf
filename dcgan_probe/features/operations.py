"""Takes the shapes of encoders, gives the operations that they cost; knows no clock.

A multiplication and the addition after it count as two. Only products are counted, where the time goes.
"""

from ..networks import NetworkConfig
from .deep_kmeans import BLOCKS
from .patches import PatchGrid
from .settings import WINDOW, DictionaryConfig, FieldConfig


def discriminator_operations(config: NetworkConfig) -> float:
    """Count those of one image through all convolutions of a discriminator."""
    total, maps, side = 0.0, config.nc, config.image_size
    for multiplier, stride in zip(config.multipliers, config.strides, strict=True):
        after = side // stride
        positions = side**2 if config.resampling == "max-pool" else after**2
        total += 2.0 * config.kernel**2 * maps * config.ndf * multiplier * positions
        side, maps = after, config.ndf * multiplier
    return total


def kmeans_operations(config: DictionaryConfig, channels: int, side: int, stride: int = 1) -> tuple[float, float]:
    """Count those of learning a dictionary, and of encoding one square image."""
    width = channels * config.patch**2
    iterations = config.iterations if config.learning == "kmeans" else 0
    positions = PatchGrid(config.patch, stride).positions(side) ** 2
    return (
        2.0 * iterations * config.patches * config.centroids * width,
        2.0 * positions * width * (width + config.centroids),
    )


def deep_kmeans_operations(
    config: DictionaryConfig, fields: FieldConfig, channels: int, side: int
) -> tuple[float, float]:
    """Count those of learning three layers, and of encoding one square image."""
    learning, encoding = kmeans_operations(config, channels, side)
    width = WINDOW**2 * fields.field_maps
    whitening = 2.0 * fields.fields * width * fields.field_components
    coding = 2.0 * fields.fields * fields.field_components * fields.field_centroids
    positions = PatchGrid(config.patch).positions(side) // BLOCKS[0]
    for block in BLOCKS[1:]:
        # A covariance of each field's windows, and Lloyd's iterations on what is kept of them.
        learning += fields.field_windows * (2.0 * fields.fields * width**2 + config.iterations * coding)
        encoding += positions**2 * whitening + (positions - WINDOW + 1) ** 2 * coding
        positions = (positions - WINDOW + 1) // block
    return learning, encoding
