"""Time, memory and disk of trainings and table rows, estimated before any work."""

import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from ..evaluation import PlannedEvaluation, PlannedSupervised, product_rate
from ..features import discriminator_operations, source_named
from ..gan import TrainConfig, rehearse
from ..images import ImageSet
from ..networks import Discriminator, Generator, NetworkConfig
from ..runtime import memory_in_use, resolve_precision

STATISTICS_PASSES = 1.15
"""Time of batch-norm statistics, in forward passes of the discriminator (benchmarks/bench_extraction.py)."""
CHECKPOINT_NUMBERS = 3
"""float32 numbers that a checkpoint has for each parameter: itself, and the two moments of Adam."""
GRIDS, GRID_IMAGES = 11, 64
"""Sample grids of a run at most, and the images in each; pictures of noise are as large as their pixels."""
STEP_PASSES = {"both": 11, "alternate": 12}
"""Operations of a step for each real image, in forward passes of D. A pass back costs one for the weights and one for
the maps. D's update: two batches forward and back, 6; G's: D forward and back to the images, 2, and G, as large as D,
back, 2, and forward, 1 or with two z 2."""
TRAINING_SHARE = {"cpu": 0.7, "cuda": 0.2}
"""Of the rate of a large product, that a step reaches: on a CPU as in benchmarks/bench_training.py; on a GPU
[assumed]."""
PRODUCT_SIDES = {"cpu": 1024, "cuda": 8192}
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


def _count_parameters(kind: type[Discriminator] | type[Generator], network: NetworkConfig) -> int:
    with torch.device("meta"):
        return sum(weight.numel() for weight in kind(network).parameters())


@dataclass(frozen=True)
class TrainingSize:
    """What a training takes on one machine and leaves for another."""

    seconds: float
    """By the operations of a step and the rate of a large product on the device."""
    carried_bytes: int
    """Of the exported run's weights."""


def training_size(config: TrainConfig, product_rate: float, device: torch.device) -> TrainingSize:
    """Estimate a training from its operations alone, for lists of many; ``rehearse`` is slower and closer.

    Parameters
    ----------
    product_rate
        Operations a second, as ``training_product_rate`` measures them.
    """
    operations = STEP_PASSES[config.updates] * discriminator_operations(config.network) * config.images
    parameters = sum(_count_parameters(kind, config.network) for kind in (Discriminator, Generator))
    rate = TRAINING_SHARE.get(device.type, TRAINING_SHARE["cpu"]) * product_rate
    return TrainingSize(operations / rate, CARRIED_BYTES * parameters)


def training_product_rate(device: torch.device) -> float:
    """Measure the operations a second of large products, at the precision that training has on the device."""
    dtype = torch.bfloat16 if resolve_precision("auto", device) == "bfloat16" else torch.float32
    side = PRODUCT_SIDES.get(device.type, PRODUCT_SIDES["cpu"])
    matrix, best = torch.ones(side, side, dtype=dtype, device=device), math.inf
    for _ in range(5):
        started = time.perf_counter()
        float((matrix @ matrix)[0, 0])  # waits for the device
        best = min(best, time.perf_counter() - started)
    return 2.0 * side**3 / best
