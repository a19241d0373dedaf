"""Config of an architecture: a discriminator and the generator that mirrors it."""

from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal

from ..runtime import UserError, option

CHOICES = {
    "z": ("uniform", "gaussian"),
    "first_norm": ("unit", "map"),
    "resampling": ("stride", "max-pool"),
    "norm": ("all-but-ends", "none", "all"),
    "output": ("tanh", "sigmoid"),
}


@dataclass(frozen=True)
class NetworkConfig:
    """Architecture of a DCGAN: a strided discriminator D and the generator G that mirrors it.

    Layer ``i`` of the discriminator is a convolution to ``ndf * multipliers[i]`` maps. The generator starts from
    ``ngf * multipliers[-1]`` maps and inverts the layers from the last to the first.

    The fields with a default are the paper's guidelines for stable networks. The defaults follow the guidelines; any
    other value breaks one, for ablations. The last two fields serve the class-conditional network of the authors'
    MNIST script.
    """

    nz: int = option(help="Length of z.")
    """Length of the latent vector z."""
    z: Literal["uniform", "gaussian"] = option(help="Distribution of z.")
    """Distribution of z: uniform on (-1, 1), or standard normal."""
    nc: int = option(help="Image channels.", usual="those of the images")
    """Image channels, 1 or 3."""
    ndf: int = option(help="Maps of D's first layer.")
    """Maps of the discriminator's first layer."""
    ngf: int = option(help="Maps of G's last hidden layer.")
    """Maps of the generator's last hidden layer."""
    image_size: int = option(help="Side of the images, in pixels.")
    """Side of the square images, in pixels."""
    kernel: int = option(help="Side of the kernels, in pixels.")
    """Side of every kernel: 3, 4 or 5."""
    multipliers: tuple[int, ...] = option(
        help="Width of each layer in units of ndf and ngf, such as 1,2,4.", kind="numbers"
    )
    """Width of each layer in units of ``ndf`` and ``ngf``."""
    strides: tuple[int, ...] = option(help="Stride of each layer, such as 2,2,2.", kind="numbers")
    """Stride of each layer, 1 or 2."""
    eps: float = option(help="Batch norm's epsilon.")
    """Epsilon of batch normalization."""
    first_norm: Literal["unit", "map"] = option(help="Gains of G's first batch norm: one per unit or per map.")
    """Gains of the generator's first batch normalization: one for each unit of the projection of z (the authors), or
    one for each map."""
    resampling: Literal["stride", "max-pool"] = option(
        "stride", "Strided convolutions, or max-pooling in D and nearest-neighbor upsampling in G."
    )
    """``stride``: D's convolutions halve the side and G's transposed convolutions double it, so the resampling is
    learned (the paper). ``max-pool``: all convolutions have stride 1; where ``strides`` is 2, D's convolutions are
    followed by 2x2 max-pooling and G's are preceded by nearest-neighbor upsampling. The weights have the same
    shapes."""
    norm: Literal["all-but-ends", "none", "all"] = option(
        "all-but-ends", "Layers with batch norm; the ends are D's first layer and G's last."
    )
    """Layers with batch normalization: all except D's first and G's last (the paper), none, or all. Without batch
    normalization these layers have biases instead of its shift."""
    hidden: int = option(0, "Units of a fully connected hidden layer in D and in G; 0 for none.")
    """Units of two fully connected hidden layers, one between D's last maps and its output and one between z and G's
    first maps; 0 for none. The paper connects "the highest convolutional features to the input and output respectively
    of the generator and discriminator" directly."""
    leak: float = option(0.2, "Slope of D's activation below 0; 0 is ReLU.")
    """Slope of D's activation below 0: 0.2 in the paper (LeakyReLU); 0 gives ReLU."""
    output: Literal["tanh", "sigmoid"] = option("tanh", "G's output activation; sigmoid sets the range 0 to 1.")
    """G's output activation, which sets the range of pixels in both networks: -1 to 1 for tanh (the paper), 0 to 1 for
    sigmoid. Outside of the networks images are in [-1, 1] with either."""
    classes: int = option(
        0, "Classes to condition on; 0 for none.", usual="those of the images, with preset conditional"
    )
    """Classes that both networks are conditioned on: the label enters every layer as further maps or units; 0 for an
    unconditional network."""
    affine: bool = option(True, "Learn a gain and a bias in batch norm.")
    """Whether batch normalization learns a gain and a bias. The authors' MNIST script uses neither."""

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise UserError(
                    f"got {name.replace('_', ' ')} {getattr(self, name)!r}, expected {' or '.join(choices)}",
                    parameter=name,
                )
        if len(self.multipliers) != len(self.strides) or not self.multipliers:
            raise UserError(
                f"got {len(self.multipliers)} multipliers and {len(self.strides)} strides, expected equal numbers",
                parameter="strides",
            )
        if set(self.strides) - {1, 2}:
            raise UserError(f"got strides {self.strides}, expected 1 or 2 for each layer", parameter="strides")
        if min(self.multipliers) < 1:
            raise UserError(f"got multipliers {self.multipliers}, expected at least 1 each", parameter="multipliers")
        if self.nc not in (1, 3):
            raise UserError(f"got {self.nc} image channels, expected 1 or 3", parameter="nc")
        if self.kernel not in (3, 4, 5):
            raise UserError(f"got a kernel of {self.kernel}, expected 3, 4 or 5", parameter="kernel")
        if self.kernel == 4 and 1 in self.strides:
            raise UserError(
                f"got a kernel of 4 with strides {self.strides}, expected a kernel of 3 or 5, or stride 2 in every "
                "layer: at stride 1 a kernel of 4 changes the side of the maps",
                parameter="kernel",
            )
        if self.kernel == 4 and self.resampling == "max-pool":
            raise UserError(
                "got a kernel of 4 with max-pooling, expected a kernel of 3 or 5: all convolutions then have stride 1, "
                "at which a kernel of 4 changes the side of the maps",
                parameter="kernel",
            )
        if not 0 < self.eps < 1:
            raise UserError(f"got eps {self.eps}, expected a small number above 0", parameter="eps")
        if not 0 <= self.leak < 1:
            raise UserError(f"got a leak of {self.leak}, expected 0 <= leak < 1 (0 is ReLU)", parameter="leak")
        for name, least in (("nz", 1), ("ndf", 1), ("ngf", 1), ("hidden", 0), ("classes", 0)):
            if getattr(self, name) < least:
                raise UserError(f"got {name} {getattr(self, name)}, expected at least {least}", parameter=name)
        if self.last_map * self.total_stride != self.image_size or self.last_map < 1:
            raise UserError(
                f"got images of {self.image_size} pixels, expected a multiple of {self.total_stride}, by which the "
                f"strides {self.strides} divide the side; `prepare --size` writes images of another size",
                parameter="image_size",
            )

    @property
    def broken_guidelines(self) -> dict[str, Any]:
        """Fields whose values differ from their defaults, by name."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.default not in (MISSING, getattr(self, field.name))
        }

    def identity(self) -> dict[str, Any]:
        """Return the fields that identify the architecture in hashes; guidelines are included only if broken.

        A network that follows the guidelines therefore keeps the hash that it had before these fields existed.
        """
        guidelines = {field.name for field in fields(self) if field.default is not MISSING}
        required = {name: value for name, value in asdict(self).items() if name not in guidelines}
        return {**required, **self.broken_guidelines}

    def has_norm(self, *, end: bool) -> bool:
        """Return whether a layer has batch normalization; the ends are D's first layer and G's last."""
        return self.norm == "all" or (self.norm == "all-but-ends" and not end)

    def has_bias(self, *, end: bool) -> bool:
        """Return whether a layer has biases, which replace the shift of a removed batch normalization."""
        return self.norm == "none" and not end

    @property
    def total_stride(self) -> int:
        """Ratio of the side of an image to the side of the last map."""
        product = 1
        for stride in self.strides:
            product *= stride
        return product

    @property
    def last_map(self) -> int:
        """Side of the discriminator's last maps and of the generator's first, in pixels (4 in the paper)."""
        return self.image_size // self.total_stride

    @property
    def last_units(self) -> int:
        """Number of values in the discriminator's last maps, the input of its output layer."""
        return self.ndf * self.multipliers[-1] * self.last_map**2

    @property
    def padding(self) -> int:
        """Zero padding of every convolution, in pixels; with kernels of 3 and 5, stride 1 preserves the side."""
        return (self.kernel - 1) // 2

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the discriminator's convolution layers; ``conv1`` is the layer nearest to the image."""
        return tuple(f"conv{number}" for number in range(1, len(self.strides) + 1))
