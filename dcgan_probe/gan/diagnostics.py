"""Takes a training state at a tick, gives numbers that tell how it goes; knows no file and changes nothing in the run.

Batch norm normalises by the batch at hand, as in training; the running statistics are put back, and no random number
is drawn, so that a run with diagnostics is the run without them, bit for bit.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.functional import pdist

from ..networks import Generator
from .batches import Batch
from .fixed_noise import FixedNoise
from .state import TrainState

LEAST_DISTANCE = 1e-6
"""Of real images, in a set that has but one."""
CONSTANT = 0.01
"""A filter whose deviation is at most this share of its layer's median filter tells images apart no more."""
WINDOW = 8
"""Ticks over which oscillation is judged."""
SWING = 0.25
"""Least deviation over the window of an oscillating filter's response, in units of its deviation over images.

About the median of healthy runs, where D's filters come and go with what the generator does, but not together."""
CROSSINGS = 3
"""Least number of times that an oscillating mode crosses its own mean in a window; a drift does so once."""
SAME_MODE = 0.9
"""Least absolute correlation of an oscillating filter with the leading mode of its layer."""


@contextmanager
def batch_statistics(network: nn.Module) -> Iterator[None]:
    """Normalise by the batch at hand, as in training; put the running statistics and the mode back."""
    buffers, training = {name: buffer.clone() for name, buffer in network.named_buffers()}, network.training
    try:
        with torch.no_grad():
            yield
    finally:
        for name, buffer in network.named_buffers():
            buffer.copy_(buffers[name])
        network.train(training)


def gradient_norm(network: nn.Module) -> float:
    """Give the Euclidean norm of all gradients that the last update left, as one vector; 0 where there is none."""
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    return float(torch.nn.utils.get_total_norm(gradients)) if gradients else 0.0


def diversity(samples: torch.Tensor, real: torch.Tensor) -> float:
    """Give the mean distance between two samples, as a share of that between two real images.

    Parameters
    ----------
    samples, real
        float (n, channels, H, W) and (m, channels, H, W), at least two each; the distance is the Euclidean one of
        pixels.

    Returns
    -------
    float
        0 where all samples are the same image; about 1 where they differ as real images do.
    """
    ours, theirs = (float(pdist(images.flatten(1).float()).mean()) for images in (samples, real))
    return ours / max(theirs, LEAST_DISTANCE)


def dead_filters(maps: torch.Tensor) -> float:
    """Give the share of a layer's filters that no longer tell images apart.

    A filter is dead if its activation is positive nowhere (a ReLU would pass nothing on, a LeakyReLU is a plain linear
    map), or if it is constant: its deviation over all images and positions is at most 1 % of the median filter's.

    Parameters
    ----------
    maps
        float (N, maps, h, w): activations after batch norm and LeakyReLU, of real images and samples.
    """
    deviation = maps.std(dim=(0, 2, 3))
    dead = (maps.amax(dim=(0, 2, 3)) <= 0) | (deviation <= CONSTANT * deviation.median())
    return float(dead.float().mean())


def response(maps_of_samples: torch.Tensor, maps_of_real: torch.Tensor) -> torch.Tensor:
    """Give how much more each filter responds to samples than to real images, float32 (maps,).

    The difference of the mean activations, in units of the activation's deviation over both batches; between -2 and 2
    for batches of one size.
    """
    deviation = torch.cat([maps_of_samples, maps_of_real]).std(dim=(0, 2, 3))
    difference = maps_of_samples.mean(dim=(0, 2, 3)) - maps_of_real.mean(dim=(0, 2, 3))
    return (difference / deviation.clamp_min(torch.finfo(deviation.dtype).tiny)).float().cpu()


def oscillating_filters(responses: torch.Tensor) -> float:
    """Give the share of filters that swing together: the paper's "single oscillating mode" of "a subset of filters".

    The mode is the leading singular vector of the responses over time, each filter's mean taken off. It oscillates if
    it crosses 0 at least three times. A filter belongs to it if the absolute correlation of its response with the mode
    is at least 0.9, and its response has a deviation of at least 0.25 over the window.

    Parameters
    ----------
    responses
        float (ticks, maps), oldest first, as ``response`` gives them.
    """
    swings = responses - responses.mean(dim=0)
    mode = torch.linalg.svd(swings, full_matrices=False).U[:, 0]
    if int((mode[1:] * mode[:-1] < 0).sum()) < CROSSINGS:
        return 0.0
    deviation = swings.norm(dim=0)
    together = (mode @ swings).abs() >= SAME_MODE * deviation
    wide = deviation >= SWING * len(swings) ** 0.5
    return float((together & wide).float().mean())


class Diagnostics:
    """Measures a training state on one fixed batch of noise and one of real images."""

    def __init__(self, state: TrainState, noise: FixedNoise, real: Batch):
        """Fix the batches: n of z and m of real images."""
        self._state, self._noise, self._real = state, noise, real
        self._labels: torch.Tensor | None = None
        if noise.labels is not None and real.labels is not None:
            self._labels = torch.cat([noise.labels, real.labels])
        self._responses: deque[torch.Tensor] = deque(maxlen=WINDOW)

    def samples(self, generator: Generator) -> torch.Tensor:
        """Give the images that a generator makes of the fixed noise, signed (n, channels, H, W)."""
        with batch_statistics(generator):
            return generator.train()(self._noise.z, self._noise.labels)

    def measure(self) -> dict[str, float | None]:
        """Give the numbers of one tick.

        Returns
        -------
        dict
            ``d_gradient_norm`` and ``g_gradient_norm`` of each network's last update; ``dead_filters`` and
            ``oscillating_filters``, shares of D's last convolution layer, the latter None until eight ticks of this
            session are there; ``diversity`` of the fixed noise.
        """
        discriminator, samples = self._state.discriminator, self.samples(self._state.generator)
        with batch_statistics(discriminator):
            # One batch, so that one normalisation holds for both halves and their difference shows.
            images = torch.cat([samples, self._real.images])
            *_, maps = discriminator.train().activations(images, self._labels).values()
        self._responses.append(response(maps[: len(samples)], maps[len(samples) :]))
        full = len(self._responses) == WINDOW
        return {
            "d_gradient_norm": gradient_norm(discriminator),
            "g_gradient_norm": gradient_norm(self._state.generator),
            "dead_filters": dead_filters(maps),
            "oscillating_filters": oscillating_filters(torch.stack([*self._responses])) if full else None,
            "diversity": diversity(samples, self._real.images),
        }
