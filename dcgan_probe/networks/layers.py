"""Takes maps or units, gives those of one layer of D or G; knows no whole network, no loss and no weights' origin."""

import torch
from torch import nn

from .config import NetworkConfig


class ConvolutionLayer(nn.Module):
    """A layer of D: convolution, batch normalisation where the config has it, LeakyReLU.

    The convolution halves the side at stride 2, or max-pooling does after the activation.
    """

    def __init__(self, maps_in: int, maps_out: int, stride: int, config: NetworkConfig, *, end: bool):
        super().__init__()
        pooled = config.resampling == "max-pool" and stride > 1
        bias = config.biased(end=end)
        self.conv = nn.Conv2d(maps_in, maps_out, config.kernel, 1 if pooled else stride, config.padding, bias=bias)
        self.norm = nn.BatchNorm2d(maps_out, config.eps, affine=config.affine) if config.normalised(end=end) else None
        # Not in place: a hook on the layer before must see what that layer gave.
        self.activation = nn.LeakyReLU(config.leak)
        self.pool = nn.MaxPool2d(stride) if pooled else None

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Give maps (N, maps_out, h / stride, w / stride) for maps (N, maps_in, h, w)."""
        maps = self.activated(self.conv(maps))
        return maps if self.pool is None else self.pool(maps)

    def activated(self, maps: torch.Tensor) -> torch.Tensor:
        """Apply batch normalisation, where there is one, and the activation."""
        return self.activation(maps if self.norm is None else self.norm(maps))


class TransposedLayer(nn.Module):
    """A hidden layer of G, which mirrors one of D: it multiplies the side; batch normalisation, ReLU."""

    def __init__(self, maps_in: int, maps_out: int, stride: int, config: NetworkConfig):
        super().__init__()
        self.conv = transposed_convolution(maps_in, maps_out, stride, config, end=False)
        normalised = config.normalised(end=False)
        self.norm = nn.BatchNorm2d(maps_out, config.eps, affine=config.affine) if normalised else None
        self.activation = nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Give maps (N, maps_out, h * stride, w * stride) for maps (N, maps_in, h, w)."""
        return self.activated(self.conv(maps))

    def activated(self, maps: torch.Tensor) -> torch.Tensor:
        """Apply batch normalisation, where there is one, and the activation."""
        return self.activation(maps if self.norm is None else self.norm(maps))


def transposed_convolution(
    maps_in: int, maps_out: int, stride: int, config: NetworkConfig, *, end: bool
) -> nn.ConvTranspose2d | nn.Sequential:
    """Make the transpose of a discriminator's convolution: it multiplies the side by ``stride`` exactly.

    Where D pools, nearest-neighbour doubling comes before the transpose of a stride-1 convolution, which is one itself.
    """
    doubled = config.resampling == "max-pool" and stride > 1
    step = 1 if doubled else stride
    extra = step + 2 * config.padding - config.kernel
    bias = config.biased(end=end)
    conv = nn.ConvTranspose2d(maps_in, maps_out, config.kernel, step, config.padding, extra, bias=bias)
    return nn.Sequential(nn.Upsample(scale_factor=stride, mode="nearest"), conv) if doubled else conv


class HiddenLayer(nn.Module):
    """A fully connected layer: product, batch normalisation unless the config has none, LeakyReLU or ReLU."""

    def __init__(self, units: int, config: NetworkConfig, *, leak: float):
        super().__init__()
        self.product = nn.Linear(units, config.hidden, bias=config.biased(end=False))
        normalised = config.normalised(end=False)
        self.norm = nn.BatchNorm1d(config.hidden, config.eps, affine=config.affine) if normalised else None
        self.activation = nn.LeakyReLU(leak)

    def forward(self, units: torch.Tensor) -> torch.Tensor:
        """Give units (N, hidden) for units (N, units)."""
        units = self.product(units)
        return self.activation(units if self.norm is None else self.norm(units))
