"""Generator, and the distribution of its latent vectors."""

import torch
from torch import nn

from .conditioning import one_hot_labels, with_labels
from .config import NetworkConfig
from .layers import HiddenLayer, TransposedLayer, transposed_convolution


class Generator(nn.Module):
    """Generator: a projection of z to small maps, fractionally-strided convolutions up to the image, and tanh.

    By default all layers except the last have batch normalization and no layer has a bias; a config may break each of
    these guidelines. With classes, the label of the image is an input of every layer.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        widths = [config.ngf * multiplier for multiplier in reversed(config.multipliers)]
        strides = list(reversed(config.strides))
        self.first_shape = (widths[0], config.last_map, config.last_map)
        units, classes = widths[0] * config.last_map**2, config.classes
        self.hidden = HiddenLayer(config.nz + classes, config, leak=0.0) if config.hidden else None
        self.project = nn.Linear((config.hidden or config.nz) + classes, units, bias=config.has_bias(end=False))
        self.first_norm: nn.Module | None = None
        if config.has_norm(end=False):
            if config.first_norm == "unit":
                self.first_norm = nn.BatchNorm1d(units, config.eps, affine=config.affine)
            else:
                self.first_norm = nn.BatchNorm2d(widths[0], config.eps, affine=config.affine)
        self.first_activation = nn.ReLU()
        self.layers = nn.ModuleDict(
            {
                f"deconv{i + 1}": TransposedLayer(widths[i] + classes, widths[i + 1], strides[i], config)
                for i in range(len(strides) - 1)
            }
        )
        self.output = transposed_convolution(widths[-1] + classes, config.nc, strides[-1], config, end=True)
        normalized = config.has_norm(end=True)
        self.output_norm = nn.BatchNorm2d(config.nc, config.eps, affine=config.affine) if normalized else None

    def forward(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Generate images.

        Parameters
        ----------
        z
            Latent vectors, float (N, nz).
        labels
            int64 (N,), 0 to ``classes`` - 1, for a network with classes; None otherwise.

        Returns
        -------
        torch.Tensor
            float (N, nc, image_size, image_size) in [-1, 1].

        Raises
        ------
        UserError
            If labels are missing for a network with classes, or given for one without.
        """
        given = one_hot_labels(self.config, labels)
        units = with_labels(z, given)
        if self.hidden is not None:
            units = with_labels(self.hidden(units), given)
        units = self.project(units)
        if isinstance(self.first_norm, nn.BatchNorm1d):
            units = self.first_norm(units)
        maps = units.unflatten(1, self.first_shape)
        if isinstance(self.first_norm, nn.BatchNorm2d):
            maps = self.first_norm(maps)
        maps = self.first_activation(maps)
        for layer in self.layers.values():
            maps = layer(with_labels(maps, given))
        maps = self.output(with_labels(maps, given))
        if self.output_norm is not None:
            maps = self.output_norm(maps)
        # The sigmoid's range, 0 to 1, is mapped to -1 to 1.
        return torch.tanh(maps) if self.config.output == "tanh" else 2 * torch.sigmoid(maps) - 1


def draw_z(config: NetworkConfig, rows: int, generator: torch.Generator) -> torch.Tensor:
    """Draw latent vectors, float32 (rows, nz), from the config's distribution, on the device of the generator."""
    shape, device = (rows, config.nz), generator.device
    if config.z == "gaussian":
        return torch.randn(shape, generator=generator, device=device)
    return torch.rand(shape, generator=generator, device=device) * 2 - 1
