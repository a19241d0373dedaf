"""Takes a run and sample numbers, gives z and generated images; knows no figure and no command line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..gan import Run
from ..images import from_signed
from ..networks import Generator, draw_z
from ..runtime import UserError, torch_generator

BATCH = 256
MOST = 1_000_000
"""Samples that have a number: to give the last one, all z before it are drawn."""


@dataclass(frozen=True)
class Samples:
    """Generated images and what they were generated from."""

    z: np.ndarray
    """float32 (N, nz)."""
    images: np.ndarray
    """uint8 (N, channels, H, W)."""


def generate(generator: Generator, z: torch.Tensor, device: torch.device) -> np.ndarray:
    """Generate uint8 images (N, channels, H, W) from z float32 (N, nz).

    Batch norm uses the running statistics of training, so that an image depends on its own z alone.
    """
    generator.to(device).eval()
    with torch.inference_mode():
        blocks = [from_signed(generator(block.to(device))).cpu() for block in z.split(BATCH)]
    return torch.cat(blocks).numpy()


def numbered(run: Run, numbers: Sequence[int], *, seed: int = 0, device: torch.device) -> Samples:
    """Give samples of a run by their numbers, in that order: those that ``sample`` draws with the same seed.

    Raises
    ------
    UserError
        If there is no number, one is negative or not below a million, or the run cannot be read.
    """
    if len(numbers) == 0 or not 0 <= min(numbers) <= max(numbers) < MOST:
        raise UserError(
            f"got the sample numbers {list(numbers)}, expected at least one, from 0 to {MOST - 1:,}", option="numbers"
        )
    generator = run.generator()
    z = draw_z(generator.config, max(numbers) + 1, torch_generator(seed, "sample"))[torch.tensor(numbers)]
    return Samples(z.numpy(), generate(generator, z, device))


def sample(run: Run, count: int, *, seed: int = 0, device: torch.device) -> Samples:
    """Draw ``count`` samples of a run; sample number i is the same whatever the count.

    Raises
    ------
    UserError
        If the count is less than 1 or the run cannot be read.
    """
    if count < 1:
        raise UserError(f"got {count} samples, expected at least 1", option="count")
    generator = run.generator()
    random = torch_generator(seed, "sample")
    z = draw_z(generator.config, count, random)
    return Samples(z.numpy(), generate(generator, z, device))
