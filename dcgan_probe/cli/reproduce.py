"""Work of ``dcgan-probe reproduce``: a whole table from its plan."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..reproduce import Watch, open_table, run_steps
from ..runtime import Workspace
from .config_options import fields_of
from .progress import StepBars, note_printer
from .signals import StopSignals

SMOKE = "smoke"
"""Scale with separate runs and records, since its figures are meaningless."""


def reproduce_verb(
    table: str,
    scale: str | None,
    seeds: int | None,
    authors: Path | None,
    dry_run: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Print the plan of a table with its cost, then make every missing row."""
    workspace = workspace_of(scale, fields_of(Workspace, options))
    opened = open_table(table, workspace, scale=scale, seeds=seeds, authors=authors)
    steps = opened.missing_steps()
    if dry_run or not quiet:
        click.echo("\n".join(opened.describe(steps)), err=not dry_run)
    if dry_run:
        return
    with StepBars(quiet=quiet) as bars:
        failures = run_steps(steps, Watch(bars, note_printer(quiet), StopSignals.noted))
    click.echo(opened.write())
    if failures:
        raise click.ClickException("\n".join([f"{len(failures)} of {len(steps)} steps failed:", *failures]))


def workspace_of(scale: str | None, folders: dict[str, Any]) -> Workspace:
    """Return the workspace of a scale; the smoke test has separate folders of runs and records."""
    results = folders.pop("results")
    workspace = Workspace(**folders)
    if scale == SMOKE:
        workspace = replace(workspace, runs=workspace.runs / SMOKE)
        results = results or workspace.runs / "results"
    return replace(workspace, results=results or workspace.results)
