"""``dcgan-probe reproduce``: makes a whole table from its plan."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..reproduce import Watch, open_table, run_steps
from ..runtime import Workspace
from .config_options import fields_of
from .progress import StepBars, sayer
from .signals import StopSignals

SMOKE = "smoke"
"""The scale whose runs and records lie apart, since its figures mean nothing."""


def reproduce_verb(
    table: str,
    scale: str | None,
    seeds: int | None,
    authors: Path | None,
    dry_run: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Make every row of a table, after a plan with its time, memory and disk."""
    workspace = place_of(scale, fields_of(Workspace, options))
    wanted = open_table(table, workspace, scale=scale, seeds=seeds, authors=authors)
    steps = wanted.missing_steps()
    if dry_run or not quiet:
        click.echo("\n".join(wanted.describe(steps)), err=not dry_run)
    if dry_run:
        return
    with StepBars(quiet=quiet) as bars:
        failures = run_steps(steps, Watch(bars, sayer(quiet), StopSignals.noted))
    click.echo(wanted.write())
    if failures:
        raise click.ClickException("\n".join([f"{len(failures)} of {len(steps)} steps failed:", *failures]))


def place_of(scale: str | None, folders: dict[str, Any]) -> Workspace:
    """Return the workspace of a scale: a smoke test's runs and records lie in folders of their own."""
    results = folders.pop("results")
    workspace = Workspace(**folders)
    if scale == SMOKE:
        workspace = replace(workspace, runs=workspace.runs / SMOKE)
        results = results or workspace.runs / "results"
    return replace(workspace, results=results or workspace.results)
