"""Moving average of a generator's weights over training.

After each step::

    average <- keep average + (1 - keep) weights,     keep = 2^(-images of a step / half-life)

Source: Yazici et al., "The unusual effectiveness of averaging in GAN training", 2019; the half-life in images, which
does not depend on the batch, is that of Karras et al., "Progressive growing of GANs", 2018. The paper uses no average.

``torch.optim.swa_utils.AveragedModel`` would change the checkpoints: with buffers it also averages the counts of
batches, and without them it omits the running statistics. It also reads its counter on the host at each update, which a
CUDA graph does not allow.
"""

from copy import deepcopy

import torch

from ..networks import Generator


class MovingAverage:
    """Exponential moving average of a generator's weights and running statistics over training."""

    def __init__(self, generator: Generator, step_images: int, half_life: int):
        """Start from the generator's current weights.

        Parameters
        ----------
        step_images
            Images between two updates.
        half_life
            Images after which a weight's share in the average has halved.
        """
        self.network = deepcopy(generator).requires_grad_(False)
        self._new = 1 - 0.5 ** (step_images / half_life)

    def update(self, generator: Generator) -> None:
        """Move the average toward the generator's current weights."""
        averages, present = self.network.state_dict(), generator.state_dict()
        moving = [name for name, tensor in present.items() if tensor.is_floating_point()]
        with torch.no_grad():
            torch._foreach_lerp_([averages[n] for n in moving], [present[n] for n in moving], self._new)
            for name in set(present) - set(moving):  # counts of batches
                averages[name].copy_(present[name])
