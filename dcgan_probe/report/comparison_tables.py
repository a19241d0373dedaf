"""Tables of paired comparisons, for display and as tidy pandas."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas

from ..evaluation import Comparison, Summary
from .display_tables import NOTHING, Cell, ShownTable, sentence, task_title
from .number_formats import p_value, percent, points
from .rows import scored_images, table_rows

HEADER = {
    "first": False,
    "second": False,
    "accuracies, %": True,
    "difference, points": True,
    "95 % interval": True,
    "p": True,
    "Holm p": True,
    "test": False,
    "right in one only": True,
    "n": True,
}
"""Columns, True for those aligned on the right."""
READING = (
    "Accuracies on {scored} images (first / second) and their difference (first minus second) in percentage points, on "
    "the same draws and images; a positive difference favors the first. n: number of draws compared, which both rows "
    "have. The seeds of networks, centroids and trainings and the choice of C are held fixed, so neither the interval "
    "nor p includes their effect."
)
T_TEST = (
    "t: 95 % interval and two-sided p of Student's t for fresh labeled rows and {scored} images, with {freedom} "
    "degrees of freedom (Satterthwaite). Two draws share {overlap} of their rows on average, so a part of the variance "
    "between draws is common to all and does not average out. That part is set to the share of common rows, its upper "
    "bound: where draws matter more than {scored} images, intervals tend to be too wide rather than too narrow."
)
MCNEMAR = (
    "McNemar: two-sided p of the exact McNemar test on the images that only one fit classifies correctly (first / "
    "second); 95 % interval over {scored} images. The labeled rows are held fixed."
)
TIDY = {
    **dict.fromkeys(("protocol", "first", "second", "first_evaluation", "second_evaluation"), "string"),
    **dict.fromkeys(("first_accuracy", "second_accuracy", "difference", "low", "high"), "Float64"),
    **dict.fromkeys(("standard_error", "degrees_of_freedom", "overlap", "p", "holm_p"), "Float64"),
    "test": "string",
    **dict.fromkeys(("comparisons", "draws", "first_only", "second_only"), "Int64"),
}


@dataclass(frozen=True)
class ComparedRows:
    """Comparisons of the rows of one protocol."""

    names: dict[str, str]
    """Number and name of the row of each evaluation: ``2 untrained cpu32``."""
    comparisons: tuple[Comparison, ...]
    """At least one."""
    remarks: tuple[str, ...]
    """Further sentences of the caption: rows that are not compared, with the reason."""


def numbered_names(summaries: Iterable[Summary], results: Path | None = None) -> dict[str, str]:
    """Return number and name of each row of one protocol, in table order: ``{ID: "1 DCGAN cpu32"}``."""
    rows = [row for table in table_rows(summaries, results) for row in table.measured]
    return {row.summary.evaluation: f"{number} {row.name}" for number, row in enumerate(rows, 1)}


def shown_comparisons(compared: ComparedRows) -> ShownTable:
    """Build the table of comparisons for display."""
    rows = [row for each in compared.comparisons for row in (each.first, each.second)]
    notes = [sentence(note) for note in rows[0].notes if all(note in row.notes for row in rows)]
    number, scored = compared.comparisons[0].comparisons, scored_images(rows[0].dataset)
    holm = f"Holm p: p adjusted for the number of comparisons in this table, {number}."
    return ShownTable(
        title=f"{task_title(compared.comparisons[0].first)}: paired comparisons",
        header=tuple(HEADER),
        numeric=tuple(HEADER.values()),
        measured=tuple(_cells(each, compared.names) for each in compared.comparisons),
        published=(),
        caption=" ".join(
            [READING.format(scored=scored), *_tests(compared.comparisons, scored), holm, *notes, *compared.remarks]
        ),
        footnotes=(),
    )


def _tests(comparisons: Sequence[Comparison], scored: str) -> list[str]:
    """Describe each kind of test among the comparisons."""
    t_tests = [each for each in comparisons if each.discordant is None]
    texts = [MCNEMAR.format(scored=scored)] if len(t_tests) < len(comparisons) else []
    if t_tests:
        freedom = _range([each.difference.degrees_of_freedom for each in t_tests], "{:,.0f}")
        overlap = _range([100 * each.first.overlap for each in t_tests], "{:.1f} %")
        texts.insert(0, T_TEST.format(freedom=freedom, overlap=overlap, scored=scored))
    return texts


def _range(values: Sequence[float], form: str) -> str:
    """Format the least and the greatest value, or one value if both read the same."""
    return " to ".join(dict.fromkeys(form.format(value) for value in (min(values), max(values))))


def _cells(comparison: Comparison, names: dict[str, str]) -> tuple[Cell, ...]:
    difference, differing = comparison.difference, comparison.discordant
    return tuple(
        map(
            Cell,
            (
                names[comparison.first.evaluation],
                names[comparison.second.evaluation],
                f"{percent(comparison.first_accuracy)} / {percent(comparison.second_accuracy)}",
                points(difference.mean),
                f"{points(difference.low)} to {points(difference.high)}",
                p_value(comparison.p),
                p_value(comparison.holm_p),
                comparison.test,
                NOTHING if differing is None else f"{differing.first_only:,} / {differing.second_only:,}",
                f"{comparison.draws}",
            ),
        )
    )


def comparison_table(compared: ComparedRows) -> pandas.DataFrame:
    """Build one tidy row for each comparison; accuracies, difference, standard error and interval in percent."""
    rows = []
    for each in compared.comparisons:
        first, second, difference = each.first, each.second, each.difference
        points = {"difference": difference.mean, "low": difference.low, "high": difference.high}
        points["standard_error"] = difference.standard_error
        points |= {"first_accuracy": each.first_accuracy, "second_accuracy": each.second_accuracy}
        rows.append(
            {
                "protocol": first.protocol,
                "first": compared.names[first.evaluation],
                "second": compared.names[second.evaluation],
                "first_evaluation": first.evaluation,
                "second_evaluation": second.evaluation,
                **{name: round(100 * fraction, 4) for name, fraction in points.items()},
                "degrees_of_freedom": round(difference.degrees_of_freedom, 2),
                "overlap": first.overlap if each.discordant is None else None,
                "p": each.p,
                "holm_p": each.holm_p,
                "test": each.test,
                "comparisons": each.comparisons,
                "draws": each.draws,
                "first_only": each.discordant and each.discordant.first_only,
                "second_only": each.discordant and each.discordant.second_only,
            }
        )
    return pandas.DataFrame(rows, columns=list(TIDY)).astype(TIDY)
