"""Takes the name of a result table and a scale, gives the commands that make it; knows no file and runs nothing.

A row of a table is one command. How it is known in the records is told beside it, so that a row that is there is not
made again, however its command was typed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ..evaluation import Options, ProbeClassifier, Summary
from ..features import REAL_RULES, DictionaryConfig, FieldConfig, count_columns
from ..networks import NetworkConfig
from ..presets import PRESETS
from ..runtime import UserError
from .released_rows import ReleasedNet, find_released, released_features
from .scales import SCALE_NAMES, SCALES, TABLES, Scale, ScaleName, Table

LABELS: dict[Table, tuple[int | None, ...]] = {"cifar10": (None, 4000), "svhn-1000": (1000,)}
"""Of each protocol in a table; None for all."""
PIXELS, COMPONENTS, CELLS = 3 * 32 * 32, 256, 2 * 2
SUPERVISED_DRAWS = 10
"""That eval-supervised reports if not told."""
HALF_COLUMNS = 4 * 4_000
"""Learnt features as wide as this are kept in half precision."""
OF_A_RUN = {"grid": 4, "pool": "max"}
OF_KMEANS = {"grid": 2, "learning": "kmeans", "patch": 6, "whiten": True}
"""Options of features that were made as published, whatever their size."""


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
    made_by: Options = field(default_factory=dict)
    """Options of its summary."""
    least_images_seen: int = 0
    run: str = ""
    """Name of the run folder that the features come from; empty for features of no run."""
    network: NetworkConfig | None = None
    """Discriminator of the run."""

    @property
    def protocol(self) -> str:
        """Give the protocol's name."""
        return f"{self.dataset}-{self.labels or 'all'}"

    @property
    def cache(self) -> tuple[Any, ...]:
        """What rows have in common that share a file of features; a run's holds all of its layers."""
        names = ("network", "encoder_seed")
        columns = 0 if self.run else self.columns
        return self.features, self.run, columns, *(self.known_by.get(name) for name in names)

    def found_in(self, summaries: Iterable[Summary], fingerprints: tuple[str, str], draws: int) -> Summary | None:
        """Find the row among summaries.

        Parameters
        ----------
        fingerprints
            Of the training and the test images.
        draws
            That it reports at least.
        """
        wanted = {**self.known_by, "protocol": self.protocol, "features": self.features, "dimension": self.columns}
        wanted |= {"seed": 0, "given": False}
        wanted |= dict(zip(("images_fingerprint_train", "images_fingerprint_test"), fingerprints, strict=True))
        for summary in summaries:
            same = all(getattr(summary, name) == value for name, value in wanted.items())
            same &= self.made_by.items() <= summary.options.items()
            # The authors' rule, whichever order its batches follow; the averages of training are another.
            same &= summary.options.get("batch_norm") in (None, *REAL_RULES)
            same &= summary.draws >= draws and summary.images_seen >= self.least_images_seen
            # Without its predictions a row cannot be compared.
            if same and summary.over_images is not None:
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
    released: tuple[ReleasedNet, ...] = ()
    """The authors' nets that have rows."""
    left_out: tuple[str, ...] = ()
    """Sentences on rows that the table lacks."""


def reproduction(table: Table, scale: ScaleName, authors: Path | None = None) -> Reproduction:
    """Return the commands of a table.

    Parameters
    ----------
    authors
        Folder of the authors' released weights; None leaves their rows out without a word.

    Raises
    ------
    UserError
        If there is no such table or scale, or weights that are there cannot be read.
    """
    if table not in TABLES:
        raise UserError(f"there is no table {table!r}: expected {' or '.join(TABLES)}")
    if scale not in SCALE_NAMES:
        raise UserError(f"got scale {scale!r}, expected one of {', '.join(SCALE_NAMES)}", option="scale")
    sizes = SCALES[table][scale]
    training = ("--preset", sizes.preset, "--dataset", sizes.unlabelled, "--images", str(sizes.images))
    dataset = table.split("-")[0]
    run_name = f"{sizes.unlabelled}-{sizes.preset}-s0"
    released, left_out = find_released(authors, sizes) if authors is not None and sizes.released else ([], [])
    rows = tuple(row for labels in LABELS[table] for row in _rows(dataset, labels, sizes, run_name, released))
    return Reproduction(dataset, sizes, run_name, training, rows, tuple(released), tuple(left_out))


