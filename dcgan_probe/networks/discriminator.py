"""Takes signed images, gives logits and the activations of every layer; knows no loss and no weights' origin."""

import torch
from torch import nn

from .config import NetworkConfig

LEAK = 0.2


class ConvolutionLayer(nn.Module):
    """Strided convolution without bias, batch normalisation where asked for, LeakyReLU of slope 0.2."""

    def __init__(self, maps_in: int, maps_out: int, stride: int, config: NetworkConfig, *, norm: bool):
        super().__init__()
        self.conv = nn.Conv2d(maps_in, maps_out, config.kernel, stride, config.padding, bias=False)
        self.norm = nn.BatchNorm2d(maps_out, eps=config.eps) if norm else None
        # Not in place: a hook on the layer before must see what that layer gave.
        self.activation = nn.LeakyReLU(LEAK)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Give maps (N, maps_out, h / stride, w / stride) for maps (N, maps_in, h, w)."""
        maps = self.conv(maps)
        if self.norm is not None:
            maps = self.norm(maps)
        return self.activation(maps)


def convolution_layers(config: NetworkConfig) -> nn.ModuleDict:
    """Make the discriminator's layers by name: batch normalisation on all but the first."""
    widths = [config.nc, *(config.ndf * multiplier for multiplier in config.multipliers)]
    return nn.ModuleDict(
        {
            name: ConvolutionLayer(widths[i], widths[i + 1], config.strides[i], config, norm=i > 0)
            for i, name in enumerate(config.layer_names)
        }
    )


class Discriminator(nn.Module):
    """The discriminator: convolutions that take the place of pooling, and one linear unit on the last map.

    Batch normalisation on all layers but the first, no biases, no hidden fully connected layer.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        self.layers = convolution_layers(config)
        self.output = nn.Linear(config.last_units, 1, bias=False)

    def norms(self) -> dict[str, nn.BatchNorm2d]:
        """Give the batch normalisation of each layer that has one, by the layer's name."""
        return {
            name: layer.norm
            for name, layer in self.layers.items()
            if isinstance(layer, ConvolutionLayer) and layer.norm is not None
        }

    def activations(self, signed: torch.Tensor) -> dict[str, torch.Tensor]:
        """Give the maps of every layer after batch normalisation and LeakyReLU.

        Parameters
        ----------
        signed
            float (N, nc, image_size, image_size) in [-1, 1].

        Returns
        -------
        dict
            Layer name to float (N, maps, h, w), from ``conv1`` on.
        """
        maps, result = signed, {}
        for name, layer in self.layers.items():
            maps = layer(maps)
            result[name] = maps
        return result

    def forward(self, signed: torch.Tensor) -> torch.Tensor:
        """Give the logit (N,) of being real; its sigmoid is the paper's output."""
        maps = signed
        for layer in self.layers.values():
            maps = layer(maps)  # (N, maps, h, w)
        return self.output(maps.flatten(1)).squeeze(1)
