"""Takes a config, gives the one batch of z that a run's grids are drawn from, with labels by rows; draws no image."""

from dataclasses import dataclass

import torch

from ..networks import draw_z
from ..runtime import torch_generator
from .config import TrainConfig

SAMPLES, COLUMNS = 64, 8
MOST_CLASSES = 20
"""Rows of a conditional run's grid: of more classes, the first."""


@dataclass(frozen=True)
class FixedNoise:
    """What the generator is asked for again and again while it is trained."""

    z: torch.Tensor
    """float32 (n, nz)."""
    labels: torch.Tensor | None
    """int64 (n,), eight of each class in turn; None for an unconditional run."""


def fixed_noise(config: TrainConfig, device: torch.device) -> FixedNoise:
    """Draw 64 z, or eight of each class, which make one row of the grid."""
    random, classes = torch_generator(config.seed, "fixed noise", device=device), config.network.classes
    if not classes:
        return FixedNoise(draw_z(config.network, SAMPLES, random), None)
    labels = torch.arange(min(classes, MOST_CLASSES), device=device).repeat_interleave(COLUMNS)
    return FixedNoise(draw_z(config.network, len(labels), random), labels)
