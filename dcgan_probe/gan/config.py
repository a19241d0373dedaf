"""Config of a training run: all settings that decide its numbers."""

import math
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..networks import NetworkConfig
from ..runtime import UserError, option

BLOCK = 256  # rows of a chunk in this project's image files
MOST_IMAGES = 10**12  # a year of training at 30,000 images per second
PIECE_BYTES = 15 << 20  # largest weight file of an exported run
AUTHORS = "authors-"
"""Prefix of the names of released nets."""


@dataclass(frozen=True)
class TrainConfig:
    """Settings that, together with the training images, decide the numbers of a run."""

    preset: str
    """Name of the preset that supplied the other fields' initial values."""
    dataset: str
    """Name of the training images for ``load_images``."""
    network: NetworkConfig
    """The architecture of both networks."""
    images: int
    """Length of training: real images seen by the discriminator."""
    updates: Literal["both", "alternate"] = option(help="Update both G and D on every batch, or one of them in turn.")
    """``both``: G and D are updated with the same z. ``alternate`` (the authors): each mini-batch updates G or D."""
    batch_size: int = option(help="Real images in a mini-batch, over all ranks.")
    """Real images in a mini-batch, over all ranks."""
    lr: float = option(help="Adam's learning rate.")
    """Adam's learning rate."""
    beta1: float = option(help="Adam's decay of the first moment.")
    """Adam's decay of the first moment."""
    weight_decay: float = option(help="L2 penalty coupled into Adam.")
    """L2 penalty, coupled into Adam's gradient as the authors do."""
    seed: int = option()
    """Seed of the initialization, the image order and z."""
    precision: str = option()
    """``float32`` or ``bfloat16`` (autocast)."""
    flips: bool = option(False, "Mirror half of the real images left to right.")
    """Mirror each real image left to right with probability 1/2. The paper does not."""
    ema: int = option(
        0, "Half-life, in images, of a moving average of G's weights, used for samples.", kind="count", min=1
    )
    """Half-life, in images, of the moving average of G's weights that samples are drawn from; 0: no average."""
    keep: Literal["last", "best"] = option(
        "last", "Weights that later commands load: the last, or those of the best probe."
    )
    """Weights that later commands load: the last ones, or those with the best probe on validation images."""
    sync_norm: bool = False
    """Batch norm over the batches of all ranks; otherwise each rank normalizes its own part."""
    window: int = 0
    """Images held in memory and shuffled together, in whole blocks of the set's file; 0: the whole set."""

    def __post_init__(self) -> None:
        if self.updates not in ("both", "alternate"):
            raise UserError(f"got updates {self.updates!r}, expected both or alternate", parameter="updates")
        for name in ("images", "batch_size", "lr"):
            if not 0 < getattr(self, name) < math.inf:
                raise UserError(f"got {name} {getattr(self, name)}, expected more than 0", parameter=name)
        if self.images > MOST_IMAGES or int(self.images) != self.images:
            raise UserError(
                f"got {self.images:,} images, expected a whole number of at most {MOST_IMAGES:,}", parameter="images"
            )
        if self.batch_size < 2:
            raise UserError(
                "got a batch size of 1, expected at least 2: batch norm needs a batch", parameter="batch_size"
            )
        if not 0 <= self.beta1 < 1:
            raise UserError(f"got beta1 {self.beta1}, expected 0 <= beta1 < 1", parameter="beta1")
        if self.ema < 0:
            raise UserError(f"got a half-life of {self.ema} images, expected 0 or more", parameter="ema")
        if self.window < 0 or self.window % BLOCK:
            raise UserError(
                f"got a window of {self.window} images, expected a multiple of {BLOCK}, the rows read together",
                parameter="window",
            )
        if 0 < self.window < self.batch_size:
            raise UserError(
                f"got a window of {self.window} images, expected at least one batch of {self.batch_size}",
                parameter="window",
            )
        if not 0 <= self.weight_decay < math.inf:
            raise UserError(f"got weight decay {self.weight_decay}, expected 0 or more", parameter="weight_decay")
        if self.keep not in ("last", "best"):
            raise UserError(f"got keep {self.keep!r}, expected last or best", parameter="keep")
        if self.precision not in ("float32", "bfloat16"):
            raise UserError(f"got precision {self.precision!r}, expected float32 or bfloat16", parameter="precision")

    def to_dict(self) -> dict[str, Any]:
        """Return the config as JSON-serializable dictionaries."""
        return jsonable(asdict(self))

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "TrainConfig":
        """Rebuild a config from ``to_dict``'s result.

        Raises
        ------
        UserError
            If a field is missing or unknown.
        """
        try:
            network: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in stored["network"].items()
            }
            return cls(**{**stored, "network": NetworkConfig(**network)})
        except (AttributeError, KeyError, TypeError) as error:
            raise UserError(f"the stored config does not fit this version ({error}); train again") from error

    def differences(self, other: "TrainConfig") -> list[str]:
        """List the fields, other than ``images``, in which ``other`` differs: ``lr: 0.0002 -> 0.001``.

        The changes listed in ``preset`` may be in any order.
        """
        here, there = flattened(self.to_dict()), flattened(other.to_dict())
        ignored = {"images"} | ({"preset"} if words(self.preset) == words(other.preset) else set())
        return [
            f"{name}: {here[name]} -> {there[name]}"
            for name in here
            if name not in ignored and here[name] != there[name]
        ]


def words(text: str) -> list[str]:
    """Return the words of a text without its punctuation, sorted."""
    return sorted(re.findall(r"[^\s(),]+", text))


def jsonable(value: Any) -> Any:
    """Convert tuples inside nested dictionaries to lists, as JSON does."""
    if isinstance(value, dict):
        return {name: jsonable(item) for name, item in value.items()}
    return [jsonable(item) for item in value] if isinstance(value, tuple | list) else value


def flattened(config: dict[str, Any]) -> dict[str, Any]:
    """Flatten nested dictionaries into one with dotted keys."""
    flat: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, dict):
            flat.update({f"{name}.{inner}": item for inner, item in flattened(value).items()})
        else:
            flat[name] = value
    return flat
