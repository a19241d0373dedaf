"""Takes summaries, gives the rows of result tables, measured and published; knows no text format."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..evaluation import Summary
from .image_sets import describe_training_images, same_images
from .published import PublishedFigure, beside, published_figures

NAMES = {
    "dcgan": "DCGAN",
    "random": "untrained",
    "pixels": "raw pixels",
    "whitened": "whitened pixels",
    "pca": "PCA of pixels",
    "kmeans": "k-means",
    "kmeans3": "three-layer k-means",
    "supervised": "supervised CNN",
}
CONTROL_OF = {"dcgan": "random"}
SCALED = {"none": "", "standardise": ", standardised", "standardise+0.01": ", standardised +0.01"}
CLASSIFIERS = {
    "l2-svm": "",
    "logistic": ", logistic regression",
    "ridge": ", ridge",
    "softmax": "",
    "knn-cosine": ", kNN (cosine)",
    "knn-euclidean": ", kNN (Euclidean)",
}
"""What is added to the names of rows; an L2-SVM is what the tables are about, and softmax a network's own."""
SAME_AS_CONTROL = ("network", "layers", "scale", "classifier", "run", "encoder_seed", "seed", "draws", "c_given")
DISTINGUISHING = {
    "extraction": "{}",
    "run": "run {}",
    "encoder_seed": "network seed {}",
    "seed": "draw seed {}",
}
"""What is added to the names of rows that would read the same otherwise, in this order."""


@dataclass(frozen=True)
class MeasuredRow:
    """One summary with what has to be said of it."""

    name: str
    summary: Summary
    trained_on: str
    """In short; empty for an untrained encoder."""
    trained_on_full: str
    published: PublishedFigure | None
    comparable: bool
    """Whether the published encoder was trained on the same images."""
    figure_notes: tuple[str, ...]
    """On the measured figure."""
    published_notes: tuple[str, ...]
    """On the published figure beside it."""


@dataclass(frozen=True)
class TableRows:
    """The rows of one table: one protocol on one set of images."""

    protocol: str
    dataset: str
    labels: int | str
    train_rows: int
    test_rows: int
    spread_definition: str
    measured: tuple[MeasuredRow, ...]
    published: tuple[PublishedFigure, ...]

    notes: tuple[str, ...]
    """What has to be said of all measured rows."""

    @property
    def measure(self) -> str:
        """``accuracy``, or ``error`` where the paper counts errors."""
        return measure_of(self.dataset)


def measure_of(dataset: str) -> str:
    """Tell what the table of a set shows: ``error`` for SVHN, as in the paper, else ``accuracy``."""
    return "error" if dataset == "svhn" else "accuracy"


def table_rows(summaries: Iterable[Summary]) -> list[TableRows]:
    """Sort summaries into tables, in their order, and find what has to be said of each row."""
    groups: dict[tuple[str, int, int], list[Summary]] = {}
    for summary in summaries:
        groups.setdefault((summary.protocol, summary.train_rows, summary.test_rows), []).append(summary)
    return [
        TableRows(
            protocol=group[0].protocol,
            dataset=group[0].dataset,
            labels=group[0].labels,
            train_rows=group[0].train_rows,
            test_rows=group[0].test_rows,
            spread_definition=group[0].spread_definition,
            measured=tuple(_measured(summary, name, group) for summary, name in zip(group, _names(group), strict=True)),
            published=published_figures(group[0].protocol),
            notes=_common_notes(group),
        )
        for group in groups.values()
    ]


def _measured(summary: Summary, name: str, group: Sequence[Summary]) -> MeasuredRow:
    trained_on, full = describe_training_images(summary.trained_on, summary.trained_on_images)
    published = beside(summary.protocol, summary.features)
    comparable = (
        published is not None
        and published.encoder is not None
        and same_images(summary.trained_on, summary.trained_on_images, published.encoder)
    )
    return MeasuredRow(
        name=name,
        summary=summary,
        trained_on=trained_on,
        trained_on_full=full,
        published=published,
        comparable=comparable,
        figure_notes=_figure_notes(summary, group),
        published_notes=_published_notes(summary, full, published, comparable),
    )


