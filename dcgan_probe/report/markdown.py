"""Markdown tables with aligned columns and footnotes."""

import re
from collections.abc import Iterable, Sequence

from .display_tables import Cell, ShownTable
from .provenance import Provenance

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def to_markdown(tables: Iterable[ShownTable]) -> str:
    """Format tables in Markdown: columns aligned in the raw text too, footnotes as a numbered list below each table."""
    return "\n".join(_table(table) for table in tables)


def _table(table: ShownTable) -> str:
    rows = [[_cell(cell) for cell in row] for row in (*table.measured, *table.published)]
    header = [escape_markdown(name) for name in table.header]
    widths = [max(3, *(len(row[i]) for row in (header, *rows))) for i in range(len(header))]
    rules = ["-" * (width - right) + ":" * right for width, right in zip(widths, table.numeric, strict=True)]
    lines = [f"| {' | '.join(padded_row(row, widths, table.numeric))} |" for row in (header, rules, *rows)]
    parts = [f"### {escape_markdown(table.title)}", "\n".join(lines), escape_markdown(table.caption)]
    if table.footnotes:
        parts.append("\n".join(f"{i}. {escape_markdown(text)}" for i, text in enumerate(table.footnotes, 1)))
    if table.provenance is not None:
        parts += _provenance(table.provenance)
    return "\n\n".join(parts) + "\n"


def _provenance(made: Provenance) -> list[str]:
    """Format the list of commands, each as code, and the sentence that holds for all rows."""
    rows = [f"- {escape_markdown(row.name)}: {_code(row.command)}, {escape_markdown(row.details)}" for row in made.rows]
    return ["How each row was made:", "\n".join(rows), escape_markdown(made.note)]


def _code(command: str) -> str:
    """Format a command as code, in which only the backtick is special."""
    if not command:
        return "from Python"
    return f"`` {command} ``" if "`" in command else f"`{command}`"


def padded_row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    """Pad each cell to the width of its column, on the left if the column is aligned on the right."""
    return [
        cell.rjust(width) if is_right else cell.ljust(width)
        for cell, width, is_right in zip(cells, widths, right, strict=True)
    ]


def superscript(notes: Iterable[int]) -> str:
    """Format footnote numbers, each after a space so that it does not look like an exponent."""
    return "".join(f" {str(number).translate(SUPERSCRIPTS)}" for number in notes)


def _cell(cell: Cell) -> str:
    return escape_markdown(cell.text) + superscript(cell.notes)


def escape_markdown(text: str) -> str:
    """Escape characters that Markdown reads as markup; an underscore inside a word is not markup and stays."""
    return re.sub(r"[\\|*`<]|(?<!\w)_|_(?!\w)", lambda match: "\\" + match.group(), text)
