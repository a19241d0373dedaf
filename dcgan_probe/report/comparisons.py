"""Takes paired comparisons and the rows they are of, gives a table of them, shown and tidy; knows no prediction."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas

from ..evaluation import RESAMPLES, Comparison, Summary
from .rows import percent, table_rows
from .shown import NOTHING, Cell, ShownTable, sentence, short_layers, task_title

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
"""Columns, and whether each is aligned on the right."""
READING = (
    "Test accuracies, first / second, and their difference, first less second, in points of percent, on the same draws "
    "and test images; positive where the first is better. Interval: bootstrap over test images, and over draws where "
    "there are several, the same for both rows. n: draws compared, those that both rows have. The seeds of networks, "
    "centroids and trainings are held fixed: how far another one would move a row is in neither the interval nor p."
)
TESTS = {
    "bootstrap": f"p, two-sided: that same bootstrap, whose {RESAMPLES:,} resamples can tell no p below "
    f"{2 / (RESAMPLES + 1):.4f}. Percentiles use no t: with 5 to 10 draws, interval and p are somewhat too small where "
    "the draws decide (simulated: 11 % of equal rows have p < 0.05 with 5 draws, 8 % with 10).",
    "McNemar": "p, two-sided: exact McNemar test on the images that one fit alone gets right, first / second.",
}
TIDY = {
    **dict.fromkeys(("protocol", "first", "second", "first_evaluation", "second_evaluation"), "string"),
    **dict.fromkeys(("first_accuracy", "second_accuracy", "difference", "low", "high"), "Float64"),
    **dict.fromkeys(("p", "holm_p"), "Float64"),
    "test": "string",
    **dict.fromkeys(("comparisons", "draws", "first_only", "second_only"), "Int64"),
}


@dataclass(frozen=True)
class ComparedRows:
    """Comparisons of the rows of one protocol."""

    names: dict[str, str]
    """For each evaluation its number and name: ``2 untrained cpu32``."""
    comparisons: tuple[Comparison, ...]
    """At least one."""
    remarks: tuple[str, ...]
    """What else a reader has to know: which rows are not compared, and why."""


def numbered_names(summaries: Iterable[Summary]) -> dict[str, str]:
    """Give each row of one protocol its number and name, in the order of its tables: ``{ID: "1 DCGAN cpu32"}``."""
    rows = [row for table in table_rows(summaries) for row in table.measured]
    times = Counter(row.name for row in rows)
    names = {}
    for number, row in enumerate(rows, 1):
        layers = f" ({short_layers(row.summary.layers)})" if times[row.name] > 1 else ""
        names[row.summary.evaluation] = f"{number} {row.name}{layers}"
    return names


def shown_comparisons(compared: ComparedRows) -> ShownTable:
    """Give the comparisons as people read them."""
    rows = [row for each in compared.comparisons for row in (each.first, each.second)]
    notes = [sentence(note) for note in rows[0].notes if all(note in row.notes for row in rows)]
    tests = dict.fromkeys(each.test for each in compared.comparisons)
    number = compared.comparisons[0].comparisons
    holm = f"Holm p: adjusted for the number of comparisons made here, {number}."
    return ShownTable(
        title=f"{task_title(compared.comparisons[0].first)}: paired comparisons",
        header=tuple(HEADER),
        numeric=tuple(HEADER.values()),
        measured=tuple(_cells(each, compared.names) for each in compared.comparisons),
        published=(),
        caption=" ".join([READING, *(TESTS[test] for test in tests), holm, *notes, *compared.remarks]),
        footnotes=(),
    )


def _cells(comparison: Comparison, names: dict[str, str]) -> tuple[Cell, ...]:
    difference, differing = comparison.difference, comparison.discordant
    return tuple(
        map(
            Cell,
            (
                names[comparison.first.evaluation],
                names[comparison.second.evaluation],
                f"{percent(comparison.first_accuracy)} / {percent(comparison.second_accuracy)}",
                _points(difference.mean),
                f"{_points(difference.low)} to {_points(difference.high)}",
                _p(comparison.p),
                _p(comparison.holm_p),
                comparison.test,
                NOTHING if differing is None else f"{differing.first_only:,} / {differing.second_only:,}",
                f"{comparison.draws}",
            ),
        )
    )


def _points(fraction: float) -> str:
    return f"{100 * fraction:+.2f}"


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 1e-4 else "< 0.0001"


def comparison_table(compared: ComparedRows) -> pandas.DataFrame:
    """Give one row for each comparison, tidy: accuracies, difference and interval in percent."""
    rows = []
    for each in compared.comparisons:
        first, second, difference = each.first, each.second, each.difference
        points = {"difference": difference.mean, "low": difference.low, "high": difference.high}
        points |= {"first_accuracy": each.first_accuracy, "second_accuracy": each.second_accuracy}
        rows.append(
            {
                "protocol": first.protocol,
                "first": compared.names[first.evaluation],
                "second": compared.names[second.evaluation],
                "first_evaluation": first.evaluation,
                "second_evaluation": second.evaluation,
                **{name: round(100 * fraction, 4) for name, fraction in points.items()},
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
