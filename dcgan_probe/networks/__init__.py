"""Floor 1. Architectures: discriminator, generator, their initialisation; no loss, no data, no checkpoint."""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .config import NetworkConfig
    from .discriminator import Discriminator, convolution_layers
    from .generator import Generator, draw_z
    from .initialise import build_discriminator, build_generator, initialised, load_discriminator, load_generator

__all__ = [
    "Discriminator",
    "Generator",
    "NetworkConfig",
    "build_discriminator",
    "build_generator",
    "convolution_layers",
    "draw_z",
    "initialised",
    "load_discriminator",
    "load_generator",
]

import_when_used(__name__)
