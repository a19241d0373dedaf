"""Takes a config and a seed or weights, gives networks; knows no training and no file.

The authors' initialisation: weights N(0, 0.02), batch-norm gains N(1, 0.02), biases 0.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from torch import nn

from ..runtime import UserError, torch_generator
from .config import NetworkConfig
from .discriminator import Discriminator
from .generator import Generator

DEVIATION = 0.02

Network = TypeVar("Network", bound=nn.Module)


def build_discriminator(config: NetworkConfig, seed: int) -> Discriminator:
    """Make an untrained discriminator; the same seed gives the same weights, without a global random state."""
    return initialised(lambda: Discriminator(config), torch_generator(seed, "initialise", "discriminator"))


def build_generator(config: NetworkConfig, seed: int) -> Generator:
    """Make an untrained generator; the same seed gives the same weights, without a global random state."""
    return initialised(lambda: Generator(config), torch_generator(seed, "initialise", "generator"))


def load_discriminator(config: NetworkConfig, weights: Mapping[str, Any]) -> Discriminator:
    """Make a discriminator, on the CPU, with a copy of the ``weights`` of a state dict.

    Raises
    ------
    UserError
        If the weights are those of another architecture.
    """
    return _loaded(lambda: Discriminator(config), config, weights)


def load_generator(config: NetworkConfig, weights: Mapping[str, Any]) -> Generator:
    """Make a generator, on the CPU, with a copy of the ``weights`` of a state dict; raises as above."""
    return _loaded(lambda: Generator(config), config, weights)


def initialised(make: Callable[[], Network], random: torch.Generator) -> Network:
    """Make a network on the CPU with the authors' initialisation, its weights drawn one module after another.

    Parameters
    ----------
    make
        Makes the network; what weights it draws itself are not used, and the global random state is left alone.
    """
    network = _empty(make)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, DEVIATION, generator=random)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.reset_running_stats()
            if module.affine:
                nn.init.normal_(module.weight, 1.0, DEVIATION, generator=random)
                nn.init.zeros_(module.bias)
    return network


def _loaded(make: Callable[[], Network], config: NetworkConfig, weights: Mapping[str, Any]) -> Network:
    network = _empty(make)
    try:
        network.load_state_dict(weights)
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"got weights of another network, expected those of {config} ({reason})") from error
    return network


def _empty(make: Callable[[], Network]) -> Network:
    # Modules draw their default weights from the global random state; on the meta device they draw nothing.
    with torch.device("meta"):
        network = make()
    return network.to_empty(device="cpu")
