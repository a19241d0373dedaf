"""Takes latent vectors, gives signed images; knows no loss and no weights' origin."""

import torch
from torch import nn

from .config import NetworkConfig
from .layers import HiddenLayer, TransposedLayer, transposed_convolution


class Generator(nn.Module):
    """The generator: z projected to a small map, then fractionally-strided convolutions up to the image, tanh.

    Batch normalisation on every layer but the last, no biases; a config may break each of these guidelines.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        widths = [config.ngf * multiplier for multiplier in reversed(config.multipliers)]
        strides = list(reversed(config.strides))
        self.first_shape = (widths[0], config.last_map, config.last_map)
        units = widths[0] * config.last_map**2
        self.hidden = HiddenLayer(config.nz, config, leak=0.0) if config.hidden else None
        self.project = nn.Linear(config.hidden or config.nz, units, bias=config.biased(end=False))
        self.first_norm: nn.Module | None = None
        if config.normalised(end=False):
            per_unit = config.first_norm == "unit"
            self.first_norm = nn.BatchNorm1d(units, config.eps) if per_unit else nn.BatchNorm2d(widths[0], config.eps)
        self.first_activation = nn.ReLU()
        self.layers = nn.ModuleDict(
            {
                f"deconv{i + 1}": TransposedLayer(widths[i], widths[i + 1], strides[i], config)
                for i in range(len(strides) - 1)
            }
        )
        self.output = transposed_convolution(widths[-1], config.nc, strides[-1], config, end=True)
        self.output_norm = nn.BatchNorm2d(config.nc, eps=config.eps) if config.normalised(end=True) else None

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Give signed images (N, nc, image_size, image_size) in [-1, 1] for z (N, nz)."""
        units = self.project(z if self.hidden is None else self.hidden(z))
        if isinstance(self.first_norm, nn.BatchNorm1d):
            units = self.first_norm(units)
        maps = units.unflatten(1, self.first_shape)
        if isinstance(self.first_norm, nn.BatchNorm2d):
            maps = self.first_norm(maps)
        maps = self.first_activation(maps)
        for layer in self.layers.values():
            maps = layer(maps)
        maps = self.output(maps)
        if self.output_norm is not None:
            maps = self.output_norm(maps)
        # A sigmoid's 0 to 1, as signed pixels.
        return torch.tanh(maps) if self.config.output == "tanh" else 2 * torch.sigmoid(maps) - 1


def draw_z(config: NetworkConfig, rows: int, generator: torch.Generator) -> torch.Tensor:
    """Draw latent vectors, float32 (rows, nz), on the generator's device, from the config's distribution."""
    shape, device = (rows, config.nz), generator.device
    if config.z == "gaussian":
        return torch.randn(shape, generator=generator, device=device)
    return torch.rand(shape, generator=generator, device=device) * 2 - 1
