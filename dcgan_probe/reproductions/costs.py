"""Takes the rows of a table that are missing, gives the time, memory and disk that they need; runs none."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..evaluation import Protocol, Search, estimate_evaluation, estimate_search, product_rate, useful_workers
from ..features import (
    DictionaryConfig,
    deep_kmeans_operations,
    discriminator_operations,
    kmeans_operations,
)
from ..gan import PRESETS, TrainConfig, preset_config, rehearse
from ..images import ImageSet
from ..networks import Discriminator, Generator
from ..runtime import available_cores, memory_in_use, resolve_precision
from .released_rows import ReleasedNet
from .rows import Reproduction, Row
from .scales import Scale

CHANNELS, SIDE = 3, 32
CONVOLUTION_SHARE, KMEANS_SHARE = 0.2, 0.5
"""Of the rate of a large product, that extraction reaches: what was seen on two cores."""
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
    """What one command will need."""

    seconds: float
    memory_bytes: int
    disk_bytes: int = 0
    """Of what is kept: cached features, or a run folder."""


def trained_config(wanted: Reproduction, device: torch.device) -> TrainConfig:
    """Give the config that the training command of a table resolves to."""
    scale = wanted.scale
    return preset_config(scale.preset, dataset=scale.unlabelled, device=device, images=scale.images)


def training_cost(config: TrainConfig, images: ImageSet, device: torch.device, seen: int) -> Cost:
    """Give the cost of what is left of a training, from a few steps on noise."""
    size = images.channels * images.height * images.width
    plan = rehearse(config, device, len(images) * size)
    disk = CHECKPOINT_NUMBERS * 4 * plan.parameters + GRIDS * GRID_IMAGES * size
    return Cost(plan.seconds * (1 - seen / config.images), plan.memory_bytes, disk)


@dataclass(frozen=True)
class TrainingSize:
    """What a training takes on one machine and leaves for another."""

    seconds: float
    """By the operations of a step and the rate of a large product on the device."""
    carried_bytes: int
    """Of the exported run's weights."""


def training_size(config: TrainConfig, product_rate: float, device: torch.device) -> TrainingSize:
    """Estimate a training from its operations alone; ``rehearse`` is slower and closer.

    Parameters
    ----------
    product_rate
        Operations a second, as ``training_product_rate`` measures them.
    """
    operations = STEP_PASSES[config.updates] * discriminator_operations(config.network) * config.images
    with torch.device("meta"):
        networks = Discriminator(config.network), Generator(config.network)
    parameters = sum(weight.numel() for network in networks for weight in network.parameters())
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


def import_cost(net: ReleasedNet, images: ImageSet) -> Cost:
    """Compute the cost of importing released weights: the batch-norm statistics, over all images."""
    network = net.weights.config.network
    operations = STATISTICS_PASSES * len(images) * discriminator_operations(network) / CONVOLUTION_SHARE
    parameters = sum(tensor.numel() for tensor in net.weights.discriminator.values())
    return Cost(operations / product_rate(), memory_in_use(), 4 * parameters)


def row_costs(
    rows: Sequence[Row], protocols: dict[str, Protocol], test_rows: int, scale: Scale, device: torch.device
) -> list[Cost]:
    """Give the cost of each row; features count where they are first needed, as if none were cached.

    Parameters
    ----------
    protocols
        By name, those of the rows.
    test_rows
        Size of the test split.
    """
    rate, seen, costs = product_rate(), set(), []
    for row in rows:
        protocol = protocols[row.protocol]
        if row.verb == "eval-supervised":
            costs.append(_search_cost(protocol, scale, device))
            continue
        estimate = estimate_evaluation(
            protocol, row.columns, test_rows, itemsize=row.itemsize, classifier=row.classifier
        )
        seconds, disk = estimate.seconds, 0
        memory = estimate.memory_bytes
        if row.cache not in seen:
            seen.add(row.cache)
            images = protocol.train_rows + test_rows
            seconds += _extraction(row, scale, images) / rate
            disk = 0 if row.features == "pixels" else images * row.columns * row.itemsize
            memory = max(memory, memory_in_use() + _learning_bytes(row, scale))
        costs.append(Cost(seconds, memory, disk))
    return costs


def _search_cost(protocol: Protocol, scale: Scale, device: torch.device) -> Cost:
    search = Search(PRESETS[scale.preset].network, scale.preset, scale.settings)
    cores = 1 if device.type == "cuda" else available_cores()
    estimate = estimate_search(protocol, search, min(cores, useful_workers(protocol, search)), device)
    return Cost(estimate.seconds, estimate.memory_bytes)


def _learning_bytes(row: Row, scale: Scale) -> int:
    """Give the memory that learning a row's features takes."""
    patches = DictionaryConfig(centroids=1, **scale.learning).learning_bytes(CHANNELS)
    if row.features == "kmeans3":
        return max(patches, *(scale.fields.learning_bytes(maps) for maps in (scale.centroids[0], scale.fields.maps)))
    return patches if row.features == "kmeans" else 0


def _extraction(row: Row, scale: Scale, images: int) -> float:
    """Give the operations of a row's features, learning included, in those of a large product that takes as long."""
    if row.network is not None:
        return images * discriminator_operations(row.network) / CONVOLUTION_SHARE
    if row.features == "pixels":
        return 0.0
    if row.features == "kmeans":
        config = DictionaryConfig(centroids=int(row.known_by["network"]), **scale.learning)
        learning, encoding = kmeans_operations(config, CHANNELS, SIDE)
    elif row.features == "kmeans3":
        config = DictionaryConfig(centroids=scale.centroids[0], **scale.learning)
        learning, encoding = deep_kmeans_operations(config, scale.fields, CHANNELS, SIDE)
    else:
        return images * 2.0 * row.columns**2
    return (learning + images * encoding) / KMEANS_SHARE
