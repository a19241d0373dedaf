"""Takes signed images, and maybe labels, gives logits and every layer's activations; knows no loss and no origin."""

import torch
from torch import nn

from .conditioning import one_hot_labels, with_labels
from .config import NetworkConfig
from .layers import ConvolutionLayer, HiddenLayer


def convolution_layers(config: NetworkConfig) -> nn.ModuleDict:
    """Make the discriminator's layers by name; the first one is an end of the net."""
    widths = [config.nc, *(config.ndf * multiplier for multiplier in config.multipliers)]
    return nn.ModuleDict(
        {
            name: ConvolutionLayer(widths[i] + config.classes, widths[i + 1], config.strides[i], config, end=i == 0)
            for i, name in enumerate(config.layer_names)
        }
    )


class Discriminator(nn.Module):
    """The discriminator: convolutions that take the place of pooling, and one linear unit on the last map.

    Batch normalisation on all layers but the first, no biases, no hidden fully connected layer; a config may break
    each of these guidelines. With classes, every layer sees the image's label.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        self.layers = convolution_layers(config)
        units = config.last_units + config.classes
        self.hidden = HiddenLayer(units, config, leak=config.leak) if config.hidden else None
        self.output = nn.Linear(config.hidden + config.classes if config.hidden else units, 1, bias=False)

    def norms(self) -> dict[str, nn.BatchNorm2d]:
        """Give the batch normalisation of each convolution layer that has one, by the layer's name."""
        return {
            name: layer.norm
            for name, layer in self.layers.items()
            if isinstance(layer, ConvolutionLayer) and layer.norm is not None
        }

    def activations(self, signed: torch.Tensor, labels: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        """Give the maps of every convolution layer after batch normalisation, LeakyReLU and pooling, if there is any.

        Parameters
        ----------
        signed
            float (N, nc, image_size, image_size) in [-1, 1].
        labels
            int64 (N,), of a network with classes only.

        Returns
        -------
        dict
            Layer name to float (N, maps, h, w), from ``conv1`` on.

        Raises
        ------
        UserError
            If a network with classes gets no labels: it says nothing of an image alone.
        """
        maps, result, given = self._in_range(signed), {}, one_hot_labels(self.config, labels)
        for name, layer in self.layers.items():
            maps = layer(with_labels(maps, given))
            result[name] = maps
        return result

    def forward(self, signed: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Give the logit (N,) of being real; its sigmoid is the paper's output. Arguments as ``activations``."""
        maps, given = self._in_range(signed), one_hot_labels(self.config, labels)
        for layer in self.layers.values():
            maps = layer(with_labels(maps, given))  # (N, maps, h, w)
        units = with_labels(maps.flatten(1), given)
        if self.hidden is not None:
            units = with_labels(self.hidden(units), given)
        return self.output(units).squeeze(1)

    def _in_range(self, signed: torch.Tensor) -> torch.Tensor:
        """Give pixels in the range of G's output: -1 to 1, or 0 to 1."""
        return signed if self.config.output == "tanh" else (signed + 1) / 2
