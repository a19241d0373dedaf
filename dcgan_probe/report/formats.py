"""Tables, comparisons and guidelines as text in one of the formats."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..evaluation import Summary
from ..runtime import UserError
from .comparison_tables import ComparedRows, comparison_table, shown_comparisons
from .console import to_console
from .display_tables import ShownTable, shown_tables
from .guideline_tables import GuidelineRun, guideline_table, shown_guidelines
from .latex import to_latex
from .markdown import to_markdown
from .settings import FORMATS
from .tables import result_table


def format_tables(summaries: Iterable[Summary], form: str = "console", *, results: str | Path | None = None) -> str:
    """Format the tables of summaries as text.

    Parameters
    ----------
    form
        ``console`` (fewer columns), ``markdown``, ``csv`` (tidy) or ``latex``.
    results
        Results folder of the summaries, as for ``result_table``.

    Raises
    ------
    UserError
        If the format is unknown.
    """
    _check(form)
    if form == "csv":
        return result_table(summaries, full=True, results=results).to_csv(index=False, lineterminator="\n")
    return _written(shown_tables(summaries, None if results is None else Path(results)), form)


def format_comparisons(compared: ComparedRows, form: str = "console") -> str:
    """Format the table of comparisons as text, in the formats of ``format_tables``.

    Raises
    ------
    UserError
        If the format is unknown.
    """
    _check(form)
    if form == "csv":
        return comparison_table(compared).to_csv(index=False, lineterminator="\n")
    return _written([shown_comparisons(compared)], form)


def format_guidelines(runs: Sequence[GuidelineRun], form: str = "console") -> str:
    """Format the table of trainings that each break a guideline, at least one, in the formats of ``format_tables``.

    Raises
    ------
    UserError
        If the format is unknown.
    """
    _check(form)
    if form == "csv":
        return guideline_table(runs).to_csv(index=False, lineterminator="\n")
    return _written([shown_guidelines(runs)], form)


def _check(form: str) -> None:
    if form not in FORMATS:
        raise UserError(f"got format {form!r}, expected one of {', '.join(FORMATS)}", parameter="format")


def _written(tables: Iterable[ShownTable], form: str) -> str:
    return {"console": to_console, "markdown": to_markdown, "latex": to_latex}[form](tables)
