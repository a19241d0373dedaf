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

BATCH = 128

Statistics = dict[str, tuple[torch.Tensor, torch.Tensor]]
"""Layer name to mean and variance, float32 (maps,) each."""


def real_statistics(
    discriminator: Discriminator,
    images: ImageSet,
    device: torch.device,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Statistics:
    """Average batch statistics over consecutive full batches of 128 images (one smaller batch if there are fewer).

    The discriminator is left as it was, its running statistics and mode included.
    """
    # A copy, since a forward pass in training mode moves the running statistics.
    copy = load_discriminator(discriminator.config, discriminator.state_dict())
    copy.to(device).to(memory_format=torch.channels_last).train().requires_grad_(False)
    sums: dict[str, list[torch.Tensor]] = {}

    def observe(name: str) -> Callable[[nn.Module, tuple[torch.Tensor]], None]:
        def hook(module: nn.Module, inputs: tuple[torch.Tensor]) -> None:
            variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0)
            total = sums.setdefault(name, [torch.zeros(len(mean), dtype=torch.float64) for _ in range(2)])
            total[0] += mean.cpu()  # summed there, since not every device knows float64
            total[1] += variance.cpu()

        return hook

    for name, norm in copy.norms().items():
        norm.register_forward_pre_hook(observe(name))
    batches = max(1, len(images) // BATCH)
    with torch.inference_mode():
        for number in range(batches):
            pixels = torch.from_numpy(np.ascontiguousarray(images.images[number * BATCH : (number + 1) * BATCH]))
            copy.activations(to_signed(pixels.to(device)).contiguous(memory_format=torch.channels_last))
            on_progress(min((number + 1) * BATCH, len(images)))
    return {name: ((mean / batches).float(), (variance / batches).float()) for name, (mean, variance) in sums.items()}


def fix_statistics(discriminator: Discriminator, statistics: Statistics) -> None:
    """Make the discriminator's evaluation mode use ``statistics``, in place."""
    for name, norm in discriminator.norms().items():
        mean, variance = statistics[name]
        norm.register_buffer("running_mean", mean)
        norm.register_buffer("running_var", variance)
