"""Conversion of the authors' Theano arrays to torch weights.

Theano convolves where torch correlates. With stride s, kernel side k and padding p::

    Theano  y[o, i, j] = sum_{c,u,v} w[o, c, u, v] x[c, s i + k-1-u - p, s j + k-1-v - p]
    torch   y[o, i, j] = sum_{c,u,v} w[o, c, u, v] x[c, s i + u - p,     s j + v - p]

so torch's kernel is Theano's, flipped along both sides. A layer of the generator is the gradient of Theano's
convolution with respect to x, ``x[c, s i + k-1-u - p, ...] += w[o, c, u, v] y[o, i, j]``. Torch's transposed
convolution is the same gradient of torch's convolution. Both order the axes of w as (maps in, maps out, side, side),
so the kernel is flipped likewise and no axes are swapped.

Theano's products multiply a row by a matrix; ``torch.nn.Linear`` stores the transpose. Both flatten maps as
(map, row, column).
"""

from collections.abc import Mapping

import numpy as np
import torch

from ...networks import Discriminator, Generator, NetworkConfig

Kind = type[Discriminator] | type[Generator]


def expected_shapes(kind: Kind, network: NetworkConfig) -> list[tuple[int, ...]]:
    """Return the shapes of the authors' arrays of a network, in the order of their numbers."""
    # torch orders its parameters likewise; only the shapes of matrices are transposed.
    parameters = blank_network(kind, network).parameters()
    return [tuple(each.shape)[:: -1 if each.ndim == 2 else 1] for each in parameters]


def blank_network(kind: Kind, network: NetworkConfig) -> Discriminator | Generator:
    """Build a network on torch's meta device: names and shapes without values."""
    with torch.device("meta"):
        return kind(network)


def to_state_dict(kind: Kind, network: NetworkConfig, arrays: Mapping[int, np.ndarray]) -> dict[str, torch.Tensor]:
    """Build the float32 state dict of a network from the authors' arrays by number; NaN where an array is missing."""
    blank = blank_network(kind, network)
    weights = {
        name: torch.full(each.shape, torch.nan)
        if each.is_floating_point()
        else torch.zeros(each.shape, dtype=each.dtype)
        for name, each in blank.state_dict().items()
    }
    for number, (name, _) in enumerate(blank.named_parameters(), 1):
        if number in arrays:
            weights[name] = torch_layout(arrays[number])
    return weights


def torch_layout(array: np.ndarray) -> torch.Tensor:
    """Convert a Theano array to torch's layout: flip kernels along both sides, and transpose matrices."""
    if array.ndim == 4:
        array = array[:, :, ::-1, ::-1]
    elif array.ndim == 2:
        array = array.T
    return torch.from_numpy(array.copy(order="C"))
