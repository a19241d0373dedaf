"""Takes uint8 images, gives features: a discriminator's pooled layers, or raw pixels; knows no file.

An encoder declares ``origin``, ``layers`` (column ranges) and ``settings`` (JSON-able, everything that decides its
numbers), and encodes one block at a time.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch

from ..images import ImageSet, to_signed
from ..networks import Discriminator, NetworkConfig, load_discriminator
from ..runtime import UserError, full_float32
from ..storage import fingerprint_tensors
from .batchnorm import Statistics, fix_statistics
from .feature_set import EncoderOrigin
from .layer_names import choose_layers
from .pooling import check_grid, pool_to_grid
from .settings import REAL_RULES

Layers = dict[str, tuple[int, int]]


class Encoder(Protocol):
    """An encoder of images: what ``FeatureSource.make`` returns and ``cached_features`` computes with.

    Both check every part of it, and each block of features. The attributes may be those of a class or of an object.
    """

    origin: EncoderOrigin
    """Where it comes from, for records and tables; ``origin.features`` is the name of the source."""
    layers: Layers
    """Name of each layer and its columns (first, after the last), from 0 on without gaps: ``{"conv1": (0, 64)}``."""
    settings: dict[str, Any]
    """What decides the numbers beside options, layers, and the weights and the seed of ``origin``: it enters the key of
    feature files, and the column ``options`` of records. JSON-able; ``{}`` where nothing else does. A setting ``grid``
    means that each map of a layer has ``grid * grid`` columns, of which ``--maps`` takes a share."""
    batch: int
    """Images to encode at once."""

    def check(self, images: ImageSet) -> None:
        """Raise ``UserError`` for images that the encoder does not fit, such as those of another size."""

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Encode uint8 images (n, channels, H, W) as finite float32 features (n, D), whatever the batch.

        ``n`` is ``batch`` or, for the last block, less.
        """


def layer_columns(config: NetworkConfig, layers: Sequence[str] | str | None, grid: int) -> dict[str, int]:
    """Count the features that each layer of an architecture has on a grid, without making the network.

    Raises
    ------
    UserError
        If a layer does not exist, or the grid does not divide the maps of one that is chosen.
    """
    names, side, columns = choose_layers(layers, config.layer_names), config.image_size, {}
    for name, multiplier, stride in zip(config.layer_names, config.multipliers, config.strides, strict=True):
        side //= stride
        if name in names:
            check_grid(grid, side)
            columns[name] = config.ndf * multiplier * grid**2
    return columns


def count_columns(config: NetworkConfig, layers: Sequence[str] | str | None, grid: int) -> int:
    """Count the features of all these layers together; see ``layer_columns``."""
    return sum(layer_columns(config, layers, grid).values())


def check_shape(images: ImageSet, shape: tuple[int, ...], source: str) -> None:
    """Raise ``UserError`` for images of another (channels, height, width) than those that an encoder was made from."""
    if images.images.shape[1:] != shape:
        raise UserError(
            f"{images.name} has images of {images.images.shape[1:]} (channels, height, width), but {source} images of "
            f"{shape}",
            parameter="dataset",
        )


class DiscriminatorEncoder:
    """A discriminator's activations after batch norm and LeakyReLU, pooled to a grid and concatenated."""

    def __init__(
        self,
        discriminator: Discriminator,
        origin: EncoderOrigin,
        *,
        statistics: Statistics | None,
        batch_norm: str = REAL_RULES[0],
        layers: Sequence[str] | str | None = None,
        grid: int = 4,
        pool: str = "max",
        device: torch.device,
    ):
        """Fix the statistics and measure the layers.

        Parameters
        ----------
        statistics
            From ``real_statistics``; None keeps the running statistics of training.
        batch_norm
            Rule of these statistics, for the key; ``running`` where there are none.
        layers
            Names or numbers; None means all.
        """
        network = load_discriminator(discriminator.config, discriminator.state_dict())
        if statistics is not None:
            fix_statistics(network, statistics)
        # With its statistics fixed: what the features come from, to look into and not to change.
        self.network = network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        self._names = choose_layers(layers, network.config.layer_names)
        self._grid, self._pool, self._device = grid, pool, device
        self.origin, self.batch = origin, 256 if device.type == "cpu" else 2048
        self.layers = self._measure()
        self.settings = {
            "encoder": "discriminator",
            # Statistics included: they are buffers of the copy.
            "weights": fingerprint_tensors(network.state_dict()),
            # The shapes of the weights tell all else of an architecture that follows the guidelines.
            "strides": list(network.config.strides),
            "eps": network.config.eps,
            **network.config.broken_guidelines,
            "batch_norm": "running" if statistics is None else batch_norm,
            "layers": list(self._names),
            "grid": grid,
            "pool": pool,
        }

    def _measure(self) -> Layers:
        config, start = self.network.config, 0
        ranges: Layers = {}
        with torch.inference_mode():
            blank = torch.zeros(1, config.nc, config.image_size, config.image_size, device=self._device)
            for name, features in self._pooled(blank).items():
                ranges[name] = (start, start + features.shape[1])
                start += features.shape[1]
        return ranges

    def features_of(self, signed: torch.Tensor) -> torch.Tensor:
        """Give float (n, D) for signed (n, channels, H, W) on the network's device; gradients pass through it."""
        return torch.cat(list(self._pooled(signed).values()), dim=1)

    def _pooled(self, signed: torch.Tensor) -> dict[str, torch.Tensor]:
        maps = self.network.activations(signed)
        return {name: pool_to_grid(maps[name], self._grid, self._pool) for name in self._names}

    def check(self, images: ImageSet) -> None:
        """Raise ``UserError`` for images of another size or number of channels than the network's."""
        config = self.network.config
        if (images.channels, images.height, images.width) != (config.nc, config.image_size, config.image_size):
            raise UserError(
                f"{images.name} has images of {images.channels} x {images.height} x {images.width} (channels, height, "
                f"width), but this network takes {config.nc} x {config.image_size} x {config.image_size}; make a copy "
                f"with `dcgan-probe prepare {images.name} --size {config.image_size} --channels {config.nc}`",
                parameter="dataset",
            )

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Give float32 (n, D) for uint8 (n, channels, H, W)."""
        with torch.inference_mode(), full_float32():
            signed = to_signed(torch.from_numpy(np.ascontiguousarray(images)).to(self._device))
            return self.features_of(signed.contiguous(memory_format=torch.channels_last)).float().cpu().numpy()


class PixelEncoder:
    """Raw pixels, scaled to [-1, 1] as the discriminator sees them: the control that has learnt nothing."""

    def __init__(self, channels: int, height: int, width: int):
        self.origin = EncoderOrigin("pixels", "", "", 0, 0, "", 0)
        self.layers: Layers = {"pixels": (0, channels * height * width)}
        self.settings: dict[str, Any] = {"encoder": "pixels", "range": "-1 to 1"}
        self.batch = 2048
        self._shape = (channels, height, width)

    def check(self, images: ImageSet) -> None:
        """Raise ``UserError`` for images of another shape."""
        check_shape(images, self._shape, "these pixels are of")

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Give float32 (n, channels * H * W) for uint8 (n, channels, H, W)."""
        return to_signed(torch.from_numpy(np.ascontiguousarray(images))).flatten(1).numpy()
