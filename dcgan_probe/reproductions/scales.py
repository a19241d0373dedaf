"""Takes nothing, gives the sizes of everything in a result table, from a smoke test to the paper's; knows no row."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ..features import FieldConfig

Table = Literal["cifar10", "svhn-1000"]
TABLES: tuple[Table, ...] = get_args(Table)
ScaleName = Literal["smoke", "small", "paper"]
SCALE_NAMES: tuple[ScaleName, ...] = get_args(ScaleName)


@dataclass(frozen=True)
class Scale:
    """The sizes of all that stands in a table."""

    preset: str
    """Of the DCGAN, of its untrained control and of the supervised network."""
    unlabelled: str
    """Images that train the DCGAN."""
    images: int
    """Real images shown to D."""
    untrained_seeds: tuple[int, ...] = (0, 1, 2)
    centroids: tuple[int, ...] = (1600, 4000)
    """Of each one-layer k-means."""
    learning: dict[str, Any] = field(default_factory=dict)
    """Other settings of k-means, of one layer and three, than the published ones."""
    fields: FieldConfig = field(default_factory=FieldConfig)
    """Of three-layer k-means, whose first layer has the first number of centroids."""
    settings: int = 64
    """That the supervised network's search tries."""
    draws: int | None = None
    """Of labels, for choosing and for reporting; None for the protocol's own."""
    released: bool = True
    """Whether the authors' released weights have rows."""


SCALES: dict[Table, dict[ScaleName, Scale]] = {
    table: {
        "smoke": Scale(
            preset="demo",
            unlabelled="svhn" if table == "svhn-1000" else "cifar10",
            images=6_400,
            untrained_seeds=(0,),
            centroids=(32,),
            learning={"patches": 4_000, "iterations": 5},
            fields=FieldConfig(fields=2, field_maps=8, field_centroids=8, field_components=8, field_windows=500),
            settings=2,
            draws=1,
            released=False,
        ),
        "small": Scale(preset="cpu32", unlabelled="tiny_imagenet32", images=2_000_000),
        "paper": Scale(
            preset="svhn32" if table == "svhn-1000" else "imagenet32",
            unlabelled="svhn" if table == "svhn-1000" else "imagenet",
            images=6_330_000 if table == "svhn-1000" else 19_200_000,
            centroids=(1600, 4000, 4800),
        ),
    }
    for table in TABLES
}
"""``smoke``: that everything runs, in minutes; its figures mean nothing. ``small``: a CPU in hours. ``paper``: sizes as
published; wants a GPU, and for ``cifar10`` an ``imagenet`` set made with `dcgan-probe prepare`."""
