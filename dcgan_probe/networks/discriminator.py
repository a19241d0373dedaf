"""Takes signed images, gives logits and the activations of every layer; knows no loss and no weights' origin."""

import torch
from torch import nn

from .config import NetworkConfig
from .layers import ConvolutionLayer, HiddenLayer


def convolution_layers(config: NetworkConfig) -> nn.ModuleDict:
    """Make the discriminator's layers by name; the first one is an end of the net."""
    widths = [config.nc, *(config.ndf * multiplier for multiplier in config.multipliers)]
    return nn.ModuleDict(
        {
            name: ConvolutionLayer(widths[i], widths[i + 1], config.strides[i], config, end=i == 0)
            for i, name in enumerate(config.layer_names)
        }
    )


class Discriminator(nn.Module):
    """The discriminator: convolutions that take the place of pooling, and one linear unit on the last map.

    Batch normalisation on all layers but the first, no biases, no hidden fully connected layer; a config may break
    each of these guidelines.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        self.layers = convolution_layers(config)
        self.hidden = HiddenLayer(config.last_units, config, leak=config.leak) if config.hidden else None
        self.output = nn.Linear(config.hidden or config.last_units, 1, bias=False)

    def norms(self) -> dict[str, nn.BatchNorm2d]:
        """Give the batch normalisation of each convolution layer that has one, by the layer's name."""
        return {
            name: layer.norm
            for name, layer in self.layers.items()
            if isinstance(layer, ConvolutionLayer) and layer.norm is not None
        }

    def activations(self, signed: torch.Tensor) -> dict[str, torch.Tensor]:
        """Give the maps of every convolution layer after batch normalisation, LeakyReLU and pooling, if there is any.

        Parameters
        ----------
        signed
            float (N, nc, image_size, image_size) in [-1, 1].

        Returns
        -------
        dict
            Layer name to float (N, maps, h, w), from ``conv1`` on.
        """
        maps, result = self._in_range(signed), {}
        for name, layer in self.layers.items():
            maps = layer(maps)
            result[name] = maps
        return result

    def forward(self, signed: torch.Tensor) -> torch.Tensor:
        """Give the logit (N,) of being real; its sigmoid is the paper's output."""
        maps = self._in_range(signed)
        for layer in self.layers.values():
            maps = layer(maps)  # (N, maps, h, w)
        units = maps.flatten(1)
        if self.hidden is not None:
            units = self.hidden(units)
        return self.output(units).squeeze(1)

    def _in_range(self, signed: torch.Tensor) -> torch.Tensor:
        """Give pixels in the range of G's output: -1 to 1, or 0 to 1."""
        return signed if self.config.output == "tanh" else (signed + 1) / 2
