"""Time and memory of a supervised search, from a short training on noise."""

import time
from dataclasses import dataclass

import numpy as np
import torch

from ..baselines import BATCH, Setting, draw_setting, train_supervised
from ..networks import NetworkConfig
from ..runtime import available_memory, check_memory, memory_in_use, single_thread
from .protocols import Protocol

FORWARD_SHARE = 1 / 3
"""Cost of a prediction as a share of a training step's: a forward pass without the backward one."""
SIDE_BY_SIDE = 0.85
"""Rate of a worker beside others as a share of its rate alone, measured with two on two cores."""
WARM_UP, STEPS = 2, 6


@dataclass(frozen=True)
class SupervisedEstimate:
    """What a search and the reported draws need on this machine as it is now, if no training is kept yet."""

    trainings: int
    images_seen: int
    """By all trainings; the chosen setting's is taken to be as long as the mean of all."""
    images_per_second: float
    """Of one worker alone."""
    seconds: float
    memory_bytes: int
    """Resident memory of all processes."""


def estimate_supervised(
    protocol: Protocol, network: NetworkConfig, settings: int, seed: int, workers: int, device: torch.device
) -> SupervisedEstimate:
    """Estimate the cost of a search among a number of settings."""
    rate, rows = _rate(network, protocol.classes, device), protocol.labels or protocol.train_rows
    passes = [draw_setting(seed, number).passes for number in range(settings)]
    seen = rows * (sum(passes) * protocol.select_draws + round(protocol.draws * sum(passes) / settings))
    trainings = settings * protocol.select_draws + protocol.draws
    scored = FORWARD_SHARE * protocol.train_rows * trainings
    together = rate if workers == 1 else SIDE_BY_SIDE * workers * rate
    memory = _memory(protocol, network, workers)
    return SupervisedEstimate(trainings, seen, rate, (seen + scored) / together, memory)


def require_supervised_memory(protocol: Protocol, network: NetworkConfig, workers: int) -> None:
    """Raise ``UserError`` for a search whose workers do not fit in memory."""
    check_memory(
        f"{protocol.name} supervised with {workers:,} worker{'s' if workers > 1 else ''}",
        _memory(protocol, network, workers),
        available_memory() + memory_in_use(),
        "take fewer workers, or another machine",
        option="workers",
    )


def _memory(protocol: Protocol, network: NetworkConfig, workers: int) -> int:
    """Return the resident bytes of all processes."""
    images = protocol.train_rows * network.nc * network.image_size**2
    # A worker holds what this process holds now, and all images; this process holds those twice as it sends them.
    return (memory_in_use() + images) * (1 + (workers if workers > 1 else 0)) + images


def _rate(network: NetworkConfig, classes: int, device: torch.device) -> float:
    """Measure the images a second of one worker."""
    shape = (BATCH, network.nc, network.image_size, network.image_size)
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    labels, seconds = np.arange(BATCH) % classes, []
    for steps in (WARM_UP, WARM_UP, WARM_UP + STEPS):
        setting, started = Setting(1e-3, 0.0, 0.5, steps), time.perf_counter()
        with single_thread():
            trained = train_supervised(images, labels, setting, network, classes=classes, seed=0, device=device)
        trained.output.bias[0].item()  # waits for the device
        seconds.append(time.perf_counter() - started)
    return STEPS * BATCH / max(seconds[2] - seconds[1], 1e-9)