def _common_notes(group: Sequence[Summary]) -> tuple[str, ...]:
    return tuple(note for note in group[0].notes if all(note in summary.notes for summary in group))


def _figure_notes(summary: Summary, group: Sequence[Summary]) -> tuple[str, ...]:
    notes = []
    control = control_of(summary, group)
    if control is not None and summary.accuracy < control.accuracy:
        measure = measure_of(summary.dataset)
        ours, theirs = (percent(getattr(row, measure)) for row in (summary, control))
        notes.append(
            f"loses to its untrained control ({measure} {ours} % against {theirs} %): for this task the training has "
            "not helped"
        )
    everywhere = _common_notes(group)
    notes += [note for note in summary.notes if note not in everywhere]
    if summary.draws == 1 and summary.labels != "all":
        notes.append("one draw only, so there is no spread")
    if summary.unconverged:
        notes.append(
            f"{summary.unconverged} of {summary.draws} fits stopped before the solver's tolerance; their objective is "
            f"up to {summary.largest_gap:.1g} (relative) above the optimum"
        )
    return tuple(notes)


def _published_notes(
    summary: Summary, trained_on: str, published: PublishedFigure | None, comparable: bool
) -> tuple[str, ...]:
    if published is None:
        return ()
    if published.encoder is None:
        return (f"not comparable: the published figure is {published.note}",)
    if not comparable:
        return (
            f"not comparable: the published figure belongs to a DCGAN trained on {published.encoder.description}, this "
            f"one was trained on {trained_on}",
        )
    if summary.classifier != "l2-svm":
        return ("the published figure is of an L2-SVM",)
    if summary.scale != "none":
        return ("the published figure is of unscaled features",)
    return ()


def control_of(summary: Summary, group: Sequence[Summary]) -> Summary | None:
    """Find the untrained network of the same shape, probed in the same way, among the rows of one table."""
    wanted = CONTROL_OF.get(summary.features)
    for other in group:
        same = all(getattr(other, name) == getattr(summary, name) for name in SAME_AS_CONTROL)
        same &= _geometry(other) == _geometry(summary)
        # Each chooses its own C, but a given one has to be the same.
        if other.features == wanted and same and (not summary.c_given or other.C == summary.C):
            return other
    return None


def _geometry(summary: Summary) -> list[str]:
    """Give how features were made but for the batch-norm rule: an untrained network has one rule only."""
    return [part for part in summary.extraction.split("; ") if not part.startswith("batch_norm")]


def _names(group: Sequence[Summary]) -> list[str]:
    """Name each row, with as much as it takes to tell it from the others."""
    names = [row_name(summary) for summary in group]
    keys = [(name, s.layers, s.trained_on, s.images_seen) for name, s in zip(names, group, strict=True)]
    for attribute, text in DISTINGUISHING.items():
        for key in set(keys):
            same = [index for index, other in enumerate(keys) if other == key]
            parts = [str(getattr(group[index], attribute)).split("; ") for index in same]
            for index, own in zip(same, parts, strict=True):
                different = [part for part in own if not all(part in others for others in parts)]
                if different:
                    names[index] += ", " + text.format(", ".join(different))
                    keys[index] = (names[index], *keys[index][1:])
    return names


def row_name(summary: Summary) -> str:
    """Name a measured row: ``DCGAN cpu32, standardised``."""
    name = " ".join(filter(None, (NAMES.get(summary.features, summary.features), summary.network)))
    scaled = SCALED.get(summary.scale, f", {summary.scale}")
    kind = CLASSIFIERS.get(summary.classifier, f", {summary.classifier}")
    given = f", {symbol_of(summary)} given" if summary.c_given else ""
    return f"{name}{scaled}{kind}{given}"


def symbol_of(summary: Summary) -> str:
    """Name what was chosen: k for nearest neighbours, a setting's number for a network, else C."""
    if summary.classifier.startswith("knn"):
        return "k"
    return "setting" if summary.classifier == "softmax" else "C"


def percent(fraction: float) -> str:
    """Format a fraction of 1 in percent, with two decimals."""
    return f"{100 * fraction:.2f}"
