"""Takes paired comparisons and the rows they are of, gives a table of them, shown and tidy; knows no prediction."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas

from ..evaluation import RESAMPLES, Comparison, Summary
from .rows import table_rows
from .shown import NOTHING, Cell, ShownTable, short_layers, task_title

HEADER = {
    "first": False,
    "second": False,
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
    "Difference of the test accuracies, first less second, in points of percent, on the same draws and test images; "
    "positive where the first is better. Interval: bootstrap over test images, and over draws where there are several, "
    "the same for both rows. n: draws compared, those that both rows have."
)
TESTS = {
    "bootstrap": f"p, two-sided: that same bootstrap, whose {RESAMPLES:,} resamples can tell no p below "
    f"{2 / (RESAMPLES + 1):.4f}.",
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
    tests = dict.fromkeys(each.test for each in compared.comparisons)
    number = compared.comparisons[0].comparisons
    holm = f"Holm p: adjusted for the number of comparisons made here, {number}."
    return ShownTable(
        title=f"{task_title(compared.comparisons[0].first)}: paired comparisons",
        header=tuple(HEADER),
        numeric=tuple(HEADER.values()),
        measured=tuple(_cells(each, compared.names) for each in compared.comparisons),
        published=(),
        caption=" ".join([READING, *(TESTS[test] for test in tests), holm, *compared.remarks]),
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
        points |= {"first_accuracy": first.accuracy, "second_accuracy": second.accuracy}
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
