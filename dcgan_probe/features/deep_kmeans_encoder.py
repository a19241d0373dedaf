"""Takes three layers of k-means, gives features of images: maps of each layer, summed over a grid; knows no file."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..images import ImageSet
from ..storage import fingerprint_tensors
from .deep_kmeans import IMAGES, DeepKMeans, require_positions
from .encoders import Layers, check_shape, choose_layers
from .feature_set import EncoderOrigin
from .kmeans_encoder import cell_bounds

LAYERS = ("kmeans1", "kmeans2", "kmeans3")
BATCH = 4 * IMAGES


class DeepKMeansEncoder:
    """Maps of three layers of k-means, summed over the cells of a grid and concatenated.

    The cells of layer 1 end where its blocks of positions do: 15 + 12 of 27 for a grid of 2.
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
        """Take the layers to a device.

        Parameters
        ----------
        trained_on
            The images that taught them; others of their shape can be encoded.
        layers
            Names or numbers; None means all.
        grid
            Cells along a side; their borders lie at rounded positions, a half upwards (4.5 is 5).
        """
        self._shape = trained_on.images.shape[1:]
        require_positions(trained_on, deep.dictionary.config.patch, grid)
        self._deep, self._device, self._grid = deep.to(device), device, grid
        maps = (len(deep.dictionary.centroids), *(layer.count for layer in deep.layers))
        self.layers = deep_columns(maps, layers, grid)
        config, weights = deep.dictionary.config, fingerprint_tensors(deep.tensors)
        self.origin = EncoderOrigin(
            features="kmeans3",
            network="-".join(str(count) for count in maps),
            trained_on=trained_on.name,
            trained_on_images=len(trained_on),
            images_seen=len(trained_on),
            run="",
            seed=config.seed,
            weights=weights,
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
        """Raise ``UserError`` for images of another shape than those that taught the layers."""
        check_shape(images, self._shape, "the centroids come from")

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Give float32 (n, D), layer by layer, each map by map, of uint8 (n, channels, H, W)."""
        top, (_, width) = list(self.layers.items())[-1]
        features = np.empty((len(images), width), np.float32)
        needed = LAYERS[: LAYERS.index(top) + 1]
        with torch.inference_mode():
            for start in range(0, len(images), IMAGES):
                pixels = torch.from_numpy(np.ascontiguousarray(images[start : start + IMAGES])).to(self._device)
                for name, maps in zip(needed, self._deep.maps(pixels), strict=False):
                    if name in self.layers:
                        columns = slice(*self.layers[name])
                        features[start : start + len(pixels), columns] = cell_sums(maps, self._grid).cpu().numpy()
        return features


def cell_sums(maps: torch.Tensor, grid: int) -> torch.Tensor:
    """Sum maps (n, rows, columns, m) over the cells of a grid, (n, m * cells): map by map, each row by row."""
    rows, columns = (cell_bounds(side, grid) for side in maps.shape[1:3])
    cells = [
        maps[:, rows[i] : rows[i + 1], columns[j] : columns[j + 1]].sum(dim=(1, 2))
        for i in range(grid)
        for j in range(grid)
    ]
    return torch.stack(cells, dim=2).flatten(1)


def deep_columns(maps: Sequence[int], layers: Sequence[str] | str | None, grid: int) -> Layers:
    """Give the columns of the chosen layers (names or numbers; None means all) for each layer's number of maps."""
    ranges: Layers = {}
    start = 0
    chosen = choose_layers(layers, LAYERS)
    for name, count in zip(LAYERS, maps, strict=True):
        if name in chosen:
            ranges[name] = (start, start + count * grid**2)
            start += count * grid**2
    return ranges
