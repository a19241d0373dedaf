"""Takes a config and a seed, gives freshly initialised networks; knows no training.

The authors' initialisation: weights N(0, 0.02), batch-norm gains N(1, 0.02), batch-norm biases 0.
"""

from typing import TypeVar

import torch
from torch import nn

from ..runtime import torch_generator
from .config import NetworkConfig
from .discriminator import Discriminator
from .generator import Generator

DEVIATION = 0.02

Network = TypeVar("Network", Discriminator, Generator)


def build_discriminator(config: NetworkConfig, seed: int) -> Discriminator:
    """Make an untrained discriminator; the same seed gives the same weights, without a global random state."""
    return _initialised(Discriminator, config, torch_generator(seed, "initialise", "discriminator"))


def build_generator(config: NetworkConfig, seed: int) -> Generator:
    """Make an untrained generator; the same seed gives the same weights, without a global random state."""
    return _initialised(Generator, config, torch_generator(seed, "initialise", "generator"))


def _initialised(kind: type[Network], config: NetworkConfig, random: torch.Generator) -> Network:
    # Modules draw their default weights on construction; on the meta device they draw nothing.
    with torch.device("meta"):
        network = kind(config)
    network.to_empty(device="cpu")
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, DEVIATION, generator=random)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.reset_running_stats()
            nn.init.normal_(module.weight, 1.0, DEVIATION, generator=random)
            nn.init.zeros_(module.bias)
    return network
