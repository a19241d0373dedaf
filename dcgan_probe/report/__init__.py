"""Floor 5. From summaries to tables: tidy pandas and CSV, Markdown, LaTeX; the published figure beside each row."""

from collections.abc import Iterable

from ..evaluation import Summary
from ..runtime import UserError
from .console import to_console
from .latex import to_latex
from .markdown import to_markdown
from .published import FIGURES, MARKS, PublishedFigure, published_figures
from .shown import shown_tables
from .tables import result_table

FORMATS = ("console", "markdown", "csv", "latex")

__all__ = [
    "FIGURES",
    "FORMATS",
    "MARKS",
    "PublishedFigure",
    "format_tables",
    "published_figures",
    "result_table",
]


def format_tables(summaries: Iterable[Summary], form: str = "console") -> str:
    """Write the tables of some summaries: ``console`` (fewer columns), ``markdown``, ``csv`` (tidy) or ``latex``.

    Raises
    ------
    UserError
        If the format is unknown.
    """
    if form not in FORMATS:
        raise UserError(f"got format {form!r}, expected one of {', '.join(FORMATS)}", option="format")
    if form == "csv":
        return result_table(summaries).to_csv(index=False, lineterminator="\n")
    tables = shown_tables(summaries)
    return {"console": to_console, "markdown": to_markdown, "latex": to_latex}[form](tables)
