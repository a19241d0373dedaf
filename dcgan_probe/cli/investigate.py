"""Investigation of a run from the command line: one call, its files and its printed summary."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from ..investigations import InvestigationConfig, InvestigationResult
from ..runtime import Workspace
from .command_lines import command_line
from .config_options import config_of
from .options import chosen_run
from .progress import StepBars, note_printer


def summary_of(found: InvestigationResult) -> Iterable[str]:
    """Return the lines printed after the names of the files."""
    return found.summary


def investigate(
    function: Callable[..., InvestigationResult],
    config: type[InvestigationConfig],
    options: dict[str, Any],
    lines_of: Callable[[Any], Iterable[str]] = summary_of,
) -> None:
    """Build a config from the parsed options, run the investigation, and write and print its result."""
    workspace, made = config_of(Workspace, options), config_of(config, options)
    run = chosen_run(options["run_folder"], workspace.runs, quiet=options["quiet"])
    with StepBars(quiet=options["quiet"]) as bars:
        found = function(
            run,
            made,
            workspace=workspace,
            on_step=bars,
            on_note=note_printer(options["quiet"]),
        )
    for sentence in found.warnings:
        click.echo(f"Warning: {sentence}", err=True)
    written = found.save(name=options["name"], command=command_line())
    if options["as_json"]:
        click.echo(Path(written[-1]).read_text(encoding="utf-8").rstrip())
        return
    for line in (*written, *lines_of(found)):
        click.echo(line)
