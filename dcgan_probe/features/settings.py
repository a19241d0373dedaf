"""Settings of features, k-means dictionaries and layers of receptive fields."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from ..runtime import UserError

DTYPES = ("float32", "float16")
Pool = Literal["max", "avg"]
POOLS: tuple[Pool, ...] = get_args(Pool)
RealRule = Literal["real-permuted", "real"]
REAL_RULES: tuple[RealRule, ...] = get_args(RealRule)
"""Rules over real images; the first is the default."""
BatchNormRule = RealRule | Literal["running"]
BN_STATS: tuple[BatchNormRule, ...] = (*REAL_RULES, "running")
Learning = Literal["kmeans", "patches"]
LEARNINGS: tuple[Learning, ...] = get_args(Learning)
Start = Literal["gaussian", "points"]
STARTS: tuple[Start, ...] = get_args(Start)
Activation = Literal["triangle", "hard"]
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
Scale = Literal["none", "standardise", "standardise+0.01"]
SCALES: tuple[Scale, ...] = get_args(Scale)
"""Scalings of features before a fit."""
WINDOW = 2
"""Side of a window in positions."""
PLACE_BYTES, FLOATS_AT_ONCE = 24, 3
"""Bytes of a patch's location (three int64), and the most float32 copies of a patch at once (in whitening)."""


@dataclass(frozen=True)
class DictionaryConfig:
    """Settings for learning a dictionary of patches."""

    centroids: int = 1600
    """Number of centroids."""
    patch: int = 6
    """Side of a patch in pixels."""
    patches: int = 400_000
    """Number of random patches to learn from."""
    iterations: int = 50
    """Lloyd's iterations."""
    learning: Learning = "kmeans"
    """``kmeans``, or ``patches``: random patches serve as centroids."""
    start: Start = "gaussian"
    """First centroids: small normal numbers (``gaussian``), or random patches (``points``)."""
    whiten: bool = True
    """Whether patches are whitened."""
    seed: int = 0
    """Seed of the patches and of the first centroids."""

    @property
    def recipe(self) -> dict[str, Any]:
        """Settings that determine the centroids and are not settings of an encoder, for the records."""
        return {"iterations": self.iterations, "patches": self.patches, "start": self.start}

    def learning_bytes(self, channels: int) -> int:
        """Return the bytes of memory for learning, in addition to the images."""
        return self.patches * (PLACE_BYTES + FLOATS_AT_ONCE * 4 * channels * self.patch**2)

    def __post_init__(self) -> None:
        for name in ("centroids", "patch", "patches", "iterations"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} is {getattr(self, name)}; expected at least 1", parameter=name)
        if self.learning not in LEARNINGS:
            raise UserError(f"got learning {self.learning!r}, expected {' or '.join(LEARNINGS)}", parameter="learning")
        if self.start not in STARTS:
            raise UserError(f"got start {self.start!r}, expected {' or '.join(STARTS)}", parameter="start")
        if self.centroids > self.patches:
            raise UserError(
                f"{self.centroids:,} centroids cannot be learned from {self.patches:,} patches; use fewer centroids or "
                "more patches",
                parameter="centroids",
            )


@dataclass(frozen=True)
class FieldConfig:
    """Settings for learning a layer of receptive fields."""

    fields: int = 32
    """Number of fields, which are groups of maps."""
    field_maps: int = 200
    """Maps per field."""
    field_centroids: int = 100
    """Centroids per field."""
    field_components: int = 30
    """Principal axes kept for a field's windows."""
    field_windows: int = 20_000
    """Number of random windows to learn a layer from."""

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 1:
                raise UserError(f"{name} is {value}; expected at least 1", parameter=name)
        for name in ("field_centroids", "field_components"):
            most = self.field_windows if name == "field_centroids" else WINDOW**2 * self.field_maps
            if getattr(self, name) > most:
                raise UserError(
                    f"{name} is {getattr(self, name)}; expected at most {most}, with {self.field_windows} windows of "
                    f"{WINDOW} x {WINDOW} positions of {self.field_maps} maps",
                    parameter=name,
                )

    @property
    def recipe(self) -> dict[str, Any]:
        """Settings of the layer, for the records."""
        return asdict(self)

    def learning_bytes(self, maps: int) -> int:
        """Return the bytes of memory for learning a layer over ``maps`` maps: all windows, and one field's thrice."""
        return self.field_windows * 4 * WINDOW**2 * (maps + 3 * self.field_maps)

    @property
    def maps(self) -> int:
        """Number of output maps of a layer."""
        return self.fields * self.field_centroids
