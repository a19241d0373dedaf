"""Backpropagation to the pixels that excite a feature of the discriminator, by one of three rules.

The gradient of an activation with respect to the pixels, where each activation function phi passes the signal R that
comes back from above by one of three rules::

    gradient        phi'(x) R              the derivative itself
    deconvolution   max(R, 0)              [Zeiler and Fergus 2014, arXiv 1311.2901]
    guided          phi'(x) max(R, 0)      [Springenberg et al. 2014, arXiv 1412.6806], what the DCGAN paper shows

The last two were written for ReLU, whose derivative is 1 above 0 and 0 below: guided is then both masks at once. The
discriminator has LeakyReLU, whose derivative is the leak below 0, so that a unit which is off passes a fifth of what it
gets on, instead of nothing. What both rules share stays: no signal that would lower the units on its way.
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
"""Of the pixels that a position sees, in ``concentration``."""


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
    """LeakyReLU forward; backward one of the rules above."""

    def __init__(self, leak: float, rule: Rule):
        super().__init__(leak)
        self.rule = rule

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Give the activations of maps of any shape."""
        return _Ruled.apply(maps, self.negative_slope, self.rule)


def with_rule(network: Discriminator, rule: Rule) -> Discriminator:
    """Give a copy of a discriminator, in evaluation mode, whose activations pass signals back by a rule."""
    copy = deepcopy(network).eval().requires_grad_(False)
    for layer in copy.layers.values():
        if isinstance(layer, ConvolutionLayer):
            layer.activation = RuledActivation(copy.config.leak, rule)
    return copy


def feature_saliency(
    network: Discriminator, layer: str, signed: torch.Tensor, features: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Follow the strongest activation of one feature in each image back to the pixels.

    Parameters
    ----------
    network
        From ``with_rule``, in evaluation mode: no image must depend on the others.
    layer
        Whose maps are the features.
    signed
        float (n, channels, H, W).
    features
        For each image, the number of a map.

    Returns
    -------
    tuple
        Saliency, of the shape of ``signed``; the activation that it explains, the largest over the map's positions,
        (n,); and that position, row and column, int64 (n, 2).
    """
    signed = signed.detach().requires_grad_()
    maps = network.activations(signed)[layer]  # (n, maps, h, w)
    peaks, places = maps[torch.arange(len(maps)), list(features)].flatten(1).max(dim=1)  # (n,)
    (saliency,) = torch.autograd.grad(peaks.sum(), signed)
    rows_and_columns = torch.stack([places // maps.shape[3], places % maps.shape[3]], dim=1)
    return saliency, peaks.detach(), rows_and_columns


def seen_pixels(network: Discriminator, layer: str, positions: np.ndarray) -> np.ndarray:
    """Count the pixels that positions of a layer's maps see, those of their receptive fields inside the image.

    Going down through each layer, positions first to last of what pools are ``first * stride`` to ``last * stride +
    window - 1`` of what it pools, and likewise of a convolution, less its padding.

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
    """Give the rows of the ``count`` largest numbers of each column, the largest first: int64 (count, D) of (N, D)."""
    return np.argsort(-peaks, axis=0, kind="stable")[:count]


def selectivity(peaks: np.ndarray, count: int) -> np.ndarray:
    """Tell how far the mean of a feature's ``count`` strongest images stands out, float64 (D,) of peaks (N, D).

    In standard deviations over all N images above their mean; a feature that is the same everywhere has 0.
    """
    top = np.take_along_axis(peaks, strongest(peaks, count), axis=0).mean(axis=0, dtype=np.float64)
    deviation = peaks.std(axis=0, dtype=np.float64)
    return np.divide(top - peaks.mean(axis=0, dtype=np.float64), deviation, out=np.zeros_like(top), where=deviation > 0)


def energy(saliency: np.ndarray) -> np.ndarray:
    """Give each pixel's squared saliency, summed over the channels: float64 (n, H, W) of (n, channels, H, W)."""
    return (saliency.astype(np.float64) ** 2).sum(axis=1)


def concentration(saliency: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Give the share of an image's energy that lies in the strongest quarter of the pixels seen, float64 (n,).

    About 0.25: spread evenly over what the position sees, or there is none at all. 1: three quarters of it say nothing.
    Over the whole image, the share would be 1 wherever a position sees less than a quarter of it.

    Parameters
    ----------
    seen
        int64 (n,): how many pixels the position sees; all others have no saliency.
    """
    best_first = np.sort(energy(saliency).reshape(len(saliency), -1), axis=1)[:, ::-1]
    best = np.maximum(1, np.rint(BEST_SHARE * seen).astype(np.int64))
    total = best_first.sum(axis=1)
    within = best_first.cumsum(axis=1)[np.arange(len(best)), best - 1]
    return np.divide(within, total, out=np.full(len(total), BEST_SHARE), where=total > 0)


def likeness(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Give the correlation over the pixels of two saliencies' energies of the same images, float64 (n,).

    Near 1, saliency shows the image more than the network: "sanity checks" [Adebayo et al. 2018, arXiv 1810.03292].
    """
    a, b = (energy(each).reshape(len(each), -1) for each in (one, other))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.divide((a * b).sum(axis=1), lengths, out=np.zeros(len(a)), where=lengths > 0)


def as_images(saliency: np.ndarray) -> np.ndarray:
    """Give saliency as pictures uint8: grey is 0, and each image's own largest number is white or black."""
    largest = np.abs(saliency).max(axis=(1, 2, 3), keepdims=True)
    return (127.5 + 127.5 * saliency / np.where(largest > 0, largest, 1)).round().astype(np.uint8)


def score_saliency(
    encoder: DiscriminatorEncoder, coefficients: np.ndarray, images: np.ndarray, device: torch.device
) -> np.ndarray:
    """Tell how much each pixel speaks for an attribute, by the gradient of a linear probe's score.

    The score of an image x is w . features(x). To first order, a pixel's part in it is how it differs from the image's
    mean colour, times what the score gains by it::

        part_p = sum over channels c of (x_pc - mean_c) d(w . features(x)) / d x_pc

    Without the mean, a bright wall has a large part in everything.

    Parameters
    ----------
    encoder
        What the probe sees images by.
    coefficients
        The probe's w, (D,).
    images
        uint8 (n, channels, H, W).

    Returns
    -------
    numpy.ndarray
        float32 (n, H, W), above 0 for what raises the score.
    """
    weights = torch.from_numpy(coefficients).float().to(device)
    parts = []
    for start in range(0, len(images), encoder.batch):
        signed = to_signed(torch.from_numpy(images[start : start + encoder.batch]).to(device)).requires_grad_()
        (gradient,) = torch.autograd.grad((encoder.features_of(signed) @ weights).sum(), signed)
        contrast = signed.detach() - signed.detach().mean(dim=(2, 3), keepdim=True)
        parts.append((contrast * gradient).sum(dim=1).cpu())
    return torch.cat(parts).numpy()