def _rows(dataset: str, labels: int | None, scale: Scale, run_name: str, released: Sequence[ReleasedNet]) -> list[Row]:
    """Return the rows of one protocol, in the order of its table."""
    network = PRESETS[scale.preset].network
    make = _Protocol(dataset, labels, scale, run_name, network)
    maps = count_columns(network, None, 4)
    neighbours: tuple[ProbeClassifier, ...] = ("knn-euclidean", "knn-cosine")
    trained: dict[str, Any] = {"network": scale.preset, "trained_on": scale.unlabelled, "layers": network.layer_names}
    first, above = scale.centroids[0], scale.fields.maps
    deep = ("--centroids", str(first), *_given(scale.fields))
    rows = [
        make.row("dcgan", maps, **trained),
        *(
            make.row("random", maps, "--network-seed", str(seed), network=scale.preset, encoder_seed=seed)
            for seed in scale.untrained_seeds
        ),
        make.row("pixels", PIXELS),
        make.row("whitened", PIXELS),
        make.row("pca", COMPONENTS),
        *(make.row("kmeans", CELLS * k, "--centroids", str(k), network=f"{k}") for k in scale.centroids),
        make.row("kmeans3", CELLS * (first + 2 * above), *deep, network=f"{first}-{above}-{above}"),
        *(make.row("pixels", PIXELS, classifier=metric) for metric in neighbours),
        *(make.row("dcgan", maps, classifier=metric, **trained) for metric in neighbours),
    ]
    if dataset == "svhn":
        rows.append(make.supervised_row())
    for net in released:
        of_net = replace(make, run_name=net.run_name, network=net.weights.config.network, seen=net.weights.position)
        for features, columns, known in released_features(net, labels, svhn=dataset == "svhn"):
            alone = ("--layers", *known["layers"]) if len(known["layers"]) == 1 else ()
            rows.append(of_net.row(features, columns, *alone, **known))
    return rows


@dataclass(frozen=True)
class _Protocol:
    """Makes the rows of one protocol."""

    dataset: str
    labels: int | None
    scale: Scale
    run_name: str
    """Of the run that rows of a discriminator take."""
    network: NetworkConfig
    """Its discriminator."""
    seen: int | None = None
    """Images that it has seen; None for those of the scale."""

    @property
    def draws(self) -> int | None:
        """Give what ``--draws`` and ``--select-draws`` say; None where they are not given."""
        return None if self.labels is None else self.scale.draws

    @property
    def images(self) -> tuple[str, ...]:
        """Give the options that name images and labels."""
        return ("--dataset", self.dataset, *(() if self.labels is None else ("--labels", str(self.labels))))

    def row(self, features: str, columns: int, *options: str, classifier: ProbeClassifier = "svm", **known: Any) -> Row:
        """Make a row of frozen features."""
        learnt, of_run = features in ("kmeans", "kmeans3"), features in ("dcgan", "random")
        half = learnt and columns >= HALF_COLUMNS
        arguments = [*self.images, "--features", features, *options]
        if learnt:
            arguments += [part for name, value in self.scale.learning.items() for part in (f"--{name}", str(value))]
        if half:
            arguments += ["--dtype", "float16"]
        if classifier != "svm":
            arguments += ["--classifier", classifier]
        if self.draws is not None:
            arguments += ["--draws", str(self.draws), "--select-draws", str(self.draws)]
        known = {
            "classifier": "l2-svm" if classifier == "svm" else classifier,
            "scale": "standardise+0.01" if learnt else "none",
            "trained_on": "" if features in ("pixels", "random") else self.dataset,
            **known,
        }
        return Row(
            dataset=self.dataset,
            labels=self.labels,
            draws=self.draws,
            select_draws=self.draws,
            verb="eval-svm",
            arguments=(*arguments, "--no-controls"),
            features=features,
            columns=columns,
            classifier=classifier,
            itemsize=2 if half else 4,
            known_by=known,
            made_by=self._options(features),
            least_images_seen=(self.scale.images if self.seen is None else self.seen) if features == "dcgan" else 0,
            run=self.run_name if of_run else "",
            network=self.network if of_run else None,
        )

    def _options(self, features: str) -> Options:
        """Return the options of features that are made as published, but for the scale's sizes."""
        recipe = DictionaryConfig(centroids=1, **self.scale.learning).recipe
        return {
            "dcgan": OF_A_RUN,
            "random": OF_A_RUN,
            "kmeans": {**OF_KMEANS, **recipe, "activation": "triangle", "stride": 1},
            "kmeans3": {**OF_KMEANS, **recipe, **self.scale.fields.recipe},
        }.get(features, {})

    def supervised_row(self) -> Row:
        """Make the row of a network that is trained on the labelled images alone."""
        network = PRESETS[self.scale.preset].network
        search = ("--preset", self.scale.preset, "--settings", str(self.scale.settings))
        return Row(
            dataset=self.dataset,
            labels=self.labels,
            draws=self.draws or SUPERVISED_DRAWS,
            select_draws=1,
            verb="eval-supervised",
            arguments=(*self.images, *search, *(() if self.draws is None else ("--draws", str(self.draws)))),
            features="supervised",
            columns=network.last_units,
            classifier="svm",
            itemsize=4,
            known_by={"network": self.scale.preset},
            made_by={"settings": self.scale.settings},
        )


def _given(fields: FieldConfig) -> tuple[str, ...]:
    """Give the options of three-layer k-means that are not the defaults."""
    usual = FieldConfig()
    names = [name for name in FieldConfig.__dataclass_fields__ if getattr(fields, name) != getattr(usual, name)]
    return tuple(part for name in names for part in (f"--{name.replace('_', '-')}", str(getattr(fields, name))))
