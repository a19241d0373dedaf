"""Batch-norm statistics of a discriminator over real training images.

The authors' rule: run consecutive batches of 128 real training images, each normalized by its own statistics, average
each layer's batch means and (biased) batch variances over the batches, and keep them fixed from then on. The running
averages of training would mix real and generated images.

Consecutive rows assume a shuffled set. In a set sorted by class, each batch holds one class, so its variance lacks the
variance between classes. ``real-permuted`` draws the batches from one fixed random permutation of the rows; ``real``
keeps the stored row order, as the authors did.
"""

from collections.abc import Callable
from functools import partial
from typing import cast

import numpy as np
import torch
from torch import nn

from ..images import ImageSet, to_signed
from ..networks import Discriminator, load_discriminator
from ..runtime import ALONE, Ranks, freed_memory_kept, full_float32, numpy_generator
from .settings import RealRule

BATCH = 128
TOGETHER = 8  # batches per copy from the device


Statistics = dict[str, tuple[torch.Tensor, torch.Tensor]]
"""Mean and variance of each layer by name, float32 (maps,) each."""


def real_statistics(
    discriminator: Discriminator,
    images: ImageSet,
    device: torch.device,
    on_progress: Callable[[int], None] = lambda done: None,
    ranks: Ranks = ALONE,
    *,
    rule: RealRule = "real-permuted",
) -> Statistics:
    """Average batch statistics over full batches of 128 images, or over one smaller batch if there are fewer images.

    The discriminator, including its running statistics and mode, does not change. Ranks share the batches, and the
    first rank sums them in the order of a single process.

    Parameters
    ----------
    on_progress
        Called with the number of images done.
    rule
        ``real-permuted``: batches of ``permuted_rows``. ``real``: batches of consecutive rows.

    Returns
    -------
    dict
        Mean and variance of each normalized layer; empty for a network without batch norm.
    """
    moments = _BatchMoments(discriminator, images, device, rule)
    if not moments.widths:
        return {}
    total, done = np.zeros(2 * sum(moments.widths.values())), 0
    with freed_memory_kept():
        if ranks.first:
            for block in ranks.in_order(moments.of, range(0, moments.batches, TOGETHER)):
                for each in block:  # in the order of the batches, on any number of ranks
                    total += each
                    done += 1
                    on_progress(min(done * BATCH, len(images)))
        else:
            ranks.assist(moments.of)
    total = ranks.from_first(lambda: total)
    averages = torch.from_numpy(total.reshape(2, -1) / moments.batches).float()
    parts = averages.split(list(moments.widths.values()), dim=1)
    return {name: (part[0].clone(), part[1].clone()) for name, part in zip(moments.widths, parts, strict=True)}


class _BatchMoments:
    """Mean and variance of each batch of images at each batch norm of a discriminator."""

    def __init__(self, discriminator: Discriminator, images: ImageSet, device: torch.device, rule: RealRule):
        # A copy, since a forward pass in training mode moves the running statistics.
        self._copy = load_discriminator(discriminator.config, discriminator.state_dict())
        self._copy.to(device).to(memory_format=torch.channels_last).train().requires_grad_(False)
        self._images, self._device = images, device
        self._order = permuted_rows(len(images)) if rule == "real-permuted" else None
        self._observed: dict[str, torch.Tensor] = {}
        self.widths: dict[str, int] = {}
        """Number of maps of each layer with batch norm."""
        self.batches = max(1, len(images) // BATCH)
        """Full batches of the set, or one smaller batch."""
        for name, norm in self._copy.norms().items():
            # Batch norm computes these moments anyway: with momentum 1, its running statistics are the last batch's.
            norm.momentum = 1.0
            norm.reset_running_stats()  # released weights hold NaN here, and 0 * NaN is NaN
            norm.register_forward_hook(partial(self._observe, name))
            self.widths[name] = norm.num_features

    def _observe(self, name: str, norm: nn.BatchNorm2d, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        count = inputs[0].numel() // norm.num_features
        mean, variance = cast(torch.Tensor, norm.running_mean), cast(torch.Tensor, norm.running_var)
        self._observed[name] = torch.stack([mean, variance * ((count - 1) / count)])  # torch divides by count - 1

    def of(self, first: int) -> np.ndarray:
        """Compute the moments of up to ``TOGETHER`` batches from ``first`` on, float32 (n, 2 * maps of all layers)."""
        numbers = range(first, min(first + TOGETHER, self.batches))
        with torch.inference_mode(), full_float32():
            return torch.stack([self._of_batch(number) for number in numbers]).cpu().numpy()

    def _of_batch(self, number: int) -> torch.Tensor:
        """Compute the moments of one batch, float32 (2 * maps of all layers,) on the device."""
        rows: slice | np.ndarray = slice(number * BATCH, (number + 1) * BATCH)
        if self._order is not None:
            rows = self._order[rows]
        pixels = torch.from_numpy(np.ascontiguousarray(self._images.images[rows]))
        self._copy.activations(to_signed(pixels.to(self._device)).contiguous(memory_format=torch.channels_last))
        return torch.cat([self._observed[name] for name in self.widths], dim=1).flatten()


def permuted_rows(rows: int) -> np.ndarray:
    """Return the fixed random row order of ``real-permuted``, int64 (rows,)."""
    return numpy_generator(0, "rows of batch-norm statistics").permutation(rows)


def fix_statistics(discriminator: Discriminator, statistics: Statistics) -> None:
    """Set the running statistics that the discriminator uses in evaluation mode, in place."""
    for name, norm in discriminator.norms().items():
        mean, variance = statistics[name]
        norm.register_buffer("running_mean", mean)
        norm.register_buffer("running_var", variance)
