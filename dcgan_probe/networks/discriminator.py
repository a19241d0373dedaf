"""Discriminator: logits and the activations of every layer."""

import torch
from torch import nn

from .conditioning import one_hot_labels, with_labels
from .config import NetworkConfig
from .layers import ConvolutionLayer, HiddenLayer


def convolution_layers(config: NetworkConfig) -> nn.ModuleDict:
    """Build the discriminator's convolution layers by their names."""
    widths = [config.nc, *(config.ndf * multiplier for multiplier in config.multipliers)]
    return nn.ModuleDict(
        {
            name: ConvolutionLayer(widths[i] + config.classes, widths[i + 1], config.strides[i], config, end=i == 0)
            for i, name in enumerate(config.layer_names)
        }
    )


class Discriminator(nn.Module):
    """Discriminator with strided convolutions instead of pooling, and one linear unit on the last maps.

    By default all layers except the first have batch normalization, no layer has a bias, and no hidden layer is fully
    connected; a config may break each of these guidelines. With classes, the label is an input of every layer.
    """

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        self.layers = convolution_layers(config)
        units = config.last_units + config.classes
        self.hidden = HiddenLayer(units, config, leak=config.leak) if config.hidden else None
        self.output = nn.Linear(config.hidden + config.classes if config.hidden else units, 1, bias=False)

    def norms(self) -> dict[str, nn.BatchNorm2d]:
        """Return the batch normalizations of the convolution layers, by layer name; layers without one are absent."""
        return {
            name: layer.norm
            for name, layer in self.layers.items()
            if isinstance(layer, ConvolutionLayer) and layer.norm is not None
        }

    def activations(self, signed: torch.Tensor, labels: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        """Compute the maps of every convolution layer, after batch normalization, LeakyReLU and any pooling.

        Parameters
        ----------
        signed
            float (N, nc, image_size, image_size) in [-1, 1].
        labels
            int64 (N,), 0 to ``classes`` - 1, for a network with classes; None otherwise.

        Returns
        -------
        dict
            Maps float (N, maps, h, w) by layer name, in the order of the layers.

        Raises
        ------
        UserError
            If labels are missing for a network with classes, or given for one without.
        """
        maps, result, given = self._in_range(signed), {}, one_hot_labels(self.config, labels)
        for name, layer in self.layers.items():
            maps = layer(with_labels(maps, given))
            result[name] = maps
        return result

    def forward(self, signed: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Compute the logits of being real, float (N,), whose sigmoid is the paper's output.

        Parameters and errors are those of ``activations``.
        """
        maps, given = self._in_range(signed), one_hot_labels(self.config, labels)
        for layer in self.layers.values():
            maps = layer(with_labels(maps, given))  # (N, maps, h, w)
        units = with_labels(maps.flatten(1), given)
        if self.hidden is not None:
            units = with_labels(self.hidden(units), given)
        return self.output(units).squeeze(1)

    def _in_range(self, signed: torch.Tensor) -> torch.Tensor:
        """Map pixels from [-1, 1] to the range of G's output activation."""
        return signed if self.config.output == "tanh" else (signed + 1) / 2
