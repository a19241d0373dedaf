"""LaTeX tables that need no package."""

from collections.abc import Iterable

from .display_tables import Cell, ShownTable
from .provenance import Provenance

ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "%_&#${}"},
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    "–": "--",
    "×": r"$\times$",
}


def to_latex(tables: Iterable[ShownTable]) -> str:
    """Format tables in LaTeX: one ``table`` each, with a plain ``tabular``, caption and footnotes."""
    return "\n".join(_table(table) for table in tables)


def _table(table: ShownTable) -> str:
    columns = "".join("r" if right else "l" for right in table.numeric)
    lines = [
        r"\begin{table}",
        rf"\caption{{{escape_latex(table.title)}. {escape_latex(table.caption)}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\hline",
        _line(Cell(name) for name in table.header),
        r"\hline",
        *map(_line, table.measured),
        *([r"\hline"] if table.published else []),
        *map(_line, table.published),
        r"\hline",
        r"\end{tabular}",
    ]
    notes = [rf"\textsuperscript{{{number}}} {escape_latex(text)}" for number, text in enumerate(table.footnotes, 1)]
    if notes:
        lines += ["", r"\smallskip", r"{\footnotesize " + "\\par\n".join(notes) + r"\par}"]
    if table.provenance is not None:
        lines += _provenance(table.provenance)
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _provenance(made: Provenance) -> list[str]:
    """Format one paragraph for the command of each row, and one that holds for all rows."""
    rows = [f"{escape_latex(row.name)}: {_code(row.command)}, {escape_latex(row.details)}" for row in made.rows]
    paragraphs = ["How each row was made:", *rows, escape_latex(made.note)]
    return ["", r"\smallskip", r"{\footnotesize\raggedright " + "\\par\n".join(paragraphs) + r"\par}"]


def _code(command: str) -> str:
    # Some typewriter fonts join two hyphens into a dash.
    return rf"\texttt{{{escape_latex(command).replace('--', '-{}-')}}}" if command else "from Python"


def _line(cells: Iterable[Cell]) -> str:
    return " & ".join(_cell(cell) for cell in cells) + r" \\"


def _cell(cell: Cell) -> str:
    marks = ",".join(map(str, cell.notes))
    return escape_latex(cell.text) + (rf"\textsuperscript{{{marks}}}" if marks else "")


def escape_latex(text: str) -> str:
    """Escape LaTeX's special characters, and replace the signs that its plain fonts lack."""
    return "".join(ESCAPES.get(sign, sign) for sign in text)
