"""Batch-norm statistics of a discriminator over real training images.

The authors' rule: run consecutive batches of 128 real training images, each normalized by its own statistics, average
each layer's batch means and (biased) batch variances over the batches, and keep them fixed from then on. A running
average of training would mix real and generated images.

Consecutive rows assume a shuffled set. In a set sorted by class a batch holds one class, whose variance leaves out the
variance between classes. ``real-permuted`` takes the batches from one fixed random permutation of the rows, and
``real`` the rows in their order, as the authors did.
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
TOGETHER = 8  # batches between two copies from the device


Statistics = dict[str, tuple[torch.Tensor, torch.Tensor]]
"""Layer name to mean and variance, float32 (maps,) each."""


def real_statistics(
    discriminator: Discriminator,
    images: ImageSet,
    device: torch.device,
    on_progress: Callable[[int], None] = lambda done: None,
    ranks: Ranks = ALONE,
    *,
    rule: RealRule = "real-permuted",
) -> Statistics:
    """Average batch statistics over full batches of 128 images (one smaller batch if there are fewer).

    The discriminator is left as it was, its running statistics and mode included. Ranks share the batches; the first
    adds them up in the order in which one process would.

    Parameters
    ----------
    rule
        ``real-permuted``: batches of ``permuted_rows``. ``real``: batches of consecutive rows.
    """
    moments = _BatchMoments(discriminator, images, device, rule)
    if not moments.widths:
        return {}
    total, done = np.zeros(2 * sum(moments.widths.values())), 0
    with freed_memory_kept():
        if ranks.first:
            for block in ranks.in_order(moments.of, range(0, moments.batches, TOGETHER)):
                for each in block:  # in the order of the batches, whatever computed them
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
    """Means and variances of batches of images at each batch norm of a discriminator."""

    def __init__(self, discriminator: Discriminator, images: ImageSet, device: torch.device, rule: RealRule):
        # A copy, since a forward pass in training mode moves the running statistics.
        self._copy = load_discriminator(discriminator.config, discriminator.state_dict())
        self._copy.to(device).to(memory_format=torch.channels_last).train().requires_grad_(False)
        self._images, self._device = images, device
        self._order = permuted_rows(len(images)) if rule == "real-permuted" else None
        self._observed: dict[str, torch.Tensor] = {}
        self.widths: dict[str, int] = {}
        """Maps of each layer that has a batch norm."""
        self.batches = max(1, len(images) // BATCH)
        """Full batches of the set, or one smaller batch."""
        for name, norm in self._copy.norms().items():
            # The moments that batch norm computes anyway: with this momentum the running ones are the last batch's.
            norm.momentum = 1.0
            norm.reset_running_stats()  # released weights come without: NaN, which times 0 is NaN
            norm.register_forward_hook(partial(self._observe, name))
            self.widths[name] = norm.num_features

    def _observe(self, name: str, norm: nn.BatchNorm2d, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        count = inputs[0].numel() // norm.num_features
        mean, variance = cast(torch.Tensor, norm.running_mean), cast(torch.Tensor, norm.running_var)
        self._observed[name] = torch.stack([mean, variance * ((count - 1) / count)])  # torch's divides by count - 1

    def of(self, first: int) -> np.ndarray:
        """Compute the moments of some batches from number ``first`` on, float32 (n, 2 * maps of all layers)."""
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
    """Return the fixed random order of the rows of a set that ``real-permuted`` follows, int64 (rows,)."""
    return numpy_generator(0, "rows of batch-norm statistics").permutation(rows)


def fix_statistics(discriminator: Discriminator, statistics: Statistics) -> None:
    """Make the discriminator's evaluation mode use ``statistics``, in place."""
    for name, norm in discriminator.norms().items():
        mean, variance = statistics[name]
        norm.register_buffer("running_mean", mean)
        norm.register_buffer("running_var", variance)
