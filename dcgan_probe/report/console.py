"""Takes shown tables, gives plain text of about a terminal's width; knows no figure."""

import itertools
import textwrap
from collections.abc import Iterable, Sequence

from .markdown import padded_row, superscript
from .shown import NOTHING, PUBLISHED, Cell, ShownTable

WIDTH = 110
LEFT_OUT = ("dimension", "largest layer's units")
SPARED = ("images seen",)
"""Columns that are shown only where they tell rows apart."""
GIVEN_UP = ("images seen", "label budget", "layers", "n", "test", "right in one only", "first", "trained on")
"""Columns that a table which is too wide gives up: first those that do not tell rows apart, then all, in this order."""
UNBROKEN = "\N{NO-BREAK SPACE}"


def to_console(tables: Iterable[ShownTable]) -> str:
    """Write the measured rows with fewer columns than Markdown has, and the published ones as a running list."""
    return "\n".join(_table(table) for table in tables)


def _table(table: ShownTable) -> str:
    header, rows, given_up, kept = _fitting(table)
    rule = "─" * max(map(len, (*header, *rows)))
    left_out = [_left_out(table, i) for i in given_up if _values(table, i)]
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
    """Return the lines of header and measured rows with as many columns as fit, the columns given up and those kept."""
    kept = [
        i
        for i, name in enumerate(table.header)
        if name not in LEFT_OUT and (name not in SPARED or _tells_apart(table, i))
    ]
    candidates = [i for name in GIVEN_UP for i in kept if table.header[i] == name]
    candidates.sort(key=lambda i: _tells_apart(table, i))
    header, rows = _lines(table, kept)
    given_up = []
    while candidates and max(map(len, (*header, *rows))) > WIDTH:
        given_up.append(candidates.pop(0))
        kept.remove(given_up[-1])
        header, rows = _lines(table, kept)
    return header, rows, given_up, kept


def _lines(table: ShownTable, kept: list[int]) -> tuple[list[str], list[str]]:
    """Lay out some columns; a name that is wider than its column takes several lines."""
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
    """Name a column that was given up, and its value where that is one."""
    name, values = table.header[column], _values(table, column)
    return f"{name}: {values[0]}" if len(values) == 1 else name


def _tells_apart(table: ShownTable, column: int) -> bool:
    return len(_values(table, column)) > 1


def _values(table: ShownTable, column: int) -> list[str]:
    """Give what the measured rows have in a column, each once."""
    return list(dict.fromkeys(row[column].text for row in table.measured if row[column].text != NOTHING))
