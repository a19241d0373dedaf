"""Takes a planned search, gives its time and memory from a short training on noise; writes nothing."""

from dataclasses import dataclass

import numpy as np
import torch

from ..baselines import BATCH, Setting, draw_setting
from ..networks import NetworkConfig
from ..runtime import available_memory, check_memory, memory_in_use
from .kept_fits import Training
from .protocols import Protocol
from .search import Search
from .trainings import Ground, PlannedTraining, train_and_predict

FORWARD_SHARE = 1 / 3
"""Cost of a prediction as a share of a training step's: a forward pass without the backward one."""
SIDE_BY_SIDE = 0.85
"""Rate of a worker beside others as a share of its rate alone, measured with two on two cores."""
WARM_UP, STEPS = 2, 6


@dataclass(frozen=True)
class SearchEstimate:
    """What a search and the reported draws need on this machine as it is now, if none of it is kept yet."""

    trainings: int
    images_seen: int
    """By all trainings; the chosen setting's is taken to be as long as the mean of all."""
    images_per_second: float
    """Of one worker alone."""
    seconds: float
    memory_bytes: int
    """Resident memory of all processes."""


def estimate_search(protocol: Protocol, search: Search, workers: int, device: torch.device) -> SearchEstimate:
    """Work out a search's cost."""
    rate = _rate(search.network, protocol.classes, device)
    rows = protocol.labels or protocol.train_rows
    passes = [draw_setting(search.seed, number).passes for number in range(search.settings)]
    seen = rows * (sum(passes) * protocol.select_draws + round(protocol.draws * sum(passes) / len(passes)))
    trainings = search.settings * protocol.select_draws + protocol.draws
    scored = FORWARD_SHARE * protocol.train_rows * trainings
    together = rate if workers == 1 else SIDE_BY_SIDE * workers * rate
    return SearchEstimate(
        trainings=trainings,
        images_seen=seen,
        images_per_second=rate,
        seconds=(seen + scored) / together,
        memory_bytes=_memory(protocol, search, workers),
    )


def useful_workers(protocol: Protocol, search: Search) -> int:
    """Count the workers that have something to do: as many as the larger stage has trainings."""
    return max(search.settings * protocol.select_draws, protocol.draws)


def require_search_memory(protocol: Protocol, search: Search, workers: int) -> None:
    """Refuse a search whose workers cannot fit.

    Raises
    ------
    UserError
        With what is needed, what there is, and what to do.
    """
    check_memory(
        f"{protocol.name} supervised with {workers:,} worker{'s' if workers > 1 else ''}",
        _memory(protocol, search, workers),
        available_memory() + memory_in_use(),
        "take fewer workers, or another machine",
        option="workers",
    )


def _memory(protocol: Protocol, search: Search, workers: int) -> int:
    """Give the resident bytes of all processes."""
    network = search.network
    images = protocol.train_rows * network.nc * network.image_size**2
    # A worker holds what this process holds now, and all images; this process holds those twice as it sends them.
    return (memory_in_use() + images) * (1 + (workers if workers > 1 else 0)) + images


def _rate(network: NetworkConfig, classes: int, device: torch.device) -> float:
    """Measure the images a second of one worker."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (BATCH, network.nc, network.image_size, network.image_size), dtype=np.uint8)
    ground = Ground(images, np.arange(BATCH) % classes, images[:1], classes, network, device)
    seconds = [
        train_and_predict(
            ground,
            PlannedTraining(Training("select", 0, 0), Setting(1e-3, 0.0, 0.5, steps), 0, slice(0, BATCH), slice(0, 1)),
        ).seconds
        for steps in (WARM_UP, WARM_UP, WARM_UP + STEPS)
    ]
    return STEPS * BATCH / max(seconds[2] - seconds[1], 1e-9)
