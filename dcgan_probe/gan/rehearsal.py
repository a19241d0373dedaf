"""Estimate of the memory and the time of a training, from a few steps on noise."""

import statistics
import time
from dataclasses import dataclass

import torch

from ..runtime import convolution_kernels, memory_in_use
from .config import TrainConfig
from .state import TrainState
from .training_memory import check_training_memory

WARM_UP, STEPS = 2, 5


@dataclass(frozen=True)
class Plan:
    """Expected needs of a training run on this machine."""

    images_per_second: float
    seconds: float
    """Duration for all of ``config.images``."""
    memory_bytes: int
    """Device memory on CUDA, resident memory of the process elsewhere; including the training images."""
    parameters: int
    """Number of parameters of both networks."""


def rehearse(config: TrainConfig, device: torch.device, set_bytes: int) -> Plan:
    """Run a few steps on noise and extrapolate to the whole training.

    Parameters
    ----------
    set_bytes
        Size of the uint8 training images, which occupy the same memory.

    Raises
    ------
    UserError
        If the networks cannot fit into memory.
    """
    check_training_memory(config, device)
    state = TrainState(config, device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    network = config.network
    shape = (config.batch_size, network.nc, network.image_size, network.image_size)
    noise = torch.randint(
        256, shape, dtype=torch.uint8, generator=torch.Generator(device).manual_seed(0), device=device
    )
    labels = torch.arange(config.batch_size, device=device) % network.classes if network.classes else None
    seconds, peak = [], 0
    with convolution_kernels(device, deterministic=False):
        for _ in range(WARM_UP + STEPS):
            start = time.perf_counter()
            state.step(noise, labels)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            seconds.append(time.perf_counter() - start)
            peak = max(peak, memory_in_use())
    if device.type == "cuda":
        peak = torch.cuda.max_memory_allocated(device)
    rate = config.batch_size / statistics.median(seconds[WARM_UP:])
    networks = (state.discriminator, state.generator)
    parameters = sum(parameter.numel() for module in networks for parameter in module.parameters())
    return Plan(rate, config.images / rate, peak + set_bytes, parameters)
