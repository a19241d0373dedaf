"""Layers of the discriminator D and of the generator G."""

import torch
from torch import nn

from .config import NetworkConfig


class ConvolutionLayer(nn.Module):
    """Layer of D: convolution, batch normalization if configured, LeakyReLU, max-pooling if configured.

    At stride 2, either the convolution or the max-pooling halves the side.
    """

    def __init__(self, maps_in: int, maps_out: int, stride: int, config: NetworkConfig, *, end: bool):
        super().__init__()
        pooled = config.resampling == "max-pool" and stride > 1
        bias = config.has_bias(end=end)
        self.conv = nn.Conv2d(maps_in, maps_out, config.kernel, 1 if pooled else stride, config.padding, bias=bias)
        self.norm = nn.BatchNorm2d(maps_out, config.eps, affine=config.affine) if config.has_norm(end=end) else None
        # Not in place, so that a hook on the preceding module sees that module's unmodified output.
        self.activation = nn.LeakyReLU(config.leak)
        self.pool = nn.MaxPool2d(stride) if pooled else None

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Compute maps (N, maps_out, h / stride, w / stride) from maps (N, maps_in, h, w)."""
        maps = self.activated(self.conv(maps))
        return maps if self.pool is None else self.pool(maps)

    def activated(self, maps: torch.Tensor) -> torch.Tensor:
        """Apply the batch normalization, if any, and the activation."""
        return self.activation(maps if self.norm is None else self.norm(maps))


class TransposedLayer(nn.Module):
    """Hidden layer of G: transposed convolution, batch normalization if configured, ReLU."""

    def __init__(self, maps_in: int, maps_out: int, stride: int, config: NetworkConfig):
        super().__init__()
        self.conv = transposed_convolution(maps_in, maps_out, stride, config, end=False)
        normalized = config.has_norm(end=False)
        self.norm = nn.BatchNorm2d(maps_out, config.eps, affine=config.affine) if normalized else None
        self.activation = nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Compute maps (N, maps_out, h * stride, w * stride) from maps (N, maps_in, h, w)."""
        return self.activated(self.conv(maps))

    def activated(self, maps: torch.Tensor) -> torch.Tensor:
        """Apply the batch normalization, if any, and the activation."""
        return self.activation(maps if self.norm is None else self.norm(maps))


def transposed_convolution(
    maps_in: int, maps_out: int, stride: int, config: NetworkConfig, *, end: bool
) -> nn.ConvTranspose2d | nn.Sequential:
    """Build the transpose of a discriminator's convolution, which multiplies the side by exactly ``stride``.

    Where D pools, nearest-neighbor upsampling precedes the transpose of a stride-1 convolution, itself a stride-1
    convolution.
    """
    doubled = config.resampling == "max-pool" and stride > 1
    step = 1 if doubled else stride
    extra = step + 2 * config.padding - config.kernel
    bias = config.has_bias(end=end)
    conv = nn.ConvTranspose2d(maps_in, maps_out, config.kernel, step, config.padding, extra, bias=bias)
    return nn.Sequential(nn.Upsample(scale_factor=stride, mode="nearest"), conv) if doubled else conv


class HiddenLayer(nn.Module):
    """Fully connected layer: linear map, batch normalization if configured, LeakyReLU or ReLU."""

    def __init__(self, units: int, config: NetworkConfig, *, leak: float):
        super().__init__()
        self.product = nn.Linear(units, config.hidden, bias=config.has_bias(end=False))
        normalized = config.has_norm(end=False)
        self.norm = nn.BatchNorm1d(config.hidden, config.eps, affine=config.affine) if normalized else None
        self.activation = nn.LeakyReLU(leak)

    def forward(self, units: torch.Tensor) -> torch.Tensor:
        """Compute units (N, hidden) from units (N, units)."""
        units = self.product(units)
        return self.activation(units if self.norm is None else self.norm(units))
