"""Takes shown tables, gives LaTeX that needs no package; knows no figure."""

from collections.abc import Iterable

from .shown import Cell, ShownTable

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
    """Write tables in LaTeX: one ``table`` each, a plain ``tabular``, caption and footnotes."""
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
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _line(cells: Iterable[Cell]) -> str:
    return " & ".join(_cell(cell) for cell in cells) + r" \\"


def _cell(cell: Cell) -> str:
    marks = ",".join(map(str, cell.notes))
    return escape_latex(cell.text) + (rf"\textsuperscript{{{marks}}}" if marks else "")


def escape_latex(text: str) -> str:
    """Escape LaTeX's special characters, and write the signs that its plain fonts lack."""
    return "".join(ESCAPES.get(sign, sign) for sign in text)
