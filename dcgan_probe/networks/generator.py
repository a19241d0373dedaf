"""Takes latent vectors, gives signed images; knows no loss and no weights' origin."""

import torch
from torch import nn

from .config import NetworkConfig


class TransposedLayer(nn.Module):
    """Fractionally-strided convolution without bias, batch normalisation, ReLU."""

    def __init__(self, maps_in: int, maps_out: int, stride: int, config: NetworkConfig):
        super().__init__()
        self.conv = transposed_convolution(maps_in, maps_out, stride, config)
        self.norm = nn.BatchNorm2d(maps_out, eps=config.eps)
        self.activation = nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Give maps (N, maps_out, h * stride, w * stride) for maps (N, maps_in, h, w)."""
        return self.activation(self.norm(self.conv(maps)))


def transposed_convolution(maps_in: int, maps_out: int, stride: int, config: NetworkConfig) -> nn.ConvTranspose2d:
    """Make the transpose of a discriminator's convolution: it multiplies the side by ``stride`` exactly."""
    extra = stride + 2 * config.padding - config.kernel
    return nn.ConvTranspose2d(maps_in, maps_out, config.kernel, stride, config.padding, extra, bias=False)


class Generator(nn.Module):
    """The generator: z projected to a small map, then fractionally-strided convolutions up to the image, tanh.

    Batch normalisation on every layer but the last, no biases.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        widths = [config.ngf * multiplier for multiplier in reversed(config.multipliers)]
        strides = list(reversed(config.strides))
        self.first_shape = (widths[0], config.last_map, config.last_map)
        units = widths[0] * config.last_map**2
        self.project = nn.Linear(config.nz, units, bias=False)
        if config.first_norm == "unit":
            self.first_norm: nn.Module = nn.BatchNorm1d(units, eps=config.eps)
        else:
            self.first_norm = nn.BatchNorm2d(widths[0], eps=config.eps)
        self.first_activation = nn.ReLU()
        self.layers = nn.ModuleDict(
            {
                f"deconv{i + 1}": TransposedLayer(widths[i], widths[i + 1], strides[i], config)
                for i in range(len(strides) - 1)
            }
        )
        self.output = transposed_convolution(widths[-1], config.nc, strides[-1], config)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Give signed images (N, nc, image_size, image_size) in [-1, 1] for z (N, nz)."""
        if self.config.first_norm == "unit":
            maps = self.first_norm(self.project(z)).unflatten(1, self.first_shape)
        else:
            maps = self.first_norm(self.project(z).unflatten(1, self.first_shape))
        maps = self.first_activation(maps)
        for layer in self.layers.values():
            maps = layer(maps)
        return torch.tanh(self.output(maps))


def draw_z(config: NetworkConfig, rows: int, generator: torch.Generator) -> torch.Tensor:
    """Draw latent vectors, float32 (rows, nz), on the generator's device, from the config's distribution."""
    shape, device = (rows, config.nz), generator.device
    if config.z == "gaussian":
        return torch.randn(shape, generator=generator, device=device)
    return torch.rand(shape, generator=generator, device=device) * 2 - 1
