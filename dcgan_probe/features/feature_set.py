"""Takes an opened feature file, gives the features of chosen layers with their origin; knows no probe."""

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
    """Where an encoder comes from, as every record has it: ``EncoderOrigin("histogram")`` where nothing was trained.

    Of a source with ``needs_run`` the name alone suffices: an origin without ``run`` gets that of the trained run.
    """

    features: str
    """Name of the source."""
    network: str = ""
    """Name of the network, which tables print behind the source's label: a preset, an architecture; may be empty."""
    trained_on: str = ""
    """Name of the images that trained the encoder without labels; empty for an untrained one."""
    trained_on_images: int = 0
    """Number of different images in that set; 0 for an untrained encoder."""
    images_seen: int = 0
    """Images shown in that training, repeats included; 0 for an untrained encoder."""
    run: str = ""
    """Run folder; empty for an encoder of no run."""
    seed: int = 0
    """Seed of the encoder's initialization and training."""
    weights: str = ""
    """Hash of the network's weights, such as ``storage.fingerprint_tensors(network.state_dict())``; empty without any.
    """
    recipe: dict[str, Any] = field(default_factory=dict)
    """Settings of the training that no other field holds, JSON-able, such as ``{"patches": 400000}``. The weights' hash
    follows from them, so no cache key needs them."""

    def __post_init__(self) -> None:
        """Check every field.

        Raises
        ------
        UserError
            If one has another type, or a number is negative.
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
    def learnt(
        cls,
        features: str,
        network: str,
        images: ImageSet,
        weights: str,
        *,
        seed: int = 0,
        recipe: dict[str, Any] | None = None,
    ) -> "EncoderOrigin":
        """Tell of an encoder that was learnt in no run, from images that all count as seen once."""
        return cls(features, network, images.name, len(images), len(images), "", seed, weights, recipe or {})

    def to_dict(self) -> dict[str, Any]:
        """Give the origin as a JSON-able dictionary."""
        return asdict(self)


@dataclass(frozen=True)
class MapShare:
    """A random share of the maps of each layer: what a narrower network would have, from the cache of a wide one."""

    share: float
    """Of the maps of a layer, in (0, 1]; at least one map is kept."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.share <= 1.0:
            raise UserError(f"got {self.share:g} of the maps, expected a share above 0, at most 1", parameter="maps")

    def columns(self, layer: str, width: int, cells: int) -> np.ndarray:
        """Return the columns of a layer that are kept, rising, int64 (kept maps * cells,).

        Parameters
        ----------
        width
            Columns of the whole layer: ``cells`` consecutive ones a map.
        """
        maps = width // cells
        kept = max(1, round(self.share * maps))
        chosen = np.sort(numpy_generator(self.seed, "share of maps", layer).permutation(maps)[:kept])
        return (chosen[:, None] * cells + np.arange(cells)).ravel()

    def options(self) -> dict[str, Any]:
        """Return what records keep, JSON-able."""
        return {"maps": self.share, "maps_seed": self.seed}


@dataclass(frozen=True)
class FeatureSet:
    """Features of one image set: row i belongs to image i, columns to named layers."""

    file: "FeatureFile | PixelFeatures | ArrayFeatures"
    """float32, float16 or, of arrays, float64 (N or more, all columns)."""
    names: tuple[str, ...]
    """The chosen layers, in the file's order."""
    origin: EncoderOrigin
    dataset: str
    """Name of the image set."""
    split: str
    images_fingerprint: str
    """Hash of the images and labels."""
    maps: MapShare | None = None
    """A share of each layer's maps; None for all."""
    rows: np.ndarray | None = field(default=None, compare=False)
    """The file's rows that belong to the images, int64 (N,), rising; None for all."""
    images: ImageSet | None = field(default=None, repr=False, compare=False)
    """The images themselves; None where only their features are at hand."""

    def __post_init__(self) -> None:
        if self.maps is not None and "grid" not in self.file.settings:
            raise UserError(f"{self.origin.features} features are no maps on a grid; leave this out", parameter="maps")
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
        """Hash of everything that decided the numbers: the key of a file of these images alone."""
        if self.rows is None:
            return self.file.key
        return fingerprint_settings({**self.file.settings, "images": self.images_fingerprint})

    @property
    def labels(self) -> np.ndarray | None:
        """int64 (N,), or None."""
        labels = self.file.labels
        return labels if self.rows is None or labels is None else labels[self.rows]

    @property
    def layers(self) -> dict[str, int]:
        """Name and number of columns of each chosen layer."""
        return {name: len(np.arange(*self.file.layers[name])[columns]) for name, columns in self._kept().items()}

    def _kept(self) -> dict[str, slice | np.ndarray]:
        """Return the columns that are kept of each chosen layer, counted from its first one."""
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
        """Return the same features with fewer layers; nothing is read or copied."""
        return replace(self, names=tuple(names))

    @property
    def dtype(self) -> np.dtype:
        """Of the stored features: float32, float16 or, of arrays, float64."""
        return self.file.dtype

    def blocks(self, rows: int = READ_ROWS, dtype: Any = np.float32) -> Iterator[np.ndarray]:
        """Give the chosen columns in consecutive blocks of at most ``rows`` rows, (n, dimension)."""
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
