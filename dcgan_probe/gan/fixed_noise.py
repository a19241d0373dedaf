"""Fixed batch of z, and its labels, of a run's sample grids."""

from dataclasses import dataclass

import torch

from ..networks import draw_z
from ..runtime import torch_generator
from .config import TrainConfig

SAMPLES, COLUMNS = 64, 8
MOST_CLASSES = 20
"""Most rows of a conditional run's grid; further classes are not shown."""


@dataclass(frozen=True)
class FixedNoise:
    """Latent vectors and labels of the samples that are drawn throughout training."""

    z: torch.Tensor
    """float32 (n, nz)."""
    labels: torch.Tensor | None
    """int64 (n,), eight of each class in turn; None for an unconditional run."""


def fixed_noise(config: TrainConfig, device: torch.device) -> FixedNoise:
    """Draw 64 z or, for a conditional run, eight z for each class, which form one row of the grid."""
    random, classes = torch_generator(config.seed, "fixed noise", device=device), config.network.classes
    if not classes:
        return FixedNoise(draw_z(config.network, SAMPLES, random), None)
    labels = torch.arange(min(classes, MOST_CLASSES), device=device).repeat_interleave(COLUMNS)
    return FixedNoise(draw_z(config.network, len(labels), random), labels)
