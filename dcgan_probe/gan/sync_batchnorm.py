"""Batch norm over the batches of all ranks.

Torch's own ``SyncBatchNorm`` runs on GPUs only, and changes the networks permanently. With x of all ranks, N rows in
all::

    mean = average over ranks of mean(x)
    var  = average over ranks of mean((x - mean)^2)
    y    = (x - mean) / sqrt(var + eps) * weight + bias        (without weight and bias if norm has none)

In the backward pass, an average over ranks is an average over ranks again: each rank's loss depends on every rank's x
through mean and var. The gradients of the weights are averaged over the ranks afterwards, like all others.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn

from ..runtime import Ranks


class AverageOverRanks(torch.autograd.Function):
    """Mean of a tensor over the ranks; in the backward pass, the mean of its gradient over the ranks."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, ranks: Ranks) -> torch.Tensor:
        """Average ``values``, which have one shape on all ranks."""
        ctx.ranks = ranks
        return _averaged(values, ranks)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Average the gradient."""
        return _averaged(gradients[0], ctx.ranks), None


def _averaged(values: torch.Tensor, ranks: Ranks) -> torch.Tensor:
    result = values.clone()
    ranks.average([result])
    return result


@contextmanager
def shared_norms(networks: Sequence[nn.Module], ranks: Ranks) -> Iterator[None]:
    """Normalize by the batches of all ranks within the block, which all ranks must execute alike.

    Outside the block, a single rank can use a network, for example for a grid of samples.
    """
    modules = [module for network in networks for module in network.modules()]
    norms = [module for module in modules if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    for norm in norms:
        norm.forward = partial(_normalize, norm, ranks)  # type: ignore[method-assign]  # hides the method of its class
    try:
        yield
    finally:
        for norm in norms:
            del norm.forward


def _normalize(norm: nn.BatchNorm1d | nn.BatchNorm2d, ranks: Ranks, maps: torch.Tensor) -> torch.Tensor:
    """Apply ``norm`` as in training to maps (N, channels) or (N, channels, h, w) of every rank."""
    assert norm.running_mean is not None
    values = maps.to(norm.running_mean.dtype)  # statistics of half-precision maps need more precision
    axes = [axis for axis in range(values.ndim) if axis != 1]
    shape = [1, -1, *[1] * (values.ndim - 2)]
    mean = AverageOverRanks.apply(values.mean(axes), ranks)
    centered = values - mean.view(shape)
    variance = AverageOverRanks.apply(centered.square().mean(axes), ranks)
    _follow(norm, mean.detach(), variance.detach(), ranks.size * values.numel() // values.shape[1])
    scale = (variance + norm.eps).rsqrt()
    if not norm.affine:
        return (centered * scale.view(shape)).to(maps.dtype)
    gain = norm.weight * scale
    return torch.addcmul(norm.bias.view(shape), centered, gain.view(shape)).to(maps.dtype)


def _follow(norm: nn.BatchNorm1d | nn.BatchNorm2d, mean: torch.Tensor, variance: torch.Tensor, count: int) -> None:
    """Update the running statistics as ``norm`` does, with the unbiased variance of ``count`` values."""
    assert norm.momentum is not None
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    with torch.no_grad():
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * (count / (count - 1)), norm.momentum)
        norm.num_batches_tracked.add_(1)
