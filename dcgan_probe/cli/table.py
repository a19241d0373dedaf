"""Output of new rows of a protocol."""

import json

import click

from ..evaluation import Results, Summary
from ..report import format_tables, write_tables


def show_results(summaries: list[Summary], store: Results, *, as_json: bool, quiet: bool) -> None:
    """Print new rows of one protocol as JSON or as a table, and write the tables of all rows of the protocol."""
    if as_json:
        click.echo(json.dumps([summary.to_dict() for summary in summaries], indent=2))
    else:
        click.echo(format_tables(summaries, results=store.folder).rstrip())
    (path,) = write_tables(store.summaries(summaries[0].protocol), store.folder)
    if not quiet:
        click.echo(f"Every fit: {store.folder / 'fits'}. All results of this protocol: {path}", err=True)
