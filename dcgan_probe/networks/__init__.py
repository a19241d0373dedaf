"""Floor 1. Architectures: discriminator, generator and their initialization."""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .config import NetworkConfig as NetworkConfig
    from .discriminator import Discriminator as Discriminator, convolution_layers as convolution_layers
    from .generator import Generator as Generator, draw_z as draw_z
    from .initialise import (
        build_discriminator as build_discriminator,
        build_generator as build_generator,
        initialised as initialised,
        load_discriminator as load_discriminator,
        load_generator as load_generator,
    )

import_when_used(__name__)
