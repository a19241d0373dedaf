"""Takes a discriminator and real images, gives fixed batch-norm statistics; knows no run folder.

The authors' rule: run consecutive batches of 128 real training images, each normalised by its own statistics, average
each layer's batch means and (biased) batch variances over the batches, and keep them fixed from then on. A running
average of training would mix real and generated images.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from ..images import ImageSet, to_signed
from ..networks import Discriminator, load_discriminator
from ..runtime import ALONE, Ranks, full_float32

BATCH = 128

Statistics = dict[str, tuple[torch.Tensor, torch.Tensor]]
"""Layer name to mean and variance, float32 (maps,) each."""


def real_statistics(
    discriminator: Discriminator,
    images: ImageSet,
    device: torch.device,
    on_progress: Callable[[int], None] = lambda done: None,
    ranks: Ranks = ALONE,
) -> Statistics:
    """Average batch statistics over consecutive full batches of 128 images (one smaller batch if there are fewer).

    The discriminator is left as it was, its running statistics and mode included. Ranks share the batches; the first
    adds them up in the order in which one process would.
    """
    # A copy, since a forward pass in training mode moves the running statistics.
    copy = load_discriminator(discriminator.config, discriminator.state_dict())
    copy.to(device).to(memory_format=torch.channels_last).train().requires_grad_(False)
    observed: dict[str, torch.Tensor] = {}

    def observe(name: str) -> Callable[[nn.Module, tuple[torch.Tensor]], None]:
        def hook(module: nn.Module, inputs: tuple[torch.Tensor]) -> None:
            variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0)
            observed[name] = torch.stack([mean, variance])

        return hook

    norms = copy.norms()
    if not norms:
        return {}
    for name, norm in norms.items():
        norm.register_forward_pre_hook(observe(name))

    def moments(number: int) -> np.ndarray:
        """Give the means and variances, float32 (2, maps of all layers), of one batch."""
        pixels = torch.from_numpy(np.ascontiguousarray(images.images[number * BATCH : (number + 1) * BATCH]))
        with torch.inference_mode(), full_float32():
            copy.activations(to_signed(pixels.to(device)).contiguous(memory_format=torch.channels_last))
            return torch.cat([observed[name] for name in norms], dim=1).cpu().numpy()

    widths = [norm.num_features for norm in norms.values()]
    batches, total = max(1, len(images) // BATCH), np.zeros((2, sum(widths)))
    if ranks.first:
        for number, each in enumerate(ranks.in_order(moments, range(batches)), 1):
            total += each
            on_progress(min(number * BATCH, len(images)))
    else:
        ranks.assist(moments)
    averages = ranks.from_first(lambda: torch.from_numpy(total / batches).float())
    parts = averages.split(widths, dim=1)
    return {name: (part[0].clone(), part[1].clone()) for name, part in zip(norms, parts, strict=True)}


def fix_statistics(discriminator: Discriminator, statistics: Statistics) -> None:
    """Make the discriminator's evaluation mode use ``statistics``, in place."""
    for name, norm in discriminator.norms().items():
        mean, variance = statistics[name]
        norm.register_buffer("running_mean", mean)
        norm.register_buffer("running_var", variance)
