"""Estimates of the time, memory and disk of trainings and table rows."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from ..evaluation import PlannedEvaluation, PlannedSupervised, product_rate
from ..features import discriminator_operations, source_named
from ..gan import PresetName, TrainConfig, preset_config, rehearse
from ..images import ImageSet
from ..networks import Discriminator, Generator, NetworkConfig
from ..runtime import memory_in_use

STATISTICS_PASSES = 1.15
"""Time of batch-norm statistics, in forward passes of the discriminator (benchmarks/bench_extraction.py)."""
CHECKPOINT_NUMBERS = 3
"""Number of float32 values in a checkpoint per parameter: its value and Adam's two moments."""
GRIDS, GRID_IMAGES = 11, 64
"""Largest number of sample grids of a run, and images in each; pictures of noise do not compress."""
REHEARSED: dict[str, PresetName] = {"cpu": "cpu32", "cuda": "imagenet32"}
"""Presets that measure a device's rate of training, for presets with other numbers of operations."""
CARRIED_BYTES = 2
"""Bytes per parameter in an exported run."""


@dataclass(frozen=True)
class Cost:
    """Time, memory and disk needed by one training or one row."""

    seconds: float
    memory_bytes: int
    disk_bytes: int = 0
    """Size of the cached features or the run folder."""


def evaluation_cost(planned: PlannedEvaluation | PlannedSupervised, rate: float, *, with_features: bool = True) -> Cost:
    """Estimate the cost of a row.

    Parameters
    ----------
    rate
        Operations per second of a large matrix product.
    with_features
        Include the extraction of features; False if they are in the cache.
    """
    estimate = planned.estimate()
    if isinstance(planned, PlannedSupervised) or not with_features:
        return Cost(estimate.seconds, estimate.memory_bytes)
    config, images = planned.config, len(planned.train) + len(planned.test)
    features = config.source.estimated_cost(config.options, planned.train, planned.network)
    return Cost(
        estimate.seconds + (features.learning + images * features.encoding) / rate,
        max(estimate.memory_bytes, memory_in_use() + features.memory_bytes),
        # Pixels are read from the image files.
        0 if config.features == "pixels" else images * planned.columns * np.dtype(config.dtype).itemsize,
    )


def training_cost(config: TrainConfig, images: ImageSet, device: torch.device, seen: int = 0) -> Cost:
    """Estimate the remaining cost of a training after ``seen`` images, from a few steps on noise."""
    size = images.channels * images.height * images.width
    plan = rehearse(config, device, len(images) * size)
    disk = CHECKPOINT_NUMBERS * 4 * plan.parameters + GRIDS * GRID_IMAGES * size
    return Cost(plan.seconds * (1 - seen / config.images), plan.memory_bytes, disk)


def import_cost(network: NetworkConfig, images: ImageSet) -> Cost:
    """Estimate the cost of an import of released weights: batch-norm statistics over all images."""
    seconds = STATISTICS_PASSES * encoding_seconds(network, images, len(images), product_rate())
    return Cost(seconds, memory_in_use(), 4 * _count_parameters(Discriminator, network))


def encoding_seconds(network: NetworkConfig, images: ImageSet, number: int, rate: float) -> float:
    """Estimate the time in seconds to encode ``number`` images by a discriminator at ``rate`` operations per second."""
    source = source_named("dcgan")
    return number * source.estimated_cost(source.options(), images, network).encoding / rate


def guideline_cost(config: TrainConfig, images: ImageSet, labels: int, rate: float, device: torch.device) -> Cost:
    """Estimate the cost of one training from the start, including batch-norm statistics and the final probe.

    Parameters
    ----------
    images
        Training images of the networks.
    labels
        Number of labeled images of the probe.
    rate
        Operations per second of a large matrix product.
    """
    cost = training_cost(config, images, device)
    # Batch-norm statistics need one pass over the training images for the trained network, one for the untrained.
    encoding = encoding_seconds(config.network, images, 2 * len(images) + labels, rate)
    return replace(cost, seconds=cost.seconds + encoding)


def _count_parameters(kind: type[Discriminator] | type[Generator], network: NetworkConfig) -> int:
    with torch.device("meta"):
        return sum(weight.numel() for weight in kind(network).parameters())


@dataclass(frozen=True)
class TrainingSize:
    """Time of a training, and size of its exported weights."""

    seconds: float
    carried_bytes: int
    """Size of the exported run's weights."""


def training_size(config: TrainConfig, rate: float) -> TrainingSize:
    """Estimate a training from the operations of its discriminator, for lists of many; ``rehearse`` is more accurate.

    Parameters
    ----------
    rate
        Operations per second, as measured by ``training_rate``.
    """
    parameters = sum(_count_parameters(kind, config.network) for kind in (Discriminator, Generator))
    return TrainingSize(discriminator_operations(config.network) * config.images / rate, CARRIED_BYTES * parameters)


def training_rate(device: torch.device) -> float:
    """Measure the rate of training: operations of one forward pass of the discriminator times images per second."""
    config = preset_config(REHEARSED.get(device.type, REHEARSED["cpu"]), device=device)
    return discriminator_operations(config.network) * rehearse(config, device, 0).images_per_second
