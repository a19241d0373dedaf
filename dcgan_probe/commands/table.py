"""``dcgan-probe table``: makes the tables of all records; also written after each evaluation."""

import hashlib
import json
import re
from pathlib import Path

import click

from ..evaluation import Results, Summary
from ..report import format_tables
from ..storage import write_text

SUFFIXES = {"markdown": "md", "csv": "csv", "latex": "tex"}


def table_verb(results: Path, form: str, protocol: str | None) -> None:
    """Print the tables of all records, and write each as Markdown, CSV and LaTeX into RESULTS/tables."""
    summaries = Results(results).summaries()
    if not summaries:
        raise click.UsageError(f"{results} holds no complete evaluation; run eval-svm to its end")
    write_tables(summaries, results)
    names = sorted({summary.protocol for summary in summaries})
    if protocol is not None and protocol not in names:
        raise click.BadParameter(f"no records of {protocol!r}: there are {', '.join(names)}", param_hint="--protocol")
    shown = [summary for summary in summaries if protocol in (None, summary.protocol)]
    click.echo(format_tables(shown, form).rstrip())


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
    own = [summary for summary in store.summaries() if summary.protocol == summaries[0].protocol]
    (path,) = write_tables(own, store.folder)
    if not quiet:
        click.echo(f"Every fit: {store.folder / 'fits'}. All results of this protocol: {path}", err=True)


def file_name(protocol: str) -> str:
    """Name a protocol's files; the set's name in it comes from the user's file and may hold a slash.

    A name that had to be changed gets a hash of the original, so that no two protocols share a file.
    """
    name = re.sub(r"[^\w.-]+", "_", protocol)
    return name if name == protocol else f"{name}-{hashlib.sha256(protocol.encode()).hexdigest()[:6]}"
