"""Takes the numbers of an architecture, gives a checked config; knows no torch module and no training."""

from dataclasses import dataclass
from typing import Literal

from ..runtime import UserError


@dataclass(frozen=True)
class NetworkConfig:
    """One DCGAN architecture: a strided discriminator and the generator that mirrors it.

    Layer ``i`` of the discriminator is a convolution to ``ndf * multipliers[i]`` maps. The generator starts from
    ``ngf * multipliers[-1]`` maps and undoes the layers from the last to the first.
    """

    image_size: int
    """Side of the square images, in pixels."""
    nc: int
    """Image channels, 1 or 3."""
    nz: int
    """Length of the latent vector z."""
    z: Literal["uniform", "gaussian"]
    """Distribution of z: uniform on (-1, 1), or standard normal."""
    ndf: int
    """Maps of the discriminator's first layer."""
    ngf: int
    """Maps of the generator's last hidden layer."""
    multipliers: tuple[int, ...]
    """Width of each layer in units of ``ndf`` and ``ngf``."""
    strides: tuple[int, ...]
    """Stride of each layer, 1 or 2."""
    kernel: int
    """Side of every kernel: 3, 4 or 5."""
    eps: float
    """Batch normalisation's epsilon."""
    first_norm: Literal["unit", "map"]
    """Generator's first batch normalisation: a gain for each unit of z's projection (the authors) or for each map."""

    def __post_init__(self) -> None:
        if len(self.multipliers) != len(self.strides) or not self.multipliers:
            raise UserError(
                f"got {len(self.multipliers)} multipliers and {len(self.strides)} strides, expected as many",
                option="strides",
            )
        if set(self.strides) - {1, 2}:
            raise UserError(f"got strides {self.strides}, expected 1 or 2 for each layer", option="strides")
        if min(self.multipliers) < 1:
            raise UserError(f"got multipliers {self.multipliers}, expected at least 1 each", option="multipliers")
        if self.nc not in (1, 3):
            raise UserError(f"got {self.nc} image channels, expected 1 or 3", option="nc")
        if self.kernel not in (3, 4, 5):
            raise UserError(f"got a kernel of {self.kernel}, expected 3, 4 or 5", option="kernel")
        if self.kernel == 4 and 1 in self.strides:
            raise UserError(
                f"got a kernel of 4 with strides {self.strides}: it keeps no side at stride 1, "
                "expected a kernel of 3 or 5, or stride 2 in every layer",
                option="kernel",
            )
        if not 0 < self.eps < 1:
            raise UserError(f"got eps {self.eps}, expected a small number above 0", option="eps")
        if self.first_norm not in ("unit", "map"):
            raise UserError(f"got first norm {self.first_norm!r}, expected unit or map", option="first-norm")
        if self.z not in ("uniform", "gaussian"):
            raise UserError(f"got z {self.z!r}, expected uniform or gaussian", option="z")
        for name in ("nz", "ndf", "ngf"):
            if getattr(self, name) < 1:
                raise UserError(f"got {name} {getattr(self, name)}, expected at least 1", option=name)
        if self.last_map * self.total_stride != self.image_size or self.last_map < 1:
            raise UserError(
                f"got images of {self.image_size} pixels, expected a multiple of {self.total_stride}, since "
                f"the strides {self.strides} divide the side by that; `prepare --size` makes images of another size",
                option="image-size",
            )

    @property
    def total_stride(self) -> int:
        """Factor between the side of an image and of the last map."""
        product = 1
        for stride in self.strides:
            product *= stride
        return product

    @property
    def last_map(self) -> int:
        """Side of the discriminator's last map and of the generator's first, in pixels (4 in every published net)."""
        return self.image_size // self.total_stride

    @property
    def last_units(self) -> int:
        """Numbers in the discriminator's last maps, which its output layer sees."""
        return self.ndf * self.multipliers[-1] * self.last_map**2

    @property
    def padding(self) -> int:
        """Zero padding of every convolution, so that stride 1 keeps the side (kernels of 3 and 5)."""
        return (self.kernel - 1) // 2

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the discriminator's convolution layers, ``conv1`` the nearest to the image."""
        return tuple(f"conv{number}" for number in range(1, len(self.strides) + 1))
