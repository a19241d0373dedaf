"""``dcgan-probe table``: makes the tables of all records; also written after each evaluation."""

import json
from pathlib import Path

import click

from ..evaluation import Results, Summary, Survey
from ..report import format_tables
from ..storage import file_name, write_text

SUFFIXES = {"markdown": "md", "csv": "csv", "latex": "tex"}


def table_verb(results: Path, form: str, protocol: str | None) -> None:
    """Print the tables of all records, and write each as Markdown, CSV and LaTeX into RESULTS/tables."""
    survey = Results(results).survey()
    say_faults(survey)
    if not survey.summaries and not survey.faults:
        raise click.UsageError(f"{results} holds no complete evaluation; run eval-svm to its end")
    write_tables(survey.summaries, results)
    broken = {fault.protocol for fault in survey.faults} - {None}
    names = sorted({summary.protocol for summary in survey.summaries})
    if protocol is not None and protocol not in (*names, *broken):
        raise click.BadParameter(
            f"no records of {protocol!r}: there are {', '.join(names) or 'none that can be read'}",
            param_hint="--protocol",
        )
    shown = [summary for summary in survey.summaries if protocol in (None, summary.protocol)]
    if shown:
        click.echo(format_tables(shown, form).rstrip())
    if broken and protocol in (None, *broken):
        raise SystemExit(1)


def say_faults(survey: Survey) -> None:
    """Print a line on stderr for each fault in a results folder."""
    for fault in survey.faults:
        left_out = "" if fault.protocol is None else f" Without that, there is no table of {fault.protocol}."
        click.echo(f"{fault.text}.{left_out}", err=True)


def write_tables(summaries: list[Summary], results: Path) -> list[Path]:
    """Write the tables of each protocol in every format, whole or not at all; give the Markdown files."""
    written = []
    for protocol in dict.fromkeys(summary.protocol for summary in summaries):
        group = [summary for summary in summaries if summary.protocol == protocol]
        for form, suffix in SUFFIXES.items():
            path = results / "tables" / f"{file_name(protocol)}.{suffix}"
            write_text(path, format_tables(group, form).rstrip() + "\n")
        written.append(results / "tables" / f"{file_name(protocol)}.md")
    return written


def show_results(summaries: list[Summary], store: Results, *, as_json: bool, quiet: bool) -> None:
    """Print new rows of one protocol as JSON or as a table, and write the tables of all its rows."""
    if as_json:
        click.echo(json.dumps([summary.to_dict() for summary in summaries], indent=2))
    else:
        click.echo(format_tables(summaries).rstrip())
    (path,) = write_tables(store.summaries(summaries[0].protocol), store.folder)
    if not quiet:
        click.echo(f"Every fit: {store.folder / 'fits'}. All results of this protocol: {path}", err=True)
