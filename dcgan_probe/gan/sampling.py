"""Samples of a run by their numbers: latent vectors and generated images."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..images import from_signed
from ..networks import Generator, NetworkConfig, draw_z
from ..runtime import UserError, available_memory, check_memory, torch_generator
from .class_labels import require_conditional, sample_labels
from .run import Run

BATCH = 256
BLOCK = 4 * BATCH
MOST = 1_000_000
"""Largest number of samples: drawing the last one draws all z before it."""


@dataclass(frozen=True)
class Samples:
    """Generated images, with their latent vectors and labels."""

    z: np.ndarray
    """float32 (N, nz)."""
    images: np.ndarray
    """uint8 (N, channels, H, W)."""
    labels: np.ndarray | None = None
    """int64 (N,); None for an unconditional generator."""


def require_room(network: NetworkConfig, count: int, parameter: str | None = None) -> None:
    """Check that the free memory has room for some samples, whose images are copied once.

    Raises
    ------
    UserError
        If there is no room; the error names the parameter ``parameter``.
    """
    each = 4 * network.nz + 2 * network.nc * network.image_size**2
    check_memory(f"a set of {count:,} samples", count * each, available_memory(), "take fewer", parameter=parameter)


def generate(
    generator: Generator, z: torch.Tensor, device: torch.device, labels: torch.Tensor | None = None
) -> np.ndarray:
    """Generate uint8 images (N, channels, H, W) from z float32 (N, nz), and labels int64 (N,) if it is conditional.

    Batch norm uses the running statistics of training, so that an image depends on its own z and label alone.
    """
    generator.to(device).eval()
    blocks = z.to(device).split(BATCH)
    given = [None] * len(blocks) if labels is None else labels.to(device).split(BATCH)
    with torch.inference_mode():
        images = [from_signed(generator(*each)).cpu() for each in zip(blocks, given, strict=True)]
    return torch.cat(images).numpy()


def numbered(run: Run, numbers: Sequence[int], *, seed: int = 0, device: torch.device) -> Samples:
    """Return samples of a run by their numbers, in that order, as ``draw_samples`` draws them with the same seed.

    Raises
    ------
    UserError
        If there is no number, a number is negative or not below a million, or the run cannot be read.
    """
    if not 0 < len(numbers) <= MOST or not 0 <= min(numbers) <= max(numbers) < MOST:
        raise UserError(
            f"got {len(numbers)} sample numbers from {min(numbers, default=0):,} to {max(numbers, default=0):,}, "
            f"expected at least one, from 0 to {MOST - 1:,}"
        )
    generator, chosen = run.generator(), torch.tensor(numbers)
    z = torch.empty(len(numbers), generator.config.nz)
    for start, block in _z_blocks(generator.config, max(numbers) + 1, seed):
        here = (start <= chosen) & (chosen < start + BLOCK)
        z[here] = block[chosen[here] - start]
    return _samples(generator, z, sample_labels(generator.config, chosen), device)


def draw_samples(run: Run, count: int, *, seed: int = 0, device: torch.device, label: int | None = None) -> Samples:
    """Draw ``count`` samples of a run; sample number i does not depend on the count.

    A conditional run is sampled in all classes in turn, or only in the class ``label``.

    Raises
    ------
    UserError
        If the count is less than 1, the run cannot be read, or a label is given for an unconditional run.
    """
    if count < 1:
        raise UserError(f"got {count} samples, expected at least 1", parameter="count")
    if label is not None:
        require_conditional(run)
    generator = run.generator()
    require_room(generator.config, count, "count")
    z = torch.cat([block for _, block in _z_blocks(generator.config, count, seed)])
    return _samples(generator, z, sample_labels(generator.config, torch.arange(count), label), device)


def _z_blocks(config: NetworkConfig, count: int, seed: int) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield ``count`` z in blocks: the number of the first z of a block, and the z float32 (n, nz).

    Torch's normal numbers depend on how many are drawn at once, so every block is drawn whole, and the last one is cut.
    """
    random = torch_generator(seed, "sample")
    for start in range(0, count, BLOCK):
        yield start, draw_z(config, BLOCK, random)[: count - start]


def _samples(generator: Generator, z: torch.Tensor, labels: torch.Tensor | None, device: torch.device) -> Samples:
    images = generate(generator, z, device, labels)
    return Samples(z.numpy(), images, None if labels is None else labels.numpy())


def sample_blocks(
    generator: Generator, count: int, *, seed: int = 0, device: torch.device
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield samples of a conditional generator in blocks: images uint8 (n, channels, H, W), labels int64 (n,).

    The ``count`` samples are those of ``draw_samples``; memory holds the images of one block.
    """
    for start, z in _z_blocks(generator.config, count, seed):
        labels = sample_labels(generator.config, torch.arange(start, start + len(z)))
        assert labels is not None, "samples without labels teach no classifier"
        yield generate(generator, z, device, labels), labels.numpy()
