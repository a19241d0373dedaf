"""Variants of a training step that may be faster on a GPU and change results only by rounding.

``bench_training.py`` times each variant beside the package's step; a faster one should replace it.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torch.nn.functional import conv2d, conv_transpose2d, pad

from dcgan_probe.gan import TrainState
from dcgan_probe.networks.layers import ConvolutionLayer, TransposedLayer

CHANNELS = 8
"""Tensor cores are fastest at 16-bit convolutions with a multiple of this number of channels."""
COMPILATIONS = 64
"""Compilations of one function: one per layer and per set of tensors that require gradients."""


def pad_channels(state: TrainState) -> None:
    """Pad the image channels of D's first and G's last convolution with zeros to 8; stored weights do not change."""
    for network in (state.discriminator, state.generator):
        for module in network.modules():
            if isinstance(module, nn.Conv2d) and module.in_channels % CHANNELS:
                module.forward = partial(padded_convolution, module)
            elif isinstance(module, nn.ConvTranspose2d) and module.out_channels % CHANNELS:
                module.forward = partial(padded_transposed_convolution, module)


def padded_convolution(conv: nn.Conv2d, maps: torch.Tensor) -> torch.Tensor:
    """Convolve maps (N, channels, H, W), with maps and weights padded by channels of zeros."""
    more = (0, 0, 0, 0, 0, -conv.in_channels % CHANNELS)
    return conv2d(pad(maps, more), pad(conv.weight, more), conv.bias, conv.stride, conv.padding)


def padded_transposed_convolution(conv: nn.ConvTranspose2d, maps: torch.Tensor) -> torch.Tensor:
    """Convolve with weights padded by filters of zeros, and drop the padded output channels."""
    extra = -conv.out_channels % CHANNELS
    weight = pad(conv.weight, (0, 0, 0, 0, 0, extra))
    bias = None if conv.bias is None else pad(conv.bias, (0, extra))
    result = conv_transpose2d(maps, weight, bias, conv.stride, conv.padding, conv.output_padding)
    return result[:, : conv.out_channels]


def compile_norms(state: TrainState) -> None:
    """Compile batch norm with its activation, to save one of two passes over the maps."""
    torch._dynamo.config.recompile_limit = COMPILATIONS
    for network in (state.discriminator, state.generator):
        for module in network.modules():
            if isinstance(module, ConvolutionLayer | TransposedLayer):
                module.activated = torch.compile(module.activated, dynamic=False)


def compile_networks(state: TrainState) -> None:
    """Compile both networks."""
    state.discriminator.compile()
    state.generator.compile()


VARIANTS: dict[str, Callable[[TrainState], None]] = {
    "padded channels": pad_channels,
    "compiled norms": compile_norms,
    "compiled": compile_networks,
}
