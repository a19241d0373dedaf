"""Features of chosen layers of an image set, with their origin."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..images import ImageSet
from ..runtime import UserError, check_fields, numpy_generator
from ..storage import FeatureFile, fingerprint_settings

if TYPE_CHECKING:
    from .array_features import ArrayFeatures
    from .pixel_features import PixelFeatures

READ_ROWS = 2048


@dataclass(frozen=True)
class EncoderOrigin:
    """Provenance of an encoder, as records store it; ``EncoderOrigin("histogram")`` for one without training.

    For a source with ``needs_run``, the name suffices: an origin without ``run`` is completed from the trained run.
    """

    features: str
    """Name of the source."""
    network: str = ""
    """Name of the network, printed in tables after the source's label: a preset, an architecture; may be empty."""
    trained_on: str = ""
    """Name of the image set that trained the encoder without labels; empty for an untrained encoder."""
    trained_on_images: int = 0
    """Number of distinct images in that set; 0 for an untrained encoder."""
    images_seen: int = 0
    """Images shown during that training, including repeats; 0 for an untrained encoder."""
    run: str = ""
    """Run folder; empty for an encoder without a run."""
    seed: int = 0
    """Seed of the encoder's initialization and training."""
    weights: str = ""
    """Hash of the network's weights, such as ``storage.fingerprint_tensors(network.state_dict())``, or empty."""
    recipe: dict[str, Any] = field(default_factory=dict)
    """Training settings without a field here, JSON-serializable, such as ``{"patches": 400000}``. Cache keys contain
    the hash of the weights instead."""

    def __post_init__(self) -> None:
        """Check every field.

        Raises
        ------
        UserError
            If a field has another type, or a number is negative.
        """
        for name in ("trained_on_images", "images_seen", "seed"):
            number = getattr(self, name)
            if isinstance(number, np.integer):
                object.__setattr__(self, name, int(number))
        try:
            check_fields(self)
        except UserError as error:
            raise UserError(f"EncoderOrigin: {error}") from error
        negative = [name for name in ("trained_on_images", "images_seen", "seed") if getattr(self, name) < 0]
        if negative:
            raise UserError(f"EncoderOrigin: got {negative[0]} {getattr(self, negative[0])}, expected at least 0")

    @classmethod
    def from_images(
        cls,
        features: str,
        network: str,
        images: ImageSet,
        weights: str,
        *,
        seed: int = 0,
        recipe: dict[str, Any] | None = None,
    ) -> "EncoderOrigin":
        """Return the origin of an encoder that learned from images without a run; each image counts as seen once."""
        return cls(features, network, images.name, len(images), len(images), "", seed, weights, recipe or {})

    def to_dict(self) -> dict[str, Any]:
        """Return the origin as a JSON-serializable dictionary."""
        return asdict(self)


