"""Measurements of the health of training at a tick.

Batch norm normalizes by the current batch, as in training. The running statistics are restored and no random number is
drawn, so a run with diagnostics equals the run without them bit for bit.
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
"""Lower bound of the distance between real images, for a set that repeats one image."""
CONSTANT = 0.01
"""Largest deviation of a constant filter, as a share of the median deviation in its layer."""
WINDOW = 8
"""Ticks over which oscillation is judged."""
SWING = 0.25
"""Least deviation over the window of an oscillating filter's response, in units of its deviation over images.

It is about the median of healthy runs, where D's filters vary as the generator changes, but not together."""
CROSSINGS = 3
"""Least number of times that an oscillating mode crosses its mean in a window; a drift crosses it once."""
SAME_MODE = 0.9
"""Least absolute correlation of an oscillating filter with the leading mode of its layer."""


@contextmanager
def batch_statistics(network: nn.Module) -> Iterator[None]:
    """Normalize by the current batch, as in training; restore the running statistics and the mode afterwards."""
    buffers, training = {name: buffer.clone() for name, buffer in network.named_buffers()}, network.training
    try:
        with torch.no_grad():
            yield
    finally:
        for name, buffer in network.named_buffers():
            buffer.copy_(buffers[name])
        network.train(training)


def gradient_norm(network: nn.Module) -> float:
    """Return the Euclidean norm of all gradients of the last update, as one vector; 0 if there are none."""
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    return float(torch.nn.utils.get_total_norm(gradients)) if gradients else 0.0


def diversity(samples: torch.Tensor, real: torch.Tensor) -> float:
    """Return the mean distance between two samples, relative to that between two real images.

    Parameters
    ----------
    samples, real
        float (n, channels, H, W) and (m, channels, H, W), at least two images each. The distance is
        Euclidean, over pixels.

    Returns
    -------
    float
        0 if all samples are the same image; about 1 if they differ as much as real images.
    """
    ours, theirs = (float(pdist(images.flatten(1).float()).mean()) for images in (samples, real))
    return ours / max(theirs, LEAST_DISTANCE)


def dead_filters(maps: torch.Tensor) -> float:
    """Return the share of a layer's filters that no longer distinguish images.

    A filter is dead if its activation is positive nowhere (a ReLU would output zeros, and a LeakyReLU is linear there),
    or if it is constant: its deviation over all images and positions is at most 1 % of the median deviation in the
    layer.

    Parameters
    ----------
    maps
        float (N, maps, h, w): activations after batch norm and LeakyReLU, of real images and samples.
    """
    deviation = maps.std(dim=(0, 2, 3))
    dead = (maps.amax(dim=(0, 2, 3)) <= 0) | (deviation <= CONSTANT * deviation.median())
    return float(dead.float().mean())


def response(maps_of_samples: torch.Tensor, maps_of_real: torch.Tensor) -> torch.Tensor:
    """Return how much more each filter responds to samples than to real images, float32 (maps,).

    The response is the difference of the mean activations, in units of the activation's deviation over both batches. It
    lies between -2 and 2 for batches of one size.
    """
    deviation = torch.cat([maps_of_samples, maps_of_real]).std(dim=(0, 2, 3))
    difference = maps_of_samples.mean(dim=(0, 2, 3)) - maps_of_real.mean(dim=(0, 2, 3))
    return (difference / deviation.clamp_min(torch.finfo(deviation.dtype).tiny)).float().cpu()


def oscillating_filters(responses: torch.Tensor) -> float:
    """Return the share of filters that oscillate together.

    The paper reports such a "single oscillating mode" of "a subset of filters". The mode is the leading singular vector
    of the responses over time, after each filter's mean is subtracted. It oscillates if it crosses 0 at least three
    times. A filter belongs to it if the absolute correlation of its response with the mode is at least 0.9, and its
    response has a deviation of at least 0.25 over the window.

    Parameters
    ----------
    responses
        float (ticks, maps): rows as returned by ``response``, oldest first.
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
    """Measurements of a training state on one fixed batch of noise and one of real images."""

    def __init__(self, state: TrainState, noise: FixedNoise, real: Batch):
        """Set the fixed batches: n latent vectors and m real images."""
        self._state, self._noise, self._real = state, noise, real
        self._labels: torch.Tensor | None = None
        if noise.labels is not None and real.labels is not None:
            self._labels = torch.cat([noise.labels, real.labels])
        self._responses: deque[torch.Tensor] = deque(maxlen=WINDOW)

    def samples(self, generator: Generator) -> torch.Tensor:
        """Generate the images of the fixed noise, signed (n, channels, H, W)."""
        with batch_statistics(generator):
            return generator.train()(self._noise.z, self._noise.labels)

    def measure(self) -> dict[str, float | None]:
        """Compute the measurements of one tick.

        Returns
        -------
        dict
            ``d_gradient_norm`` and ``g_gradient_norm`` of each network's last update; ``dead_filters`` and
            ``oscillating_filters``, shares of D's last convolution layer, the latter None before the session's eighth
            tick; ``diversity`` of the samples of the fixed noise.
        """
        discriminator, samples = self._state.discriminator, self.samples(self._state.generator)
        with batch_statistics(discriminator):
            # One batch, so that both halves share one normalization and their difference shows.
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
