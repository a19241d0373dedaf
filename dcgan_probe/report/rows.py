"""Rows of result tables, measured and published, with their notes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..evaluation import (
    Summary,
    is_validation,
)
from ..images import SplitCaveats
from .comparability import is_comparable, published_notes
from .published import PublishedFigure, figures_shown, published_figures, reference_figure
from .row_names import row_names
from .set_descriptions import describe_training_images
from .untrained_controls import control_notes


@dataclass(frozen=True)
class MeasuredRow:
    """A summary with its name and notes."""

    name: str
    summary: Summary
    trained_on: str
    """Short name of the training images; empty for an untrained encoder."""
    trained_on_full: str
    published: PublishedFigure | None
    comparable: bool
    """Whether the published encoder has the same training images and no further layers; sizes may differ."""
    figure_notes: tuple[str, ...]
    """Notes on the measured figure."""
    published_notes: tuple[str, ...]
    """Notes on the published figure beside it."""


@dataclass(frozen=True)
class TableRows:
    """Rows of a table: one protocol on one set of images."""

    protocol: str
    dataset: str
    labels: int | str
    train_rows: int
    test_rows: int
    images: str
    """Fingerprints of training and test images if another table has a set of the same name; else empty."""
    spread_definition: str
    measured: tuple[MeasuredRow, ...]
    published: tuple[PublishedFigure, ...]

    notes: tuple[str, ...]
    """Notes on all measured rows."""

    @property
    def caveats(self) -> SplitCaveats:
        """Duplicates and class imbalance of the split, from the first row whose record holds them."""
        known = [row.summary.caveats for row in self.measured]
        return next((each for each in known if each.imbalance is not None), known[0])

    @property
    def measure(self) -> str:
        """``accuracy``, or ``error`` if the paper reports errors."""
        return measure_of(self.dataset)

    @property
    def scored(self) -> str:
        """Word for the scored images: ``test``, or ``validation`` for held-out training images."""
        return scored_images(self.dataset)


def scored_images(dataset: str) -> str:
    """Return the word for the scored images of a set: ``validation`` for held-out training images, else ``test``."""
    return "validation" if is_validation(dataset) else "test"


def measure_of(dataset: str) -> str:
    """Return the measure of a set's table: ``error`` for SVHN, as in the paper, else ``accuracy``."""
    return "error" if dataset == "svhn" else "accuracy"


def table_rows(summaries: Iterable[Summary], results: Path | None = None) -> list[TableRows]:
    """Group summaries into tables, in their order, with the notes on each row.

    Parameters
    ----------
    results
        Results folder whose kept plans add published figures to those of the package; None for the package's only.

    Raises
    ------
    UserError
        If a kept plan cannot be read.
    """
    figures = figures_shown(results)
    groups: dict[tuple[str, str, str], list[Summary]] = {}
    for summary in summaries:
        images = (summary.images_fingerprint_train, summary.images_fingerprint_test)
        groups.setdefault((summary.protocol, *images), []).append(summary)
    protocols = Counter(protocol for protocol, *_ in groups)
    return [
        # Two sets of images under one name make two tables, distinguished by their fingerprints.
        _table(group, f"{train} / {test}" if protocols[protocol] > 1 else "", figures)
        for (protocol, train, test), group in groups.items()
    ]


def _table(group: Sequence[Summary], images: str, figures: tuple[PublishedFigure, ...]) -> TableRows:
    first, verdicts = group[0], control_notes(group)
    return TableRows(
        protocol=first.protocol,
        dataset=first.dataset,
        labels=first.labels,
        train_rows=first.train_rows,
        test_rows=first.test_rows,
        images=images,
        spread_definition=first.spread_definition,
        measured=tuple(
            _measured(summary, name, group, verdicts.get(summary.evaluation), figures)
            for summary, name in zip(group, row_names(group), strict=True)
        ),
        published=published_figures(first.protocol, figures),
        notes=_common_notes(group),
    )


def _measured(
    summary: Summary, name: str, group: Sequence[Summary], verdict: str | None, figures: tuple[PublishedFigure, ...]
) -> MeasuredRow:
    trained_on, full = describe_training_images(summary.trained_on, summary.trained_on_images)
    published = reference_figure(summary.protocol, summary.features, summary.classifier, figures)
    return MeasuredRow(
        name=name,
        summary=summary,
        trained_on=trained_on,
        trained_on_full=full,
        published=published,
        comparable=published is not None and is_comparable(summary, published),
        figure_notes=_figure_notes(summary, group, verdict),
        published_notes=() if published is None else published_notes(summary, full, published, figures),
    )


def _common_notes(group: Sequence[Summary]) -> tuple[str, ...]:
    return tuple(note for note in group[0].notes if all(note in summary.notes for summary in group))


def _figure_notes(summary: Summary, group: Sequence[Summary], verdict: str | None) -> tuple[str, ...]:
    notes = [] if verdict is None else [verdict]
    everywhere = _common_notes(group)
    notes += [note for note in summary.notes if note not in everywhere]
    if summary.draws == 1 and summary.labels != "all":
        notes.append("a single draw, so no spread")
    if summary.unconverged:
        notes.append(
            f"{summary.unconverged} of {summary.draws} fits stopped before the solver's tolerance; the relative gap of "
            f"their objective to the optimum is at most {summary.largest_gap:.1g}"
        )
    return tuple(notes)
