"""Encoders of images: pooled layers of a discriminator, and raw pixels.

An encoder declares ``origin``, ``layers`` (column ranges) and ``settings`` (JSON-serializable, everything that
determines its numbers), and encodes one block of images at a time.
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
    """Interface of encoders, which ``FeatureSource.make`` returns and ``cached_features`` uses.

    Every attribute and each block of features are checked. Attributes may belong to the class or to the instance.
    """

    origin: EncoderOrigin
    """Provenance, for records and tables; ``origin.features`` is the name of the source."""
    layers: Layers
    """Column range (start, stop) of each layer by name, consecutive and from 0 on: ``{"conv1": (0, 64)}``."""
    settings: dict[str, Any]
    """Settings that determine the numbers in addition to the options, the layers, and the weights and seed of
    ``origin``; ``{}`` if there are none. JSON-serializable. They enter the key of feature files and the column
    ``options`` of records. A setting ``grid`` means that each map of a layer has ``grid * grid`` columns, so that
    ``--maps`` can select a share of the maps."""
    batch: int
    """Largest number of images in a call of ``encode``."""

    def check(self, images: ImageSet) -> None:
        """Raise ``UserError`` for images that the encoder does not fit, such as images of another size."""

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Encode uint8 images (n, channels, H, W) as finite float32 features (n, D).

        ``n`` is ``batch``, or less for the last block. The features of an image must not depend on the other images.
        """


def layer_columns(config: NetworkConfig, layers: Sequence[str] | str | None, grid: int) -> dict[str, int]:
    """Count the features of each layer of an architecture on a grid, without building the network.

    Raises
    ------
    UserError
        If a layer does not exist, or the grid does not divide the maps of a chosen layer.
    """
    names, side, columns = choose_layers(layers, config.layer_names), config.image_size, {}
    for name, multiplier, stride in zip(config.layer_names, config.multipliers, config.strides, strict=True):
        side //= stride
        if name in names:
            check_grid(grid, side)
            columns[name] = config.ndf * multiplier * grid**2
    return columns


def count_columns(config: NetworkConfig, layers: Sequence[str] | str | None, grid: int) -> int:
    """Count the features of all chosen layers together; see ``layer_columns``."""
    return sum(layer_columns(config, layers, grid).values())


def check_shape(images: ImageSet, shape: tuple[int, ...], source: str) -> None:
    """Raise ``UserError`` for images of another (channels, height, width) than the encoder's."""
    if images.images.shape[1:] != shape:
        raise UserError(
            f"{images.name} has images of {images.images.shape[1:]} (channels, height, width), but {source} images of "
            f"{shape}",
            parameter="dataset",
        )


class DiscriminatorEncoder:
    """Discriminator activations after batch norm and LeakyReLU, pooled to a grid and concatenated."""

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
        """Fix the batch-norm statistics, and compute the column range of each layer.

        Parameters
        ----------
        statistics
            Statistics from ``real_statistics``; None keeps the running averages of training.
        batch_norm
            Rule of these statistics, for the cache key; not used if ``statistics`` is None.
        layers
            Names, or numbers from 1 on; None selects all.
        grid
            Windows along a side of each map.
        pool
            ``max`` or ``avg``.
        """
        network = load_discriminator(discriminator.config, discriminator.state_dict())
        if statistics is not None:
            fix_statistics(network, statistics)
        # Public for inspection only, with its statistics fixed.
        self.network = network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        self._names = choose_layers(layers, network.config.layer_names)
        self._grid, self._pool, self._device = grid, pool, device
        self.origin, self.batch = origin, 256 if device.type == "cpu" else 2048
        self.layers = self._measure()
        self.settings = {
            "encoder": "discriminator",
            # The hash includes the statistics, which are buffers of the copy.
            "weights": fingerprint_tensors(network.state_dict()),
            # The shapes of the weights determine all else of an architecture that follows the guidelines.
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
        """Compute features (n, D) of signed images (n, channels, H, W) on the network's device; differentiable."""
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
        """Encode uint8 images (n, channels, H, W) as float32 features (n, D)."""
        with torch.inference_mode(), full_float32():
            signed = to_signed(torch.from_numpy(np.ascontiguousarray(images)).to(self._device))
            return self.features_of(signed.contiguous(memory_format=torch.channels_last)).float().cpu().numpy()


class PixelEncoder:
    """Raw pixels scaled to [-1, 1], the discriminator's input range: a control without learning."""

    def __init__(self, channels: int, height: int, width: int):
        self.origin = EncoderOrigin("pixels", "", "", 0, 0, "", 0)
        self.layers: Layers = {"pixels": (0, channels * height * width)}
        self.settings: dict[str, Any] = {"encoder": "pixels", "range": "-1 to 1"}
        self.batch = 2048
        self._shape = (channels, height, width)

    def check(self, images: ImageSet) -> None:
        """Raise ``UserError`` for images of another shape."""
        check_shape(images, self._shape, "this encoder is for")

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Scale uint8 images (n, channels, H, W) to float32 features (n, channels * H * W) in [-1, 1]."""
        return to_signed(torch.from_numpy(np.ascontiguousarray(images))).flatten(1).numpy()
