"""``dcgan-probe reproduce``: makes a whole table, row by row, by the other verbs."""

from pathlib import Path
from typing import cast

import click

from ..reproductions import ScaleName, Table
from ..runtime import UserError
from .reproduce_guidelines import GuidelineTable
from .reproduce_rows import ResultTable
from .steps import Given, run_steps
from .verbs.reproduce import GUIDELINES, SEEDS


def reproduce_verb(
    table: str,
    scale: ScaleName,
    seeds: int | None,
    authors: Path | None,
    results: Path | None,
    runs: Path,
    device: str,
    data_dir: Path,
    download: bool,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Make every row of a table, after a plan with its time, memory and disk."""
    if scale == "smoke":
        runs = runs / "smoke"
        results = results or runs / "results"
    given = Given(runs, results or Path("results"), data_dir, device, download, quiet)
    if table != GUIDELINES and seeds is not None:
        raise UserError(f"got {seeds} seeds for {table}, which has one DCGAN; leave them out", option="seeds")
    wanted = (
        GuidelineTable(scale, seeds or SEEDS, given)
        if table == GUIDELINES
        else ResultTable(cast(Table, table), scale, given, authors or data_dir / "authors")
    )
    steps = wanted.missing_steps()
    if dry_run or not quiet:
        click.echo("\n".join(wanted.describe(steps)), err=not dry_run)
    if dry_run:
        return
    failures = run_steps(steps, quiet=quiet)
    wanted.write()
    if failures:
        raise click.ClickException("\n".join([f"{len(failures)} of {len(steps)} steps failed:", *failures]))
