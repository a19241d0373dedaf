"""Dictionaries of image patches, learned once and stored.

Source of the one-layer method: Coates, Lee and Ng, "An analysis of single-layer networks in unsupervised feature
learning", 2011. Random patches are normalized and whitened, and k-means finds their centroids.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from ...images import ImageSet
from ...runtime import available_memory, check_memory, numpy_generator, torch_generator
from ...storage import fingerprint_settings
from ..settings import DictionaryConfig
from ..stored_tensors import load_or_compute
from .lloyd import first_centroids, lloyd
from .patches import Whitening, normalize, random_patches

TENSORS = ("mean", "matrix", "centroids")
"""Names of a dictionary's tensors: the two of the whitening, and the centroids."""


@dataclass(frozen=True)
class Dictionary:
    """Whitening and centroids."""

    config: DictionaryConfig
    whitening: Whitening
    centroids: torch.Tensor
    """float32 (k, d), of whitened patches."""

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """Tensors that determine an encoding, by name."""
        return dict(zip(TENSORS, (self.whitening.mean, self.whitening.matrix, self.centroids), strict=True))


def require_patches(images: ImageSet, config: DictionaryConfig) -> None:
    """Raise ``UserError`` if learning a dictionary needs more than the free memory."""
    check_memory(
        f"learning from {config.patches:,} patches of {images.channels * config.patch**2} numbers",
        config.learning_bytes(images.channels),
        available_memory(),
        "use fewer patches, or another machine",
        parameter="patches",
    )


def learn_dictionary(
    images: ImageSet,
    config: DictionaryConfig,
    device: torch.device,
    on_iteration: Callable[[int, float], None] = lambda number, inertia: None,
) -> Dictionary:
    """Learn a dictionary from training images.

    Parameters
    ----------
    on_iteration
        Called with the number of Lloyd's iterations done, and the inertia before the last one.

    Raises
    ------
    UserError
        If the patches do not fit in memory, or an image is smaller than a patch.
    """
    require_patches(images, config)
    random = numpy_generator(config.seed, "patches")
    points = normalize(torch.from_numpy(random_patches(images, config.patches, config.patch, random)))
    whitening = Whitening.fit(points.numpy()) if config.whiten else Whitening.none(points.shape[1])
    points = whitening(points).to(device)
    random_start = torch_generator(config.seed, "centroids")
    if config.learning == "patches":
        return Dictionary(config, whitening, first_centroids(points, config.centroids, "points", random_start).cpu())
    first = first_centroids(points, config.centroids, config.start, random_start)
    centroids = lloyd(points, first, iterations=config.iterations, on_iteration=on_iteration)
    return Dictionary(config, whitening, centroids.cpu())


def dictionary_path(images: ImageSet, config: DictionaryConfig, folder: Path) -> Path:
    """Return the path of the dictionary for these images and settings."""
    settings: dict[str, Any] = {**asdict(config), "images": images.fingerprint}
    return folder / f"dictionary-{fingerprint_settings(settings)}.pt"


def kept_dictionary(
    images: ImageSet,
    config: DictionaryConfig,
    folder: Path,
    device: torch.device,
    on_iteration: Callable[[int, float], None] = lambda number, inertia: None,
) -> Dictionary:
    """Return the dictionary for these images and settings from a folder; learn and store it if it is missing."""
    path = dictionary_path(images, config, folder)
    kept = load_or_compute(path, TENSORS, lambda: learn_dictionary(images, config, device, on_iteration).tensors)
    return Dictionary(config, Whitening(kept["mean"], kept["matrix"]), kept["centroids"])
