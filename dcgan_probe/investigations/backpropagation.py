"""Backpropagation to the pixels that excite a feature of the discriminator, by one of three rules.

The backward pass gives the gradient of an activation with respect to the pixels. Each activation function phi passes
the signal R from the layer above by one of three rules::

    gradient        phi'(x) R              the derivative itself
    deconvolution   max(R, 0)              [Zeiler and Fergus 2014, arXiv 1311.2901]
    guided          phi'(x) max(R, 0)      [Springenberg et al. 2014, arXiv 1412.6806], used in the DCGAN paper

The last two rules were defined for ReLU, whose derivative is 1 above 0 and 0 below; guided then applies both masks. The
discriminator has LeakyReLU, whose derivative is the leak below 0, so an inactive unit passes a fifth of its signal
instead of nothing. Both rules still remove every signal that would lower the units on its way.
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import leaky_relu

from ..features import DiscriminatorEncoder
from ..images import to_signed
from ..networks import Discriminator
from ..networks.layers import ConvolutionLayer
from .settings import Rule

BEST_SHARE = 0.25
"""Share of the pixels seen by a position, in ``concentration``."""


class _Ruled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, leak: float, rule: Rule) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.leak, ctx.rule = leak, rule
        return leaky_relu(x, leak)

    @staticmethod
    def backward(ctx: Any, *signals: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (x,), (signal,) = ctx.saved_tensors, signals
        if ctx.rule != "gradient":
            signal = signal.clamp(min=0)
        if ctx.rule != "deconvolution":
            signal = torch.where(x > 0, signal, ctx.leak * signal)
        return signal, None, None


class RuledActivation(nn.LeakyReLU):
    """LeakyReLU with one of the rules above in the backward pass."""

    def __init__(self, leak: float, rule: Rule):
        super().__init__(leak)
        self.rule = rule

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the activations of maps of any shape."""
        return _Ruled.apply(maps, self.negative_slope, self.rule)


def with_rule(network: Discriminator, rule: Rule) -> Discriminator:
    """Return a copy of a discriminator, in evaluation mode, whose activations pass signals back by a rule."""
    copy = deepcopy(network).eval().requires_grad_(False)
    for layer in copy.layers.values():
        if isinstance(layer, ConvolutionLayer):
            layer.activation = RuledActivation(copy.config.leak, rule)
    return copy