@dataclass(frozen=True)
class MapShare:
    """Random share of each layer's maps, which imitates a narrower network with a wide network's cached features."""

    share: float
    """Share of a layer's maps, in (0, 1]; at least one map is kept."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.share <= 1.0:
            raise UserError(f"got a share of {self.share:g}, expected above 0 and at most 1", parameter="maps")

    def columns(self, layer: str, width: int, cells: int) -> np.ndarray:
        """Return the kept columns of a layer in ascending order, int64 (kept maps * cells,).

        Parameters
        ----------
        width
            Number of columns of the whole layer.
        cells
            Consecutive columns of each map.
        """
        maps = width // cells
        kept = max(1, round(self.share * maps))
        chosen = np.sort(numpy_generator(self.seed, "share of maps", layer).permutation(maps)[:kept])
        return (chosen[:, None] * cells + np.arange(cells)).ravel()

    def options(self) -> dict[str, Any]:
        """Return the settings for the records, JSON-serializable."""
        return {"maps": self.share, "maps_seed": self.seed}


@dataclass(frozen=True)
class FeatureSet:
    """Features of one image set: row i belongs to image i, and layers are named column ranges."""

    file: "FeatureFile | PixelFeatures | ArrayFeatures"
    """Stored features (N or more rows, all columns): float32 or float16, also float64 for arrays."""
    names: tuple[str, ...]
    """Chosen layers, in the file's order."""
    origin: EncoderOrigin
    dataset: str
    """Name of the image set."""
    split: str
    images_fingerprint: str
    """Hash of the images and labels."""
    maps: MapShare | None = None
    """Share of each layer's maps; None for all maps."""
    rows: np.ndarray | None = field(default=None, compare=False)
    """Rows of the file that belong to the images, int64 (N,), ascending; None for all rows."""
    images: ImageSet | None = field(default=None, repr=False, compare=False)
    """Encoded images; None if only their features are available."""

    def __post_init__(self) -> None:
        if self.maps is not None and "grid" not in self.file.settings:
            raise UserError(
                f"{self.origin.features} features are not maps on a grid; omit this option", parameter="maps"
            )
        unknown = [name for name in self.names if name not in self.file.layers]
        if unknown or not self.names:
            raise UserError(
                f"unknown layer {', '.join(unknown) or '(none named)'}: these features have "
                f"{', '.join(self.file.layers)}",
                parameter="layers",
            )

    def __len__(self) -> int:
        return self.file.shape[0] if self.rows is None else len(self.rows)

    @property
    def key(self) -> str:
        """Hash of everything that determines the numbers: the key of a file with these images alone."""
        if self.rows is None:
            return self.file.key
        return fingerprint_settings({**self.file.settings, "images": self.images_fingerprint})

    @property
    def labels(self) -> np.ndarray | None:
        """Labels, int64 (N,), or None."""
        labels = self.file.labels
        return labels if self.rows is None or labels is None else labels[self.rows]

    @property
    def layers(self) -> dict[str, int]:
        """Number of columns of each chosen layer, by name."""
        return {name: len(np.arange(*self.file.layers[name])[columns]) for name, columns in self._kept().items()}

    def _kept(self) -> dict[str, slice | np.ndarray]:
        """Return the kept columns of each chosen layer, relative to the layer's first column."""
        kept: dict[str, slice | np.ndarray] = {}
        for name, (start, stop) in self.file.layers.items():
            if name in self.names:
                cells = int(self.file.settings.get("grid", 1)) ** 2
                kept[name] = slice(None) if self.maps is None else self.maps.columns(name, stop - start, cells)
        return kept

    @property
    def dimension(self) -> int:
        """Number of columns of the chosen layers together."""
        return sum(self.layers.values())

    def select(self, names: Sequence[str]) -> "FeatureSet":
        """Return the same features with fewer layers, without reading or copying."""
        return replace(self, names=tuple(names))

    @property
    def dtype(self) -> np.dtype:
        """Data type of the stored features: float32 or float16, also float64 for arrays."""
        return self.file.dtype

    def blocks(self, rows: int = READ_ROWS, dtype: Any = np.float32) -> Iterator[np.ndarray]:
        """Yield the chosen columns in consecutive blocks of at most ``rows`` rows, (n, dimension)."""
        kept = self._kept()
        for start in range(0, self.file.shape[0], rows):
            stop = min(start + rows, self.file.shape[0])
            chosen: slice | np.ndarray = slice(None)
            if self.rows is not None:
                chosen = self.rows[slice(*np.searchsorted(self.rows, (start, stop)))] - start
                if not len(chosen):
                    continue
            parts = [
                self.file.read(start, stop, slice(*self.file.layers[name]))[chosen][:, columns]
                for name, columns in kept.items()
            ]
            yield np.concatenate(parts, axis=1).astype(dtype, copy=False)

    def load(self) -> np.ndarray:
        """Read the chosen columns into memory, float32 (N, dimension), row-major."""
        result = np.empty((len(self), self.dimension), np.float32)
        start = 0
        for block in self.blocks():
            result[start : start + len(block)] = block
            start += len(block)
        return result
