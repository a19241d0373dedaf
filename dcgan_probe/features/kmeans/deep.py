"""Takes training images and settings, gives three layers of k-means, learnt one after another and kept; knows no probe.

Layer 1 is a dictionary of patches. Layers 2 and 3 are fields over the layer below, whose maps are summed over disjoint
blocks before: 27 x 27 positions of a 32 x 32 image become 9 x 9, the 8 x 8 of layer 2 become 4 x 4, and layer 3 has
3 x 3. Positions that fill no block are left out. Source: Coates and Ng, "Selecting receptive fields in deep networks",
2011, section 4.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

from ...images import ImageSet
from ...runtime import UserError, available_memory, check_memory, derive_seed, numpy_generator
from ...storage import fingerprint_settings, fingerprint_tensors
from ..kept import kept_tensors
from ..settings import WINDOW, DictionaryConfig, FieldConfig
from .dictionaries import Dictionary, dictionary_path, kept_dictionary
from .field_layers import FieldLayer, learn_field_layer, random_windows, triangle
from .patches import PatchGrid, normalise

BLOCKS = (3, 2, 1)
"""Positions along a side of what is summed of each layer's maps."""
IMAGE_WINDOWS = 4
"""Windows of an image that teach a layer."""
IMAGES = 32
"""Images whose maps are held at once."""
CPU_IMAGES, GPU_IMAGES = 1, 32
"""Images whose codes of layer 1 are held at once: on a CPU one, so that they stay in its cache."""

Told = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is, and the total."""


@dataclass(frozen=True)
class DeepKMeans:
    """Layers of k-means, the first on pixels."""

    dictionary: Dictionary
    fields: FieldConfig
    layers: tuple[FieldLayer, ...] = ()
    """Those after the first."""

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """All that decides an encoding, by name."""
        above = {
            f"{number}.{name}": tensor
            for number, layer in enumerate(self.layers, 2)
            for name, tensor in layer.tensors.items()
        }
        return {**self.dictionary.tensors, **above}

    def to(self, device: torch.device) -> "DeepKMeans":
        """Copy to a device."""
        old = self.dictionary
        dictionary = Dictionary(old.config, old.whitening.to(device), old.centroids.to(device))
        return DeepKMeans(dictionary, self.fields, tuple(layer.to(device) for layer in self.layers))

    def maps(self, images: torch.Tensor) -> Iterator[torch.Tensor]:
        """Give each layer's summed maps in turn, float32 (n, rows, columns, m), of uint8 (n, channels, H, W)."""
        together = CPU_IMAGES if images.device.type == "cpu" else GPU_IMAGES
        maps = torch.cat([self._first(some) for some in images.split(together)])
        yield maps
        for layer, block in zip(self.layers, BLOCKS[1:], strict=False):
            maps = block_sums(layer.encode(maps), block)
            yield maps

    def _first(self, images: torch.Tensor) -> torch.Tensor:
        grid = PatchGrid(self.dictionary.config.patch)
        patches = self.dictionary.whitening(normalise(grid.of(images)))
        codes = triangle(patches.flatten(0, 1), self.dictionary.centroids)
        rows, columns = (grid.positions(side) for side in images.shape[2:])
        return block_sums(codes.view(len(images), rows, columns, -1), BLOCKS[0])


def block_sums(maps: torch.Tensor, size: int) -> torch.Tensor:
    """Sum maps (n, rows, columns, m) over disjoint blocks of ``size`` x ``size``, (n, rows // size, ..., m)."""
    if size == 1:
        return maps
    return avg_pool2d(maps.permute(0, 3, 1, 2), size, divisor_override=1).permute(0, 2, 3, 1)


def require_positions(images: ImageSet, patch: int, grid: int = 1) -> None:
    """Raise ``UserError`` for images too small for three layers whose maps have the cells of a grid."""
    side = PatchGrid(patch).positions(min(images.height, images.width)) // BLOCKS[0]
    for block in BLOCKS[1:]:
        side = max(0, side - WINDOW + 1) // block
    # The third layer has the fewest positions.
    if side < grid:
        raise UserError(
            f"{images.name} has images of {images.height} x {images.width} pixels, which leave {side} positions along "
            f"a side in the third layer of k-means, too few for a grid of {grid}; take larger images, a smaller patch "
            "or a smaller grid",
            parameter="grid",
        )