def feature_saliency(
    network: Discriminator, layer: str, signed: torch.Tensor, features: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Backpropagate the strongest activation of one feature in each image to the pixels.

    Parameters
    ----------
    network
        Network from ``with_rule``, in evaluation mode, so that images do not depend on each other.
    layer
        Name of the layer whose maps are the features.
    signed
        float (n, channels, H, W).
    features
        Number of a map for each image, (n,).

    Returns
    -------
    tuple
        Saliency, of the shape of ``signed``; the activation that it explains, the largest over the map's positions,
        (n,); and the position of this activation, row and column, int64 (n, 2).
    """
    signed = signed.detach().requires_grad_()
    maps = network.activations(signed)[layer]  # (n, maps, h, w)
    peaks, places = maps[torch.arange(len(maps)), list(features)].flatten(1).max(dim=1)  # (n,)
    (saliency,) = torch.autograd.grad(peaks.sum(), signed)
    rows_and_columns = torch.stack([places // maps.shape[3], places % maps.shape[3]], dim=1)
    return saliency, peaks.detach(), rows_and_columns


def seen_pixels(network: Discriminator, layer: str, positions: np.ndarray) -> np.ndarray:
    """Count the pixels seen by positions of a layer's maps: their receptive fields inside the image.

    Through each layer from the top, positions first to last of a pooling's output cover ``first * stride`` to ``last *
    stride + window - 1`` of its input. The same holds for a convolution, less its padding.

    Parameters
    ----------
    positions
        Row and column, int64 (n, 2).

    Returns
    -------
    numpy.ndarray
        int64 (n,).
    """
    config, depth = network.config, network.config.layer_names.index(layer)
    first, last = positions.copy(), positions.copy()
    for stride in reversed(config.strides[: depth + 1]):
        pooled, step = (stride, 1) if config.resampling == "max-pool" else (1, stride)
        first, last = first * pooled, last * pooled + pooled - 1
        first, last = first * step - config.padding, last * step - config.padding + config.kernel - 1
    size = config.image_size
    return (last.clip(max=size - 1) - first.clip(min=0) + 1).prod(axis=1)


def strongest(peaks: np.ndarray, count: int) -> np.ndarray:
    """Return the rows of the ``count`` largest numbers of each column, largest first: int64 (count, D) of (N, D)."""
    return np.argsort(-peaks, axis=0, kind="stable")[:count]


def selectivity(peaks: np.ndarray, count: int) -> np.ndarray:
    """Measure how far a feature's ``count`` strongest images stand out, float64 (D,) for peaks (N, D).

    The measure is the mean of these images less the mean of all N images, in standard deviations over all images; a
    constant feature has 0.
    """
    top = np.take_along_axis(peaks, strongest(peaks, count), axis=0).mean(axis=0, dtype=np.float64)
    deviation = peaks.std(axis=0, dtype=np.float64)
    return np.divide(top - peaks.mean(axis=0, dtype=np.float64), deviation, out=np.zeros_like(top), where=deviation > 0)


def energy(saliency: np.ndarray) -> np.ndarray:
    """Return each pixel's squared saliency, summed over the channels: float64 (n, H, W) of (n, channels, H, W)."""
    return (saliency.astype(np.float64) ** 2).sum(axis=1)


def concentration(saliency: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the share of an image's energy in the strongest quarter of the pixels seen, float64 (n,).

    A share of about 0.25 means that the energy is spread evenly over the pixels seen, or that there is no energy. A
    share of 1 means that three quarters of these pixels contribute nothing. Over the whole image, the share would be 1
    for every position that sees less than a quarter of it.

    Parameters
    ----------
    saliency
        float (n, channels, H, W).
    seen
        int64 (n,): number of pixels that the position sees; all other pixels have no saliency.
    """
    best_first = np.sort(energy(saliency).reshape(len(saliency), -1), axis=1)[:, ::-1]
    best = np.maximum(1, np.rint(BEST_SHARE * seen).astype(np.int64))
    total = best_first.sum(axis=1)
    within = best_first.cumsum(axis=1)[np.arange(len(best)), best - 1]
    return np.divide(within, total, out=np.full(len(total), BEST_SHARE), where=total > 0)


def likeness(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the correlation over pixels of the energies of two saliencies (n, channels, H, W), float64 (n,).

    A correlation near 1 means that saliency shows the image more than the network, as in the "sanity checks" of
    [Adebayo et al. 2018, arXiv 1810.03292].
    """
    a, b = (energy(each).reshape(len(each), -1) for each in (one, other))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.divide((a * b).sum(axis=1), lengths, out=np.zeros(len(a)), where=lengths > 0)


def as_images(saliency: np.ndarray) -> np.ndarray:
    """Return saliency as pictures uint8: gray is 0, and the largest magnitude of each image is white or black."""
    largest = np.abs(saliency).max(axis=(1, 2, 3), keepdims=True)
    return (127.5 + 127.5 * saliency / np.where(largest > 0, largest, 1)).round().astype(np.uint8)


def score_saliency(
    encoder: DiscriminatorEncoder, coefficients: np.ndarray, images: np.ndarray, device: torch.device
) -> np.ndarray:
    """Measure how much each pixel raises a linear probe's score, by the gradient of the score.

    The score of an image x is w . features(x). To first order, a pixel's part in the score is its difference from the
    image's mean color, times the gradient of the score::

        part_p = sum over channels c of (x_pc - mean_c) d(w . features(x)) / d x_pc

    Without the mean, a bright area would have a large part in every score.

    Parameters
    ----------
    encoder
        Encoder of the probe's features.
    coefficients
        Coefficients w of the probe, (D,).
    images
        uint8 (n, channels, H, W).

    Returns
    -------
    numpy.ndarray
        float32 (n, H, W), above 0 for pixels that raise the score.
    """
    weights = torch.from_numpy(coefficients).float().to(device)
    parts = []
    for start in range(0, len(images), encoder.batch):
        signed = to_signed(torch.from_numpy(images[start : start + encoder.batch]).to(device)).requires_grad_()
        (gradient,) = torch.autograd.grad((encoder.features_of(signed) @ weights).sum(), signed)
        contrast = signed.detach() - signed.detach().mean(dim=(2, 3), keepdim=True)
        parts.append((contrast * gradient).sum(dim=1).cpu())
    return torch.cat(parts).numpy()
