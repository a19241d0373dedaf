"""Takes summaries, gives the rows of result tables, measured and published; knows no text format."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..evaluation import Summary, is_validation
from .against import is_comparable, published_notes
from .image_sets import describe_training_images
from .names import row_names
from .published import PublishedFigure, beside, published_figures

CONTROL_OF = {"dcgan": "random"}
SAME_AS_CONTROL = ("network", "layers", "scale", "classifier", "run", "encoder_seed", "seed", "draws", "given")


OF_TRAINED_ONLY = ("batch_norm", "chosen_by", "chosen_by_labels")
"""Options in which a trained network and its control may differ."""


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
    """Whether the published one was trained on the same images and scored alike; that it is as large is not said."""
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
    images: str
    """Fingerprints of training and test images where another table has a set of the same name; else empty."""
    spread_definition: str
    measured: tuple[MeasuredRow, ...]
    published: tuple[PublishedFigure, ...]

    notes: tuple[str, ...]
    """What has to be said of all measured rows."""

    @property
    def measure(self) -> str:
        """``accuracy``, or ``error`` where the paper counts errors."""
        return measure_of(self.dataset)

    @property
    def scored(self) -> str:
        """Which images the figures are of: ``test``, or ``validation`` for held-out training images."""
        return scored_images(self.dataset)


def scored_images(dataset: str) -> str:
    """Return the word for the images that figures of a set are of: ``validation`` for held-out training images."""
    return "validation" if is_validation(dataset) else "test"


def measure_of(dataset: str) -> str:
    """Tell what the table of a set shows: ``error`` for SVHN, as in the paper, else ``accuracy``."""
    return "error" if dataset == "svhn" else "accuracy"


def table_rows(summaries: Iterable[Summary]) -> list[TableRows]:
    """Sort summaries into tables, in their order, and find what has to be said of each row."""
    groups: dict[tuple[str, str, str], list[Summary]] = {}
    for summary in summaries:
        images = (summary.images_fingerprint_train, summary.images_fingerprint_test)
        groups.setdefault((summary.protocol, *images), []).append(summary)
    protocols = Counter(protocol for protocol, *_ in groups)
    return [
        TableRows(
            protocol=group[0].protocol,
            dataset=group[0].dataset,
            labels=group[0].labels,
            train_rows=group[0].train_rows,
            test_rows=group[0].test_rows,
            # Two sets of images under one name are two tables, which their fingerprints tell apart.
            images=f"{train} / {test}" if protocols[protocol] > 1 else "",
            spread_definition=group[0].spread_definition,
            measured=tuple(
                _measured(summary, name, group) for summary, name in zip(group, row_names(group), strict=True)
            ),
            published=published_figures(group[0].protocol),
            notes=_common_notes(group),
        )
        for (protocol, train, test), group in groups.items()
    ]


def _measured(summary: Summary, name: str, group: Sequence[Summary]) -> MeasuredRow:
    trained_on, full = describe_training_images(summary.trained_on, summary.trained_on_images)
    published = beside(summary.protocol, summary.features, summary.classifier)
    return MeasuredRow(
        name=name,
        summary=summary,
        trained_on=trained_on,
        trained_on_full=full,
        published=published,
        comparable=published is not None and is_comparable(summary, published),
        figure_notes=_figure_notes(summary, group),
        published_notes=() if published is None else published_notes(summary, full, published),
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


def control_of(summary: Summary, group: Sequence[Summary]) -> Summary | None:
    """Find the untrained network of the same shape, probed in the same way, among the rows of one table."""
    wanted = CONTROL_OF.get(summary.features)
    for other in group:
        same = all(getattr(other, name) == getattr(summary, name) for name in SAME_AS_CONTROL)
        same &= _geometry(other) == _geometry(summary)
        # Each chooses its own C, but a given one has to be the same.
        if other.features == wanted and same and (not summary.given or other.chosen == summary.chosen):
            return other
    return None


def _geometry(summary: Summary) -> dict[str, Any]:
    """Return how features were made but for the batch-norm rule and the choice of the checkpoint.

    An untrained network has no running averages, and nothing to choose.
    """
    return {name: value for name, value in summary.options.items() if name not in OF_TRAINED_ONLY}


def percent(fraction: float) -> str:
    """Format a fraction of 1 in percent, with two decimals."""
    return f"{100 * fraction:.2f}"