def kept_deep_kmeans(
    images: ImageSet,
    config: DictionaryConfig,
    fields: FieldConfig,
    folder: Path,
    device: torch.device,
    on_progress: Told = lambda what, done, total: None,
) -> DeepKMeans:
    """Give the three layers of these images and settings, each from a folder if it is there, else learnt into it.

    A layer is kept as it is done, so what was interrupted goes on at the layer it had reached.

    Raises
    ------
    UserError
        If a layer has fewer maps than the fields above it ask for, or the images are too small for three layers.
    """
    require_positions(images, config.patch)
    for name, asked in (("fields", fields.fields), ("field_maps", fields.field_maps)):
        if asked > min(config.centroids, fields.maps):
            raise UserError(
                f"{name} is {asked}, but layer 1 has {config.centroids} maps (centroids) and layer 2 {fields.maps} "
                "(fields x field_centroids); take at most as many as the smaller has, or make that one larger",
                parameter=name,
            )
    if not dictionary_path(images, config, folder).exists():
        for number, maps in ((2, config.centroids), (3, fields.maps)):
            require_windows(number, maps, fields)  # before layer 1 is learned
    dictionary = kept_dictionary(
        images, config, folder, device, lambda number, inertia: on_progress("layer 1", number, config.iterations)
    )
    made = DeepKMeans(dictionary, fields)
    for _ in BLOCKS[1:]:
        layer = kept_layer(made, images, fields, folder, device, on_progress)
        made = replace(made, layers=(*made.layers, layer))
    return made


def kept_layer(
    below: DeepKMeans, images: ImageSet, fields: FieldConfig, folder: Path, device: torch.device, on_progress: Told
) -> FieldLayer:
    """Give the layer above some layers, from a folder if it is there, else learnt into it."""
    config = below.dictionary.config
    settings: dict[str, Any] = {
        **asdict(fields),
        "below": fingerprint_tensors(below.tensors),
        "images": images.fingerprint,
        "learning": config.learning,
        "start": config.start,
        "iterations": config.iterations,
        "seed": config.seed,
    }
    path = folder / f"layer{len(below.layers) + 2}-{fingerprint_settings(settings)}.pt"
    names = [each.name for each in dataclasses.fields(FieldLayer)]
    return FieldLayer(
        **kept_tensors(path, names, lambda: learn_layer(below, images, fields, device, on_progress).tensors)
    )


def require_windows(number: int, maps: int, fields: FieldConfig) -> None:
    """Refuse more windows of so many maps than the free memory has room for while layer ``number`` is learned."""
    check_memory(
        f"learning layer {number} from {fields.field_windows:,} windows of {maps:,} maps",
        fields.learning_bytes(maps),
        available_memory(),
        "take fewer windows, or another machine",
        parameter="field_windows",
    )


def learn_layer(
    below: DeepKMeans,
    images: ImageSet,
    fields: FieldConfig,
    device: torch.device,
    on_progress: Told = lambda what, done, total: None,
) -> FieldLayer:
    """Learn the layer above some layers, from windows of their maps of random images."""
    config, number = below.dictionary.config, len(below.layers) + 2
    maps = below.layers[-1].count if below.layers else config.centroids
    require_windows(number, maps, fields)
    seed = derive_seed(config.seed, "layer", number)
    windows = teaching_windows(
        below.to(device),
        images,
        fields.field_windows,
        numpy_generator(seed, "windows"),
        device,
        lambda done: on_progress(f"layer {number}, windows", done, fields.field_windows),
    )
    return learn_field_layer(
        windows,
        fields,
        start=config.start if config.learning == "kmeans" else "points",
        iterations=config.iterations if config.learning == "kmeans" else 0,
        seed=seed,
        device=device,
        on_field=lambda done: on_progress(f"layer {number}, fields", done, fields.fields),
    )


def teaching_windows(
    below: DeepKMeans,
    images: ImageSet,
    count: int,
    generator: np.random.Generator,
    device: torch.device,
    on_window: Callable[[int], None],
) -> torch.Tensor:
    """Cut random windows, float32 (count, 4, m) on the CPU, from the top maps of random images.

    ``IMAGE_WINDOWS`` of each image, or as many more as it takes where there are too few images.
    """
    number = min(len(images), math.ceil(count / IMAGE_WINDOWS))
    each = math.ceil(count / number)
    chosen = np.sort(generator.choice(len(images), number, replace=False))
    windows = torch.empty(0)
    for start in range(0, number, IMAGES):
        pixels = torch.from_numpy(images.images[chosen[start : start + IMAGES]])
        with torch.inference_mode():
            *_, maps = below.maps(pixels.to(device))
            cut = random_windows(maps.cpu(), each, generator)
        if not len(windows):
            windows = torch.empty(number * each, *cut.shape[1:])
        windows[start * each : start * each + len(cut)] = cut
        on_window(min(count, start * each + len(cut)))
    return windows[:count]
