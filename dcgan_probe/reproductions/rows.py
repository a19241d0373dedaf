"""Takes the name of a result table and a scale, gives the commands that make it; knows no file and runs nothing.

A row of a table is one command. How it is known in the records is told beside it, so that a row that is there is not
made again, however its command was typed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ..evaluation import ProbeClassifier, Summary
from ..features import FieldConfig, count_columns
from ..presets import PRESETS
from ..runtime import UserError

Table = Literal["cifar10", "svhn-1000"]
TABLES: tuple[Table, ...] = get_args(Table)
ScaleName = Literal["smoke", "small", "paper"]
SCALE_NAMES: tuple[ScaleName, ...] = get_args(ScaleName)
LABELS: dict[Table, tuple[int | None, ...]] = {"cifar10": (None, 4000), "svhn-1000": (1000,)}
"""Of each protocol in a table; None for all."""
PIXELS, COMPONENTS, CELLS = 3 * 32 * 32, 256, 2 * 2
SUPERVISED_DRAWS = 10
"""That eval-supervised reports if not told."""
HALF_COLUMNS = 4 * 4_000
"""Learnt features as wide as this are kept in half precision."""
EXTRACTIONS: dict[str, frozenset[str]] = {
    "dcgan": frozenset({"batch_norm real", "grid 4", "pool max"}),
    "random": frozenset({"batch_norm real", "grid 4", "pool max"}),
    "kmeans": frozenset({"activation triangle", "grid 2", "learning kmeans", "patch 6", "stride 1", "whiten True"}),
    "kmeans3": frozenset({"grid 2"}),
}
"""What the records say of features that were made as published."""


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
            draws=2,
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


@dataclass(frozen=True, eq=False)
class Row:
    """One row of a result table."""

    dataset: str
    labels: int | None
    """None for all."""
    draws: int | None
    """That are reported; None for the protocol's own."""
    select_draws: int | None
    """That choose C; None for the protocol's own."""
    verb: Literal["eval-svm", "eval-supervised"]
    arguments: tuple[str, ...]
    """Of the verb."""
    features: str
    columns: int
    classifier: ProbeClassifier
    itemsize: int
    """Bytes of a stored feature."""
    known_by: dict[str, Any]
    """Fields of its summary."""
    least_images_seen: int = 0
    needs_run: bool = False

    @property
    def protocol(self) -> str:
        """Give the protocol's name."""
        return f"{self.dataset}-{self.labels or 'all'}"

    @property
    def cache(self) -> tuple[Any, ...]:
        """Give what rows have in common that share their features."""
        names = ("network", "encoder_seed")
        return self.features, self.columns, *(self.known_by.get(name) for name in names)

    def found_in(self, summaries: Iterable[Summary], fingerprint: str, draws: int) -> Summary | None:
        """Find the row among summaries: on the training images of this fingerprint, of at least so many draws."""
        wanted = {**self.known_by, "protocol": self.protocol, "features": self.features, "dimension": self.columns}
        wanted |= {"seed": 0, "c_given": False, "images_fingerprint_train": fingerprint}
        for summary in summaries:
            same = all(getattr(summary, name) == value for name, value in wanted.items())
            same &= EXTRACTIONS.get(self.features, frozenset()) <= set(summary.extraction.split("; "))
            if same and summary.draws >= draws and summary.images_seen >= self.least_images_seen:
                return summary
        return None


@dataclass(frozen=True)
class Reproduction:
    """All that makes one result table."""

    dataset: str
    """That is probed."""
    scale: Scale
    run_name: str
    """Of the DCGAN's run folder."""
    training: tuple[str, ...]
    """Arguments of ``train``."""
    rows: tuple[Row, ...]


