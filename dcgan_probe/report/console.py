"""Takes shown tables, gives plain text of about a terminal's width; knows no figure."""

import textwrap
from collections.abc import Iterable

from .markdown import padded_row, superscript
from .shown import NOTHING, PUBLISHED, Cell, ShownTable

WIDTH = 110
LEFT_OUT = ("dimension", "largest layer's units")
SPARED = ("images seen",)
"""Columns that are shown only where they tell rows apart."""
UNBROKEN = "\N{NO-BREAK SPACE}"


def to_console(tables: Iterable[ShownTable]) -> str:
    """Write the measured rows with fewer columns than Markdown has, and the published ones as a running list."""
    return "\n".join(_table(table) for table in tables)


def _table(table: ShownTable) -> str:
    kept = [
        i
        for i, name in enumerate(table.header)
        if name not in LEFT_OUT and (name not in SPARED or _tells_apart(table, i))
    ]
    right = [table.numeric[i] for i in kept]
    header = [table.header[i] for i in kept]
    rows = [[_noted(row[i]) for i in kept] for row in table.measured]
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(kept))]
    lines = ["  ".join(padded_row(row, widths, right)).rstrip() for row in (header, *rows)]
    rule = "─" * max(map(len, lines))
    paragraphs = [table.caption]
    if table.published:
        figures = [f"{_noted(row[0]).removeprefix(PUBLISHED)} {_noted(row[-1])}" for row in table.published]
        figures = [figure.replace(" ", UNBROKEN) for figure in figures]
        paragraphs.insert(0, f"Published: {'; '.join(figures)}.")
    shown = {number for row in (*table.measured, *table.published) for cell in row for number in cell.notes}
    paragraphs += [superscript((i,)).strip() + " " + table.footnotes[i - 1] for i in sorted(shown)]
    wrapped = [textwrap.fill(text, WIDTH, subsequent_indent="  ").replace(UNBROKEN, " ") for text in paragraphs]
    return "\n".join([table.title, rule, lines[0], rule, *lines[1:], rule, *wrapped]) + "\n"


def _noted(cell: Cell) -> str:
    return cell.text + superscript(cell.notes)


def _tells_apart(table: ShownTable, column: int) -> bool:
    return len({row[column].text for row in table.measured} - {NOTHING}) > 1
