"""Work of ``dcgan-probe job``: a larger training, and its evaluation on the same or another machine."""

from pathlib import Path
from typing import Any

import click

from ..gan import Run
from ..reproduce import (
    TableStep,
    Watch,
    evaluation_steps,
    job_lines,
    job_training,
    keep_samples,
    left_run,
    read_jobs,
    run_steps,
    training_steps,
)
from ..runtime import Workspace
from .config_options import config_of
from .progress import StepBars, note_printer, print_notes
from .signals import StopSignals


def job_verb(
    name: str | None,
    listed: bool,
    time_limit: float | None,
    evaluate: Path | None,
    out: Path | None,
    probe_dataset: str,
    no_probe: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Train one of the larger networks and export it as small files, or evaluate such files."""
    workspace = config_of(Workspace, options)
    jobs = read_jobs()
    if name is None or listed:
        click.echo("\n".join(job_lines(jobs, workspace)))
        return
    job = next(job for job in jobs if job.name == name)
    if evaluate is not None:
        raise_failures(
            run_with_progress(evaluation_steps(job, left_run(job, evaluate, workspace.runs), workspace), quiet=quiet)
        )
        return
    plan, out = job_training(job, time_limit, None if no_probe else probe_dataset), out or Path(name)
    train, export = training_steps(job, plan, out, workspace)
    failures = run_with_progress([train], quiet=quiet) or run_with_progress([export], quiet=quiet)
    keep_samples(Run(workspace.runs / job.run_name), out)
    raise_failures(failures)
    print_notes([f"{out}: weights, curves and samples; next: dcgan-probe job {name} --evaluate {out}"], quiet=quiet)


def run_with_progress(steps: list[TableStep], *, quiet: bool) -> list[str]:
    """Run the steps of a job and show their progress; return the failures."""
    with StepBars(quiet=quiet) as bars:
        return run_steps(steps, Watch(bars, note_printer(quiet), StopSignals.noted))


def raise_failures(failures: list[str]) -> None:
    """Raise an error that lists the failures, if there are any."""
    if failures:
        raise click.ClickException("\n".join([f"{len(failures)} steps failed:", *failures]))
