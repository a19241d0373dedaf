"""Ways to compute a training step that may be faster on a GPU; none changes more than the rounding.

``bench_training.py`` times each one beside the product's step. What proves faster on a GPU belongs into the product.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d, pad

from dcgan_probe.gan import TrainState
from dcgan_probe.networks.layers import ConvolutionLayer, TransposedLayer

CHANNELS = 8
"""Channels, or a multiple, of the 16-bit convolutions that tensor cores compute best."""
COMPILATIONS = 64
"""Of one function: each layer is one more, and so is each change of what needs gradients."""


def pad_channels(state: TrainState) -> None:
    """Pad the images in D's first and G's last convolution with channels of 0, to 8; the weights stay as they are."""
    for network in (state.discriminator, state.generator):
        for module in network.modules():
            if isinstance(module, nn.Conv2d) and module.in_channels % CHANNELS:
                module.forward = partial(padded_convolution, module)
            elif isinstance(module, nn.ConvTranspose2d) and module.out_channels % CHANNELS:
                module.forward = partial(padded_transposed_convolution, module)


def padded_convolution(conv: nn.Conv2d, maps: torch.Tensor) -> torch.Tensor:
    """Convolve maps (N, channels, H, W) and weights with more channels, which are 0."""
    more = (0, 0, 0, 0, 0, -conv.in_channels % CHANNELS)
    return conv2d(pad(maps, more), pad(conv.weight, more), conv.bias, conv.stride, conv.padding)


def padded_transposed_convolution(conv: nn.ConvTranspose2d, maps: torch.Tensor) -> torch.Tensor:
    """Convolve with more filters, which are 0, and leave out what they give."""
    extra = -conv.out_channels % CHANNELS
    weight = pad(conv.weight, (0, 0, 0, 0, 0, extra))
    bias = None if conv.bias is None else pad(conv.bias, (0, extra))
    result = conv_transpose2d(maps, weight, bias, conv.stride, conv.padding, conv.output_padding)
    return result[:, : conv.out_channels]


def compile_norms(state: TrainState) -> None:
    """Compile batch norm with its activation, which are two passes over the maps otherwise."""
    torch._dynamo.config.recompile_limit = COMPILATIONS
    for network in (state.discriminator, state.generator):
        for module in network.modules():
            if isinstance(module, ConvolutionLayer | TransposedLayer):
                module.activated = torch.compile(module.activated, dynamic=False)


def compile_networks(state: TrainState) -> None:
    """Compile both networks whole."""
    state.discriminator.compile()
    state.generator.compile()


VARIANTS: dict[str, Callable[[TrainState], None]] = {
    "padded channels": pad_channels,
    "compiled norms": compile_norms,
    "compiled": compile_networks,
}