def reproduction(table: Table, scale: ScaleName) -> Reproduction:
    """Give the commands of a table.

    Raises
    ------
    UserError
        If there is no such table or scale.
    """
    if table not in TABLES:
        raise UserError(f"there is no table {table!r}: expected {' or '.join(TABLES)}")
    if scale not in SCALE_NAMES:
        raise UserError(f"got scale {scale!r}, expected one of {', '.join(SCALE_NAMES)}", option="scale")
    sizes = SCALES[table][scale]
    training = ("--preset", sizes.preset, "--dataset", sizes.unlabelled, "--images", str(sizes.images))
    dataset = table.split("-")[0]
    rows = tuple(row for labels in LABELS[table] for row in _rows(dataset, labels, sizes))
    return Reproduction(dataset, sizes, f"{sizes.unlabelled}-{sizes.preset}-s0", training, rows)


def _rows(dataset: str, labels: int | None, scale: Scale) -> list[Row]:
    """Give the rows of one protocol, in the order of its table."""
    images = ("--dataset", dataset, *(() if labels is None else ("--labels", str(labels))))
    count = None if labels is None else scale.draws
    draws = () if count is None else ("--draws", str(count), "--select-draws", str(count))
    network = PRESETS[scale.preset].network
    columns = count_columns(network, None, 4)
    trained: dict[str, Any] = {"network": scale.preset, "trained_on": scale.unlabelled, "layers": network.layer_names}

    learning = tuple(part for name, value in scale.learning.items() for part in (f"--{name}", str(value)))

    def row(features: str, columns: int, *options: str, classifier: ProbeClassifier = "svm", **known: Any) -> Row:
        linear = () if classifier == "svm" else ("--classifier", classifier)
        learnt = features in ("kmeans", "kmeans3")
        half = learnt and columns >= HALF_COLUMNS
        known = {
            "classifier": "l2-svm" if classifier == "svm" else classifier,
            "scale": "standardise+0.01" if learnt else "none",
            **known,
        }
        return Row(
            dataset,
            labels,
            count,
            count,
            "eval-svm",
            (
                *(*images, "--features", features, *options),
                *(learning if learnt else ()),
                *(("--dtype", "float16") if half else ()),
                *(*linear, *draws, "--no-controls"),
            ),
            features,
            columns,
            classifier,
            2 if half else 4,
            known,
            least_images_seen=scale.images if features == "dcgan" else 0,
            needs_run=features in ("dcgan", "random"),
        )

    neighbours: tuple[ProbeClassifier, ...] = ("knn-euclidean", "knn-cosine")
    fields = scale.fields
    first, above = scale.centroids[0], fields.maps
    rows = [
        row("dcgan", columns, **trained),
        *(
            row("random", columns, "--network-seed", str(seed), network=scale.preset, encoder_seed=seed)
            for seed in scale.untrained_seeds
        ),
        row("pixels", PIXELS),
        row("whitened", PIXELS),
        row("pca", COMPONENTS),
        *(row("kmeans", count * CELLS, "--centroids", str(count), network=f"{count}") for count in scale.centroids),
        row(
            "kmeans3",
            (first + 2 * above) * CELLS,
            *("--centroids", str(first), *_given(fields)),
            network=f"{first}-{above}-{above}",
        ),
        *(row("pixels", PIXELS, classifier=metric) for metric in neighbours),
        *(row("dcgan", columns, classifier=metric, **trained) for metric in neighbours),
    ]
    if dataset == "svhn":
        rows.append(
            Row(
                dataset,
                labels,
                count or SUPERVISED_DRAWS,
                1,
                "eval-supervised",
                (*images, "--preset", scale.preset, "--settings", str(scale.settings), *draws[:2]),
                "supervised",
                network.ndf * network.multipliers[-1] * network.last_map**2,
                "svm",
                4,
                {"network": scale.preset},
            )
        )
    return rows


def _given(fields: FieldConfig) -> tuple[str, ...]:
    """Give the options of three-layer k-means that are not the defaults."""
    usual = FieldConfig()
    names = [name for name in FieldConfig.__dataclass_fields__ if getattr(fields, name) != getattr(usual, name)]
    return tuple(part for name in names for part in (f"--{name.replace('_', '-')}", str(getattr(fields, name))))
