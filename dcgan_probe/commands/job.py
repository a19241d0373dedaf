"""``dcgan-probe job``: a training that needs a GPU, with its evaluations, as one command.

::

    OUT/evaluations.csv, fits/, tables/, predictions/    as in any results folder
    OUT/config.json, weights-NN.part                     the run, for import-run
    OUT/stats.jsonl                                      its statistics, thinned
    OUT/curves.png, samples/                             all rows as curves; samples over time
"""

import json
import shutil
from pathlib import Path

import click

from ..gan import Run, thinned
from ..reproductions import JOBS, Job
from ..runtime import UserError
from ..storage import write_text
from .command_lines import RecordedCommand
from .options import Seconds, data_options, device_option, quiet_option, runs_option
from .steps import Given, Step, run_steps

KEPT = ("curves.png", "samples")


@click.command("job", cls=RecordedCommand)
@click.argument("name", metavar="[NAME]", required=False, type=click.Choice([job.name for job in JOBS]))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder of what is small.  [default: NAME]"
)
@click.option("--time-limit", type=Seconds(), help="Of the training, such as 8m; evaluations come on top.")
@runs_option
@device_option
@data_options
@quiet_option
def job_command(
    name: str | None,
    out: Path | None,
    time_limit: float | None,
    runs: Path,
    device: str,
    data_dir: Path,
    download: bool,
    quiet: bool,
) -> None:
    """Train one of the larger networks, probe it, and leave all that is small in one folder.

    Without NAME, list the jobs in order of worth. After an interruption the same command goes on with
    the training and repeats the evaluations, of which the tables take the newest.

    \b
    dcgan-probe job
    dcgan-probe job imagenet32 --time-limit 8m --out carried
    dcgan-probe import-results carried
    """
    if name is None:
        width = max(len(job.name) for job in JOBS)
        click.echo("\n".join(f"{job.name:<{width}}  {job.question}" for job in JOBS))
        return
    out = out or Path(name)
    given = Given(runs, out, data_dir, device, download, quiet)
    job = next(job for job in JOBS if job.name == name)
    run = Run(runs / job.run_name)
    if job.trained_by and not run.exists:
        raise UserError(
            f"{name} takes the run of {job.trained_by}, and there is none in {run.folder}; run `dcgan-probe job "
            f"{job.trained_by}` first, or `dcgan-probe import-run` what it left",
            option="runs",
        )
    limit = () if time_limit is None else ("--time-limit", f"{time_limit:g}s")
    training, evaluations = steps_of(job, run, limit, given, out)
    failures = run_steps(training, quiet=quiet)
    for kept in KEPT:  # before the evaluations, which may be cut short
        copy(run.folder / kept, out / kept)
    copy_stats(run, out)
    failures += ["the evaluations: the training failed"] if failures else run_steps(evaluations, quiet=quiet)
    if failures:
        raise click.ClickException("\n".join([f"{len(failures)} steps failed:", *failures]))
    if not quiet:
        click.echo(f"{out}: records, tables, curves, samples, and the weights for import-run", err=True)


def steps_of(job: Job, run: Run, limit: tuple[str, ...], given: Given, out: Path) -> tuple[list[Step], list[Step]]:
    """Give the commands of a job, of training and of evaluations, each as it can be typed alone."""
    of_run = ("--run", str(run.folder))
    features = [part for source in ("dcgan", *job.controls) for part in ("--features", source)]
    train = Step("train", (*job.training, *of_run, *limit, *given.arguments("train")), makes_run=job.run_name)
    evaluations = [
        Step("eval-svm", (*protocol, *features, "--no-controls", *of_run, *given.arguments("eval-svm")))
        for protocol in job.protocols
    ]
    if job.trained_by:
        return [], evaluations
    # Weights first: an evaluation that is cut short can be repeated from them.
    return [train, Step("export-run", (str(out), *of_run), needs_run=job.run_name)], evaluations


def copy_stats(run: Run, out: Path) -> None:
    """Write the run's statistics, thinned to some 200 rows, into the folder ``out``; nothing if there are none."""
    rows = thinned(run.stats())
    if rows:
        write_text(out / run.stats_path.name, "".join(json.dumps(row) + "\n" for row in rows))


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder if it exists."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
