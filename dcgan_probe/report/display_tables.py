"""Tables of text cells with footnotes, before they are formatted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..evaluation import Summary
from ..gan import AUTHORS
from ..images import SplitCaveats
from .number_formats import percent
from .provenance import Provenance, provenance
from .published import MARKS, PublishedFigure, marked
from .row_names import short_layers
from .rows import MeasuredRow, TableRows, table_rows
from .set_descriptions import OFFICIAL_SETS, describe_set, is_subset

NOTHING = "–"
PUBLISHED = "published: "
INFERRED = (
    "the training images are inferred from the text of the paper and the names of the released files, the images seen "
    "from the epoch in these names"
)
CHOSEN = {"C": "{:g}", "k": "k = {:g}", "setting": "setting {:g}"}
CHOICE = "{symbols} was chosen on training rows held out from the fits."
LABEL_BUDGET = "Label budget: greatest number of distinct training labels used by a fit and the choice of its C."
COPIES = (
    "{copies:,} of the {rows:,} {scored} images are exact copies of training images; `dcgan-probe dedup` with "
    "--against writes the training images without them."
)
IMBALANCE = (
    "Classes are unbalanced, by up to {ratio:.1f} to 1: always predicting the most frequent class has an {measure} of "
    "{majority} %. Balanced {measure}: mean over the classes."
)
OVER_DRAWS, OVER_IMAGES = "s.e. draws", "s.e. images"
ERRORS = {
    OVER_DRAWS: (
        "the standard error of the mean over draws, with the effect of their overlap at its upper bound and the "
        "{scored} images held fixed"
    ),
    OVER_IMAGES: "the standard error over the {scored} images (bootstrap), with the fits held fixed",
}
"""Meanings of the two kinds of uncertainty; neither includes the other."""


@dataclass(frozen=True)
class Cell:
    """Text of a cell, and the numbers of its footnotes."""

    text: str
    notes: tuple[int, ...] = ()


@dataclass(frozen=True)
class ShownTable:
    """Table for display, independent of the format."""

    title: str
    header: tuple[str, ...]
    numeric: tuple[bool, ...]
    """True for each column to align on the right."""
    measured: tuple[tuple[Cell, ...], ...]
    published: tuple[tuple[Cell, ...], ...]
    caption: str
    footnotes: tuple[str, ...]
    provenance: Provenance | None = None


@dataclass
class _Footnotes:
    """Footnotes of a table, numbered from 1; equal texts share a number."""

    texts: list[str] = field(default_factory=list)

    def cell(self, text: str, notes: Iterable[str] = ()) -> Cell:
        numbers = []
        for note in notes:
            if note not in self.texts:
                self.texts.append(note)
            numbers.append(self.texts.index(note) + 1)
        return Cell(text, tuple(numbers))


def shown_tables(summaries: Iterable[Summary], results: Path | None = None) -> list[ShownTable]:
    """Build one table for each protocol and set of images; ``results`` as for ``table_rows``."""
    return [_shown(table) for table in table_rows(summaries, results)]


def _shown(table: TableRows) -> ShownTable:
    notes = _Footnotes()
    columns = _columns(table)
    measured = tuple(_measured_cells(table, row, notes) for row in table.measured)
    published = tuple(_published_cells(table, figure, notes) for figure in table.published)
    return ShownTable(
        title=f"{task_title(table)}: {table.scored} {table.measure}",
        header=tuple(columns),
        numeric=tuple(columns.values()),
        measured=measured,
        published=published,
        caption=_caption(table),
        footnotes=tuple(map(sentence, notes.texts)),
        provenance=provenance(table.measured),
    )


def sentence(note: str) -> str:
    """Return a note with a capital and a full stop; the k of nearest neighbors stays lower case."""
    start = note[0] if note.split()[0] == "k" else note[0].upper()
    return f"{start}{note[1:]}."


def _columns(table: TableRows) -> dict[str, bool]:
    """Return the columns, True for those aligned on the right: numbers without footnotes."""
    columns = {
        "features": False,
        "layers": False,
        "trained on": False,
        "images seen": True,
        f"{table.scored} {table.measure}, %": False,
        **({f"balanced {table.measure}, %": True} if table.caveats.unbalanced else {}),
        **dict.fromkeys(_errors(table), True),
        "n": True,
        "label budget": True,
        "C": True,
        "dimension": True,
        "largest layer's units": True,
    }
    return {**columns, f"published {table.measure}, %": False} if table.published else columns


def _errors(table: TableRows) -> list[str]:
    """Return the columns of uncertainties that at least one row has."""
    known = {
        OVER_DRAWS: any(row.summary.standard_error is not None for row in table.measured),
        OVER_IMAGES: any(row.summary.over_images is not None for row in table.measured),
    }
    return [name for name, some in known.items() if some]


def _measured_cells(table: TableRows, row: MeasuredRow, notes: _Footnotes) -> tuple[Cell, ...]:
    summary = row.summary
    figure = percent(getattr(summary, table.measure))
    if summary.spread is not None:
        figure += f" ± {percent(summary.spread)}"
    over_images = None if summary.over_images is None else summary.over_images.standard_error
    errors = {OVER_DRAWS: summary.standard_error, OVER_IMAGES: over_images}
    inferred = (INFERRED,) if row.trained_on and summary.network.startswith(AUTHORS) else ()
    cells = (
        notes.cell(row.name, inferred),
        Cell(NOTHING if _is_one_whole(summary) else short_layers(summary.layers)),
        notes.cell(row.trained_on or NOTHING, _in_full(row)),
        Cell(short_count(summary.images_seen) if summary.images_seen else NOTHING),
        notes.cell(figure, row.figure_notes),
        *([Cell(_points(measured_as(table.measure, summary.balanced_accuracy)))] if table.caveats.unbalanced else []),
        *(Cell(_points(errors[name])) for name in _errors(table)),
        Cell(f"{summary.draws}"),
        Cell(_number(summary.label_budget)),
        Cell(CHOSEN[summary.chosen_name].format(summary.chosen)),
        Cell(f"{summary.dimension:,}"),
        Cell(_number(summary.largest_layer)),
    )
    if not table.published:
        return cells
    if row.published is None:
        return (*cells, Cell(NOTHING))
    text = row.published.text + ("" if row.comparable else ", not comparable")
    return (*cells, notes.cell(text, row.published_notes))


def _is_one_whole(summary: Summary) -> bool:
    """Return whether features have no layers to choose from, such as pixels and k-means."""
    return summary.largest_layer is None or summary.layers == (summary.features,)


def _in_full(row: MeasuredRow) -> tuple[str, ...]:
    """Return the full name of the training images as a note, unless another note of the row holds it already."""
    full = row.trained_on_full
    known = full == row.trained_on or any(full in note for note in row.published_notes)
    return () if known else (full,)


def _published_cells(table: TableRows, figure: PublishedFigure, notes: _Footnotes) -> tuple[Cell, ...]:
    return (
        Cell(f"{PUBLISHED}{figure.model}"),
        Cell(NOTHING),
        Cell(figure.encoder.description if figure.encoder else NOTHING),
        Cell(NOTHING),
        Cell(NOTHING),
        *([Cell(NOTHING)] if table.caveats.unbalanced else []),
        *(Cell(NOTHING) for _ in _errors(table)),
        Cell(_number(figure.draws)),
        Cell(NOTHING),
        Cell(NOTHING),
        Cell(NOTHING),
        Cell(marked(_number(figure.largest_layer), figure.layer_mark)),
        notes.cell(figure.text, filter(None, [figure.note])),
    )


def _points(fraction: float | None) -> str:
    return NOTHING if fraction is None else percent(fraction)


def measured_as(measure: str, accuracy: float | None) -> float | None:
    """Return an accuracy from 0 to 1 in a table's measure: itself, or the error."""
    return 1.0 - accuracy if measure == "error" and accuracy is not None else accuracy


