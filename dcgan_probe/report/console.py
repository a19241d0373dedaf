"""Plain-text tables for a terminal."""

import itertools
import textwrap
from collections.abc import Iterable, Sequence

from .display_tables import NOTHING, PUBLISHED, Cell, ShownTable
from .markdown import padded_row, superscript

WIDTH = 110
LEFT_OUT = ("dimension", "largest layer's units")
OPTIONAL_COLUMNS = ("images seen",)
"""Columns shown only if their values differ between rows."""
DROP_ORDER = ("images seen", "label budget", "layers", "n", "test", "right in one only", "first", "trained on")
"""Columns dropped from a table that is too wide: columns of a single value first, then the others, in this order."""
UNBROKEN = "\N{NO-BREAK SPACE}"


def to_console(tables: Iterable[ShownTable]) -> str:
    """Write tables as plain text: fewer columns than in Markdown, and the published figures as a running list."""
    return "\n".join(_table(table) for table in tables)


def _table(table: ShownTable) -> str:
    header, rows, dropped, kept = _fitting(table)
    rule = "─" * max(map(len, (*header, *rows)))
    left_out = [_left_out(table, i) for i in dropped if _values(table, i)]
    paragraphs = [table.caption, *([f"Columns left out for width: {'; '.join(left_out)}."] if left_out else [])]
    if table.published:
        figures = [f"{_noted(row[0]).removeprefix(PUBLISHED)} {_noted(row[-1])}" for row in table.published]
        figures = [figure.replace(" ", UNBROKEN) for figure in figures]
        paragraphs.insert(0, f"Published: {'; '.join(figures)}.")
    cells = [row[i] for row in table.measured for i in kept] + [cell for row in table.published for cell in row]
    shown = {number for cell in cells for number in cell.notes}
    paragraphs += [superscript((i,)).strip() + " " + table.footnotes[i - 1] for i in sorted(shown)]
    wrapped = [
        textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False).replace(UNBROKEN, " ")
        for text in paragraphs
    ]
    return "\n".join([table.title, rule, *header, rule, *rows, rule, *wrapped]) + "\n"


def _fitting(table: ShownTable) -> tuple[list[str], list[str], list[int], list[int]]:
    """Return the lines of the header and of the measured rows, the dropped columns, and the kept ones."""
    kept = [
        i
        for i, name in enumerate(table.header)
        if name not in LEFT_OUT and (name not in OPTIONAL_COLUMNS or _varies(table, i))
    ]
    candidates = [i for name in DROP_ORDER for i in kept if table.header[i] == name]
    candidates.sort(key=lambda i: _varies(table, i))
    header, rows = _lines(table, kept)
    dropped = []
    while candidates and max(map(len, (*header, *rows))) > WIDTH:
        dropped.append(candidates.pop(0))
        kept.remove(dropped[-1])
        header, rows = _lines(table, kept)
    return header, rows, dropped, kept


def _lines(table: ShownTable, kept: list[int]) -> tuple[list[str], list[str]]:
    """Lay out the kept columns; a name that is wider than its column is wrapped."""
    right = [table.numeric[i] for i in kept]
    rows = [[_noted(row[i]) for i in kept] for row in table.measured]
    names = [table.header[i] for i in kept]
    least = [max(map(len, name.split())) for name in names]
    widths = [max(least[i], *(len(row[i]) for row in rows)) for i in range(len(kept))]
    wrapped = [textwrap.wrap(name, width) for name, width in zip(names, widths, strict=True)]
    header = itertools.zip_longest(*wrapped, fillvalue="")
    return _padded(header, widths, right), _padded(rows, widths, right)


def _padded(rows: Iterable[Sequence[str]], widths: list[int], right: list[bool]) -> list[str]:
    return ["  ".join(padded_row(row, widths, right)).rstrip() for row in rows]


def _noted(cell: Cell) -> str:
    return cell.text + superscript(cell.notes)


def _left_out(table: ShownTable, column: int) -> str:
    """Name a dropped column, and its value if all rows have the same one."""
    name, values = table.header[column], _values(table, column)
    return f"{name}: {values[0]}" if len(values) == 1 else name


def _varies(table: ShownTable, column: int) -> bool:
    return len(_values(table, column)) > 1


def _values(table: ShownTable, column: int) -> list[str]:
    """Return the distinct values of the measured rows in a column."""
    return list(dict.fromkeys(row[column].text for row in table.measured if row[column].text != NOTHING))
