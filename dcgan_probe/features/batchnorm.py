"""Batch-norm statistics of a discriminator over real training images.

The authors' rule: run consecutive batches of 128 real training images, each normalized by its own statistics, average
each layer's batch means and (biased) batch variances over the batches, and keep them fixed from then on. A running
average of training would mix real and generated images.

Consecutive rows assume a shuffled set. In a set sorted by class a batch holds one class, whose variance leaves out the
variance between classes. ``real-permuted`` takes the batches from one fixed random permutation of the rows, and
``real`` the rows in their order, as the authors did.
"""

from collections.abc import Callable
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
    # A copy, since a forward pass in training mode moves the running statistics.
    copy = load_discriminator(discriminator.config, discriminator.state_dict())
    copy.to(device).to(memory_format=torch.channels_last).train().requires_grad_(False)
    norms = copy.norms()
    if not norms:
        return {}
    observed: dict[str, torch.Tensor] = {}

    def observe(name: str) -> Callable[..., None]:
        def hook(norm: nn.BatchNorm2d, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
            count = inputs[0].numel() // norm.num_features
            mean, variance = cast(torch.Tensor, norm.running_mean), cast(torch.Tensor, norm.running_var)
            observed[name] = torch.stack([mean, variance * ((count - 1) / count)])  # torch's divides by count - 1

        return hook

    for name, norm in norms.items():
        # The moments that batch norm computes anyway: with this momentum the running ones are those of the last batch.
        norm.momentum = 1.0
        norm.reset_running_stats()  # released weights come without: NaN, which times 0 is NaN
        norm.register_forward_hook(observe(name))

    order = permuted_rows(len(images)) if rule == "real-permuted" else None
    batches = max(1, len(images) // BATCH)

    def batch_moments(number: int) -> torch.Tensor:
        """Compute the means and variances, float32 (2 * maps of all layers,) on the device, of one batch."""
        rows = slice(number * BATCH, (number + 1) * BATCH)
        pixels = torch.from_numpy(np.ascontiguousarray(images.images[rows if order is None else order[rows]]))
        copy.activations(to_signed(pixels.to(device)).contiguous(memory_format=torch.channels_last))
        return torch.cat([observed[name] for name in norms], dim=1).flatten()

    def moments(first: int) -> np.ndarray:
        """Compute those of some batches from number ``first`` on, float32 (n, 2 * maps of all layers)."""
        numbers = range(first, min(first + TOGETHER, batches))
        with torch.inference_mode(), full_float32():
            return torch.stack([batch_moments(number) for number in numbers]).cpu().numpy()

    widths = [norm.num_features for norm in norms.values()]
    total, done = np.zeros(2 * sum(widths)), 0
    with freed_memory_kept():
        if ranks.first:
            for block in ranks.in_order(moments, range(0, batches, TOGETHER)):
                for each in block:  # in the order of the batches, whatever computed them
                    total += each
                    done += 1
                    on_progress(min(done * BATCH, len(images)))
        else:
            ranks.assist(moments)
    averages = ranks.from_first(lambda: torch.from_numpy(total.reshape(2, -1) / batches).float())
    parts = averages.split(widths, dim=1)
    return {name: (part[0].clone(), part[1].clone()) for name, part in zip(norms, parts, strict=True)}


def permuted_rows(rows: int) -> np.ndarray:
    """Return the fixed random order of the rows of a set that ``real-permuted`` follows, int64 (rows,)."""
    return numpy_generator(0, "rows of batch-norm statistics").permutation(rows)


def fix_statistics(discriminator: Discriminator, statistics: Statistics) -> None:
    """Make the discriminator's evaluation mode use ``statistics``, in place."""
    for name, norm in discriminator.norms().items():
        mean, variance = statistics[name]
        norm.register_buffer("running_mean", mean)
        norm.register_buffer("running_var", variance)
