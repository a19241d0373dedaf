"""Networks with initial weights or given weights.

The authors' initialization draws weights from N(0, 0.02) and batch-norm gains from N(1, 0.02); biases are 0.
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
"""Standard deviation of both distributions."""

Network = TypeVar("Network", bound=nn.Module)


def build_discriminator(config: NetworkConfig, seed: int) -> Discriminator:
    """Build an untrained discriminator on the CPU; its weights depend on ``config`` and ``seed`` only."""
    return initialised(lambda: Discriminator(config), torch_generator(seed, "initialise", "discriminator"))


def build_generator(config: NetworkConfig, seed: int) -> Generator:
    """Build an untrained generator on the CPU; its weights depend on ``config`` and ``seed`` only."""
    return initialised(lambda: Generator(config), torch_generator(seed, "initialise", "generator"))


def load_discriminator(config: NetworkConfig, weights: Mapping[str, Any]) -> Discriminator:
    """Build a discriminator on the CPU with a copy of ``weights``, a state dict.

    Raises
    ------
    UserError
        If the weights belong to another architecture.
    """
    return _loaded(lambda: Discriminator(config), config, weights)


def load_generator(config: NetworkConfig, weights: Mapping[str, Any]) -> Generator:
    """Build a generator on the CPU with a copy of ``weights``, a state dict.

    Raises
    ------
    UserError
        If the weights belong to another architecture.
    """
    return _loaded(lambda: Generator(config), config, weights)


def initialised(make: Callable[[], Network], random: torch.Generator) -> Network:
    """Build a network on the CPU with the authors' initialization, drawn module by module.

    Parameters
    ----------
    make
        Function that builds the network. It runs on the meta device, so it draws no weights and does not change the
        global random state.
    random
        Random number generator of the weights, on the CPU.
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
        raise UserError(f"got weights of another network, expected weights of {config} ({reason})") from error
    return network


def _empty(make: Callable[[], Network]) -> Network:
    # A module draws its default weights from the global random state, except on the meta device.
    with torch.device("meta"):
        network = make()
    return network.to_empty(device="cpu")
