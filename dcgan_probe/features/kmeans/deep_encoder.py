"""Encoder of images by three layers of k-means, whose maps are summed over a grid."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ...images import ImageSet
from ...runtime import map_on_cores
from ...storage import fingerprint_tensors
from ..encoders import Layers, check_shape
from ..feature_set import EncoderOrigin
from ..layer_names import choose_layers
from .deep_dictionary import IMAGES, DeepKMeans, require_positions
from .encoder import Cells

LAYERS = ("kmeans1", "kmeans2", "kmeans3")
BATCH = 4 * IMAGES
CPU_IMAGES = 8
"""Images that one core encodes at once."""


class DeepKMeansEncoder:
    """Maps of three layers of k-means, summed over the cells of a grid and concatenated.

    The cells of layer 1 end at borders of its blocks of positions: 15 + 12 of 27 positions for a grid of 2.
    """

    def __init__(
        self,
        deep: DeepKMeans,
        trained_on: ImageSet,
        *,
        layers: Sequence[str] | str | None = None,
        grid: int = 2,
        device: torch.device,
    ):
        """Copy the layers to a device, and compute the column range of each.

        Parameters
        ----------
        trained_on
            Images that the layers were learned from; images of the same shape can be encoded.
        layers
            Names, or numbers from 1 on; None selects all.
        grid
            Cells along a side; their borders are positions rounded half up (4.5 becomes 5).
        """
        self._shape = trained_on.images.shape[1:]
        require_positions(trained_on, deep.dictionary.config.patch, grid)
        self._deep, self._device, self._grid = deep.to(device), device, grid
        maps = (len(deep.dictionary.centroids), *(layer.count for layer in deep.layers))
        self.layers = deep_columns(maps, layers, grid)
        config, weights = deep.dictionary.config, fingerprint_tensors(deep.tensors)
        self.origin = EncoderOrigin.from_images(
            "kmeans3",
            "-".join(str(count) for count in maps),
            trained_on,
            weights,
            seed=config.seed,
            recipe={**config.recipe, **deep.fields.recipe},
        )
        self.batch = BATCH
        self.settings: dict[str, Any] = {
            "encoder": "kmeans3",
            "weights": weights,
            "learning": config.learning,
            "whiten": config.whiten,
            "patch": config.patch,
            "grid": grid,
            "layers": list(self.layers),
        }

    def check(self, images: ImageSet) -> None:
        """Raise ``UserError`` for images of another shape than the training images."""
        check_shape(images, self._shape, "the centroids come from")

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Encode uint8 images (n, channels, H, W) as float32 features (n, D), in the order layer, map, cell."""
        pixels = torch.from_numpy(np.ascontiguousarray(images))
        if self._device.type == "cpu":
            return torch.cat(map_on_cores(self._encode, pixels.split(CPU_IMAGES))).numpy()
        return torch.cat([self._encode(some.to(self._device)).cpu() for some in pixels.split(IMAGES)]).numpy()

    def _encode(self, images: torch.Tensor) -> torch.Tensor:
        """Encode images on the encoder's device, (n, D)."""
        needed = LAYERS[: LAYERS.index(list(self.layers)[-1]) + 1]
        with torch.inference_mode():
            layers = zip(needed, self._deep.maps(images), strict=False)
            return torch.cat([cell_sums(maps, self._grid) for name, maps in layers if name in self.layers], dim=1)


def cell_sums(maps: torch.Tensor, grid: int) -> torch.Tensor:
    """Sum maps (n, rows, columns, m) over the cells of a grid, (n, m * cells), in the order map, row, column."""
    cells = Cells.of(maps.shape[1], maps.shape[2], grid)
    sums = [maps[:, top:bottom, left:right].sum(dim=(1, 2)) for top, bottom, left, right in cells.bounds]
    return torch.stack(sums, dim=2).flatten(1)


def deep_columns(maps: Sequence[int], layers: Sequence[str] | str | None, grid: int) -> Layers:
    """Return the columns of each chosen layer (names or numbers; None selects all); ``maps`` counts the maps."""
    ranges: Layers = {}
    start = 0
    chosen = choose_layers(layers, LAYERS)
    for name, count in zip(LAYERS, maps, strict=True):
        if name in chosen:
            ranges[name] = (start, start + count * grid**2)
            start += count * grid**2
    return ranges