def _number(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def short_count(count: int) -> str:
    """Abbreviate a number of images: ``64k``, ``2.05M``."""
    if count >= 1_000_000:
        return f"{count / 1e6:.3g}M"
    return f"{count / 1e3:.3g}k" if count >= 1_000 else f"{count}"


def task_title(task: TableRows | Summary) -> str:
    """Return the title of a task: evaluated set, its sizes and the number of labels."""
    labels = "all labels" if task.labels == "all" else f"{task.labels:,} labels"
    images = f", images {task.images}" if isinstance(task, TableRows) and task.images else ""
    return f"{describe_set(task.dataset, task.train_rows, task.test_rows)}, {labels}{images}"


def _choice(table: TableRows) -> tuple[str, ...]:
    """Return the sentence on the choice of C, k or the setting; none if all were given."""
    symbols = dict.fromkeys(row.summary.chosen_name for row in table.measured if not row.summary.given)
    return (CHOICE.format(symbols=sentence(" or ".join(symbols))[:-1]),) if symbols else ()


def caveat_sentences(caveats: SplitCaveats, measure: str, rows: int, scored: str = "test") -> list[str]:
    """Describe duplicates and class imbalance, which flatter figures on ``rows`` images, accuracies or errors."""
    sentences = []
    if caveats.duplicates:
        sentences.append(COPIES.format(copies=caveats.duplicates, rows=rows, scored=scored))
    if caveats.unbalanced:
        majority = _points(measured_as(measure, caveats.majority_accuracy))
        sentences.append(IMBALANCE.format(ratio=caveats.imbalance, measure=measure, majority=majority))
    return sentences


def _caption(table: TableRows) -> str:
    numbers = {row.summary.draws for row in table.measured}
    n = f"{numbers.pop()}" if len(numbers) == 1 else "n"
    spread = table.spread_definition.replace("over draws", f"over {n} draws")
    sentences = [
        *caveat_sentences(table.caveats, table.measure, table.test_rows, table.scored),
        "Linear L2-SVM on frozen features, unless the name of a row states otherwise; encoders are trained without "
        f"labels, or untrained. Sizes: training / {table.scored} images of the classifier.",
        "One fit on all labels." if table.labels == "all" else f"Mean ± {spread} of the labeled rows.",
        *(
            f"{name} is {meaning.format(scored=table.scored)}."
            for name, meaning in ERRORS.items()
            if name in _errors(table)
        ),
        *_choice(table),
        LABEL_BUDGET,
        *map(sentence, table.notes),
    ]
    if table.published and is_subset(table.dataset, table.train_rows, table.test_rows):
        official = OFFICIAL_SETS[table.dataset]
        sentences.append(f"Published figures are for the full set ({official.train:,} / {official.test:,}).")
    marks = {mark for f in table.published for mark in (f.mark, f.spread_mark, f.layer_mark)}
    marks |= {row.published.seen_mark for row in table.measured if row.published is not None}
    legend = [f"[{mark}] {meaning}" for mark, meaning in MARKS.items() if mark in marks]
    if legend:
        sentences.append(f"Origin of the published figures: {', '.join(legend)}.")
    return " ".join(sentences)
