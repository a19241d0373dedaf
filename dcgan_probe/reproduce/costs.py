"""Time, memory and disk of trainings and table rows, estimated before any work."""

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
"""float32 numbers that a checkpoint has for each parameter: itself, and the two moments of Adam."""
GRIDS, GRID_IMAGES = 11, 64
"""Sample grids of a run at most, and the images in each; pictures of noise are as large as their pixels."""
REHEARSED: dict[str, PresetName] = {"cpu": "cpu32", "cuda": "imagenet32"}
"""Presets whose rate of training is that of others, by the operations of the discriminator."""
CARRIED_BYTES = 2
"""Of each parameter, in an exported run."""


@dataclass(frozen=True)
class Cost:
    """What one training or one row needs."""

    seconds: float
    memory_bytes: int
    disk_bytes: int = 0
    """Of what is kept: cached features, or a run folder."""


def evaluation_cost(planned: PlannedEvaluation | PlannedSupervised, rate: float, *, with_features: bool = True) -> Cost:
    """Estimate a row.

    Parameters
    ----------
    rate
        Operations a second of a large product.
    with_features
        Whether frozen features are made, too; otherwise all of them are in the cache.
    """
    estimate = planned.estimate()
    if isinstance(planned, PlannedSupervised) or not with_features:
        return Cost(estimate.seconds, estimate.memory_bytes)
    config, images = planned.config, len(planned.train) + len(planned.test)
    features = config.source.estimated_cost(config.options, planned.train, planned.network)
    return Cost(
        estimate.seconds + (features.learning + images * features.encoding) / rate,
        max(estimate.memory_bytes, memory_in_use() + features.memory_bytes),
        # Pixels are read from the images themselves.
        0 if config.features == "pixels" else images * planned.columns * np.dtype(config.dtype).itemsize,
    )


def training_cost(config: TrainConfig, images: ImageSet, device: torch.device, seen: int = 0) -> Cost:
    """Estimate what is left of a training after ``seen`` images, from a few steps on noise."""
    size = images.channels * images.height * images.width
    plan = rehearse(config, device, len(images) * size)
    disk = CHECKPOINT_NUMBERS * 4 * plan.parameters + GRIDS * GRID_IMAGES * size
    return Cost(plan.seconds * (1 - seen / config.images), plan.memory_bytes, disk)


def import_cost(network: NetworkConfig, images: ImageSet) -> Cost:
    """Estimate the import of released weights: the batch-norm statistics, over all images."""
    seconds = STATISTICS_PASSES * encoding_seconds(network, images, len(images), product_rate())
    return Cost(seconds, memory_in_use(), 4 * _count_parameters(Discriminator, network))


def encoding_seconds(network: NetworkConfig, images: ImageSet, number: int, rate: float) -> float:
    """Estimate the time in which a discriminator encodes a number of such images; ``rate`` as above."""
    source = source_named("dcgan")
    return number * source.estimated_cost(source.options(), images, network).encoding / rate


def guideline_cost(config: TrainConfig, images: ImageSet, labels: int, rate: float, device: torch.device) -> Cost:
    """Estimate one training from the start, with the statistics and the probe after it.

    Parameters
    ----------
    images
        That train the networks.
    labels
        Images of the probe.
    rate
        Operations a second of a large product.
    """
    cost = training_cost(config, images, device)
    # The statistics of the trained and of the untrained network need a pass each over the training images.
    encoding = encoding_seconds(config.network, images, 2 * len(images) + labels, rate)
    return replace(cost, seconds=cost.seconds + encoding)


def _count_parameters(kind: type[Discriminator] | type[Generator], network: NetworkConfig) -> int:
    with torch.device("meta"):
        return sum(weight.numel() for weight in kind(network).parameters())


@dataclass(frozen=True)
class TrainingSize:
    """Time of a training on one machine, and the size of its weights for another."""

    seconds: float
    carried_bytes: int
    """Of the exported run's weights."""


def training_size(config: TrainConfig, rate: float) -> TrainingSize:
    """Estimate a training from the operations of its discriminator, for lists of many; ``rehearse`` is closer.

    Parameters
    ----------
    rate
        Operations a second, as ``training_rate`` measures them.
    """
    parameters = sum(_count_parameters(kind, config.network) for kind in (Discriminator, Generator))
    return TrainingSize(discriminator_operations(config.network) * config.images / rate, CARRIED_BYTES * parameters)


def training_rate(device: torch.device) -> float:
    """Measure the rate of training: operations of one forward pass of the discriminator times real images a second."""
    config = preset_config(REHEARSED.get(device.type, REHEARSED["cpu"]), device=device)
    return discriminator_operations(config.network) * rehearse(config, device, 0).images_per_second
