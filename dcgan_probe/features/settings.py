"""Settings of features: names to choose among, and how dictionaries and layers of fields are learned."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from ..runtime import UserError

DTYPES = ("float32", "float16")
Pool = Literal["max", "avg"]
POOLS: tuple[Pool, ...] = get_args(Pool)
RealRule = Literal["real-permuted", "real"]
REAL_RULES: tuple[RealRule, ...] = get_args(RealRule)
"""The default first."""
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
"""Positions along a side of a window."""
PLACE_BYTES, FLOATS_AT_ONCE = 24, 3
"""Of a patch: three int64 that say where it is cut; the most float32 copies of its numbers at once, in whitening."""


@dataclass(frozen=True)
class DictionaryConfig:
    """How a dictionary is learnt."""

    centroids: int = 1600
    """Number of entries."""
    patch: int = 6
    """Side of a patch in pixels."""
    patches: int = 400_000
    """Random patches that it is learnt from."""
    iterations: int = 50
    """Lloyd's iterations."""
    learning: Learning = "kmeans"
    """``kmeans``, or ``patches``: random ones of them serve as centroids."""
    start: Start = "gaussian"
    """What Lloyd's iterations start from: small normal numbers, or random ``points``, that is patches."""
    whiten: bool = True
    """Whether patches are whitened."""
    seed: int = 0
    """Of the patches and of the first centroids."""

    @property
    def recipe(self) -> dict[str, Any]:
        """Settings that decide the centroids and are no setting of an encoder, for the records."""
        return {"iterations": self.iterations, "patches": self.patches, "start": self.start}

    def learning_bytes(self, channels: int) -> int:
        """Give the memory that learning takes beside the images."""
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
                f"{self.centroids:,} centroids cannot be learnt from {self.patches:,} patches; take fewer centroids or "
                "more patches",
                parameter="centroids",
            )


@dataclass(frozen=True)
class FieldConfig:
    """How a layer of fields is learnt."""

    fields: int = 32
    """Groups of maps."""
    field_maps: int = 200
    """Maps of a group."""
    field_centroids: int = 100
    """Centroids of a group."""
    field_components: int = 30
    """Principal axes that are kept of a group's windows."""
    field_windows: int = 20_000
    """Random windows that a layer is learnt from."""

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
        """All settings, for the records."""
        return asdict(self)

    def learning_bytes(self, maps: int) -> int:
        """Give the memory that learning a layer over so many maps takes: all windows, and a field's thrice."""
        return self.field_windows * 4 * WINDOW**2 * (maps + 3 * self.field_maps)

    @property
    def maps(self) -> int:
        """Maps that a layer gives."""
        return self.fields * self.field_centroids
