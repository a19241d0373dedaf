"""Table files of a results folder, and the text of the tables to show."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..evaluation import Results, Summary, Survey
from ..runtime import OnNote, UserError, Workspace, no_note, require_instance
from ..storage import file_name, write_text
from .formats import format_tables
from .settings import TableConfig

SUFFIXES = {"markdown": "md", "csv": "csv", "latex": "tex"}


@dataclass(frozen=True)
class ShownTables:
    """Tables of the readable records of a results folder, as text."""

    text: str
    """Text of the tables to show; empty if none can be made."""
    complete: bool
    """Whether all tables to show are included; False if damaged records prevent one."""


def write_tables(summaries: Sequence[Summary], results: Path) -> list[Path]:
    """Write the tables of each protocol in every format, each file whole or not at all; return the Markdown files."""
    written = []
    for protocol in dict.fromkeys(summary.protocol for summary in summaries):
        group = [summary for summary in summaries if summary.protocol == protocol]
        for form, suffix in SUFFIXES.items():
            path = results / "tables" / f"{file_name(protocol)}.{suffix}"
            write_text(path, format_tables(group, form, results=results).rstrip() + "\n")
        written.append(results / "tables" / f"{file_name(protocol)}.md")
    return written


def make_tables(config: TableConfig, workspace: Workspace | None = None, *, on_note: OnNote = no_note) -> ShownTables:
    """Write the tables of all records as Markdown, CSV and LaTeX, and format the tables to show.

    Parameters
    ----------
    on_note
        Called with a sentence for each damaged record.

    Raises
    ------
    UserError
        If there are no records, or no records of the protocol to show.
    """
    require_instance(config, TableConfig, "config")
    results = (workspace or Workspace()).results
    survey = Results(results).survey()
    note_faults(survey, on_note)
    if not survey.summaries and not survey.faults:
        raise UserError(f"{results} holds no complete evaluation; run eval-svm to its end", parameter="results")
    write_tables(survey.summaries, results)
    broken = {fault.protocol for fault in survey.faults} - {None}
    names = sorted({summary.protocol for summary in survey.summaries})
    if config.protocol is not None and config.protocol not in (*names, *broken):
        raise UserError(
            f"no records of {config.protocol!r}; expected one of the recorded protocols: {', '.join(names) or 'none'}",
            parameter="protocol",
        )
    shown = [summary for summary in survey.summaries if config.protocol in (None, summary.protocol)]
    text = format_tables(shown, config.form, results=results).rstrip() if shown else ""
    return ShownTables(text, complete=not (broken and config.protocol in (None, *broken)))


def note_faults(survey: Survey, on_note: OnNote) -> None:
    """Call ``on_note`` with a sentence for each fault in a results folder."""
    for fault in survey.faults:
        left_out = "" if fault.protocol is None else f" The table of {fault.protocol} is omitted until then."
        on_note(f"{fault.text}.{left_out}")
