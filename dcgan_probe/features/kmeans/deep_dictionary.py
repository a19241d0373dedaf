"""Three layers of k-means, learned one after another and stored.

Layer 1 is a dictionary of patches. Layers 2 and 3 are fields over the layer below, whose maps are first summed over
disjoint blocks: the 27 x 27 positions of a 32 x 32 image become 9 x 9, the 8 x 8 of layer 2 become 4 x 4, and layer 3
has 3 x 3. Positions that do not fill a block are omitted. Source: Coates and Ng, "Selecting receptive fields in deep
networks", 2011, section 4.
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
from ..settings import WINDOW, DictionaryConfig, FieldConfig
from ..stored_tensors import load_or_compute
from .dictionaries import Dictionary, dictionary_path, kept_dictionary
from .field_layers import FieldLayer, learn_field_layer, random_windows, triangle
from .patches import PatchGrid, normalize

BLOCKS = (3, 2, 1)
"""Side of the blocks over which each layer's maps are summed, in positions."""
IMAGE_WINDOWS = 4
"""Windows of an image for learning a layer."""
IMAGES = 32
"""Images whose maps are held at once."""
CPU_IMAGES, GPU_IMAGES = 1, 32
"""Images whose codes of layer 1 are held at once: one on a CPU, so that the codes stay in its cache."""

ProgressCallback = Callable[[str, int, int], None]
"""Called with the name of the step, the amount done and the total."""


@dataclass(frozen=True)
class DeepKMeans:
    """Layers of k-means: a dictionary of patches, and fields above it."""

    dictionary: Dictionary
    fields: FieldConfig
    layers: tuple[FieldLayer, ...] = ()
    """Layers 2 and 3, as far as they are learned."""

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """Tensors that determine an encoding, by name."""
        above = {
            f"{number}.{name}": tensor
            for number, layer in enumerate(self.layers, 2)
            for name, tensor in layer.tensors.items()
        }
        return {**self.dictionary.tensors, **above}

    def to(self, device: torch.device) -> "DeepKMeans":
        """Return a copy on a device."""
        old = self.dictionary
        dictionary = Dictionary(old.config, old.whitening.to(device), old.centroids.to(device))
        return DeepKMeans(dictionary, self.fields, tuple(layer.to(device) for layer in self.layers))

    def maps(self, images: torch.Tensor) -> Iterator[torch.Tensor]:
        """Yield each layer's summed maps, float32 (n, rows, columns, m), for uint8 images (n, channels, H, W)."""
        together = CPU_IMAGES if images.device.type == "cpu" else GPU_IMAGES
        maps = torch.cat([self._first(some) for some in images.split(together)])
        yield maps
        for layer, block in zip(self.layers, BLOCKS[1:], strict=False):
            maps = block_sums(layer.encode(maps), block)
            yield maps

    def _first(self, images: torch.Tensor) -> torch.Tensor:
        grid = PatchGrid(self.dictionary.config.patch)
        patches = self.dictionary.whitening(normalize(grid.of(images)))
        codes = triangle(patches.flatten(0, 1), self.dictionary.centroids)
        rows, columns = (grid.positions(side) for side in images.shape[2:])
        return block_sums(codes.view(len(images), rows, columns, -1), BLOCKS[0])


def block_sums(maps: torch.Tensor, size: int) -> torch.Tensor:
    """Sum maps (n, rows, columns, m) over disjoint blocks of ``size`` x ``size``, (n, rows // size, ..., m)."""
    if size == 1:
        return maps
    return avg_pool2d(maps.permute(0, 3, 1, 2), size, divisor_override=1).permute(0, 2, 3, 1)


def require_positions(images: ImageSet, patch: int, grid: int = 1) -> None:
    """Raise ``UserError`` for images that are too small for three layers with a grid of this size."""
    side = PatchGrid(patch).positions(min(images.height, images.width)) // BLOCKS[0]
    for block in BLOCKS[1:]:
        side = max(0, side - WINDOW + 1) // block
    # The third layer has the fewest positions.
    if side < grid:
        raise UserError(
            f"{images.name} has images of {images.height} x {images.width} pixels, which leave {side} positions along "
            f"a side in the third layer of k-means, too few for a grid of {grid}; use larger images, a smaller patch "
            "or a smaller grid",
            parameter="grid",
        )


def kept_deep_kmeans(
    images: ImageSet,
    config: DictionaryConfig,
    fields: FieldConfig,
    folder: Path,
    device: torch.device,
    on_progress: ProgressCallback = lambda what, done, total: None,
) -> DeepKMeans:
    """Return the three layers for these images and settings, and learn and store the layers that a folder lacks.

    Each layer is stored when it is learned, so an interrupted call resumes at the next layer.

    Parameters
    ----------
    images
        Training images.
    folder
        Folder of the stored layers.
    on_progress
        Called with the name of the step, the amount done and the total.

    Raises
    ------
    UserError
        If a layer has fewer maps than the fields above it need, the images are too small for three layers, or the
        memory is insufficient.
    """
    require_positions(images, config.patch)
    for name, asked in (("fields", fields.fields), ("field_maps", fields.field_maps)):
        if asked > min(config.centroids, fields.maps):
            raise UserError(
                f"{name} is {asked}, but layer 1 has {config.centroids} maps (centroids) and layer 2 {fields.maps} "
                "(fields x field_centroids); use at most as many as the smaller has, or increase that number",
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
    below: DeepKMeans,
    images: ImageSet,
    fields: FieldConfig,
    folder: Path,
    device: torch.device,
    on_progress: ProgressCallback,
) -> FieldLayer:
    """Return the layer above ``below`` from a folder; learn and store it if it is missing."""
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
        **load_or_compute(path, names, lambda: learn_layer(below, images, fields, device, on_progress).tensors)
    )


def require_windows(number: int, maps: int, fields: FieldConfig) -> None:
    """Raise ``UserError`` if learning layer ``number`` over ``maps`` maps needs more than the free memory."""
    check_memory(
        f"learning layer {number} from {fields.field_windows:,} windows of {maps:,} maps",
        fields.learning_bytes(maps),
        available_memory(),
        "use fewer windows, or another machine",
        parameter="field_windows",
    )


def learn_layer(
    below: DeepKMeans,
    images: ImageSet,
    fields: FieldConfig,
    device: torch.device,
    on_progress: ProgressCallback = lambda what, done, total: None,
) -> FieldLayer:
    """Learn the layer above ``below`` from windows of its top maps of random images."""
    config, number = below.dictionary.config, len(below.layers) + 2
    maps = below.layers[-1].count if below.layers else config.centroids
    require_windows(number, maps, fields)
    seed = derive_seed(config.seed, "layer", number)
    windows = sample_windows(
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


def sample_windows(
    below: DeepKMeans,
    images: ImageSet,
    count: int,
    generator: np.random.Generator,
    device: torch.device,
    on_window: Callable[[int], None],
) -> torch.Tensor:
    """Cut random windows, float32 (count, 4, m) on the CPU, from the top maps of random images.

    Each image gives ``IMAGE_WINDOWS`` windows, or more if there are too few images.
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
