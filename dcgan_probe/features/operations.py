"""Operation counts of encoders: a multiplication with the following addition counts as two, all else as zero.

k-means has formulas, since counting its products in torch would require learned centroids.
"""

from dataclasses import replace
from functools import cache

import torch

from ..networks import NetworkConfig, convolution_layers
from .kmeans.deep_dictionary import BLOCKS
from .kmeans.patches import PatchGrid
from .settings import WINDOW, DictionaryConfig, FieldConfig


@cache
def discriminator_operations(config: NetworkConfig) -> float:
    """Count the operations of all convolutions of a discriminator on one image."""
    from torch.utils.flop_counter import FlopCounterMode  # deferred, since its import is slow

    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        maps = torch.empty(1, config.nc, config.image_size, config.image_size)
        for layer in convolution_layers(replace(config, classes=0)).eval().values():
            maps = layer(maps)
    return float(counter.get_total_flops())


def kmeans_operations(config: DictionaryConfig, channels: int, side: int, stride: int = 1) -> tuple[float, float]:
    """Count the operations of learning a dictionary, and of encoding one square image."""
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
    """Count the operations of learning three layers, and of encoding one square image."""
    learning, encoding = kmeans_operations(config, channels, side)
    width = WINDOW**2 * fields.field_maps
    whitening = 2.0 * fields.fields * width * fields.field_components
    coding = 2.0 * fields.fields * fields.field_components * fields.field_centroids
    positions = PatchGrid(config.patch).positions(side) // BLOCKS[0]
    for block in BLOCKS[1:]:
        # The covariance of each field's windows, and Lloyd's iterations on their leading components.
        learning += fields.field_windows * (2.0 * fields.fields * width**2 + config.iterations * coding)
        encoding += positions**2 * whitening + (positions - WINDOW + 1) ** 2 * coding
        positions = (positions - WINDOW + 1) // block
    return learning, encoding
