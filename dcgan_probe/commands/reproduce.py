"""``dcgan-probe reproduce``: makes a whole result table, row by row, by the other verbs."""

import contextlib
import io
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

import click
import torch

from ..evaluation import Protocol, Results, Summary
from ..gan import Run
from ..images import ImageSet, load_images
from ..report import format_tables
from ..reproductions import (
    SCALE_NAMES,
    TABLES,
    Cost,
    Reproduction,
    Row,
    ScaleName,
    Table,
    reproduction,
    row_costs,
    trained_config,
    training_cost,
)
from ..runtime import UserError, resolve_device
from .command_lines import RecordedCommand
from .compare import write_comparisons
from .evaluate import checked_protocol, eval_svm_command
from .evaluate_supervised import eval_supervised_command
from .options import data_options, device_option, dry_run_option, quiet_option, runs_option
from .progress import duration
from .train import train_command

VERBS: dict[str, click.Command] = {
    "train": train_command,
    "eval-svm": eval_svm_command,
    "eval-supervised": eval_supervised_command,
}


@click.command("reproduce", cls=RecordedCommand)
@click.argument("table", type=click.Choice(TABLES))
@click.option(
    "--scale",
    type=click.Choice(SCALE_NAMES),
    default="small",
    show_default=True,
    help="smoke: that all runs, in minutes. small: hours on a CPU. paper: as published; wants a GPU.",
)
@click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of records and tables.  [default: results; RUNS/smoke/results for smoke]",
)
@runs_option
@device_option
@data_options
@dry_run_option
@quiet_option
def reproduce_command(
    table: Table,
    scale: ScaleName,
    results: Path | None,
    runs: Path,
    device: str,
    data_dir: Path,
    download: bool,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Make every row of a result table: the DCGAN, its controls, and the baselines, under the same protocols.

    What is missing is trained, extracted and fitted, after a plan with its time, memory and disk. Rows that are in the
    records stay as they are, so the same command goes on after an interruption. Each row is a command of its own, as
    the plan prints it. In the end the DCGAN is compared with every other row.

    \b
    dcgan-probe reproduce svhn-1000 --scale smoke
    dcgan-probe reproduce cifar10 --dry-run
    """
    wanted = reproduction(table, scale)
    if scale == "smoke":
        runs = runs / "smoke"
        results = results or runs / "results"
    given = Given(runs, results or Path("results"), data_dir, device, download, quiet)
    images = [given.load(wanted.dataset, split) for split in ("train", "test")]
    steps = missing_steps(wanted, given, images)
    if dry_run or not quiet:
        click.echo("\n".join(describe(table, scale, wanted, steps)), err=not dry_run)
    if dry_run:
        return
    failures = run_steps(steps, quiet=quiet)
    summaries = found_rows(wanted, given, images)
    click.echo(format_tables(summaries.values()).rstrip())
    for protocol in {row.protocol for row in summaries}:
        own = [summary for summary in summaries.values() if summary.protocol == protocol]
        write_comparisons(own, Results(given.results), given.results)
    if failures:
        raise click.ClickException("\n".join([f"{len(failures)} of {len(steps)} steps failed:", *failures]))


@dataclass(frozen=True)
class Given:
    """What all commands of a table have in common."""

    runs: Path
    results: Path
    data_dir: Path
    device: str
    download: bool
    quiet: bool

    def load(self, dataset: str, split: str) -> ImageSet:
        """Load images from where the commands will."""
        return load_images(dataset, split, data_dir=self.data_dir, download=self.download)

    def folder(self, wanted: Reproduction) -> Path:
        """Give the DCGAN's run folder."""
        return self.runs / wanted.run_name

    def arguments(self, verb: str) -> list[str]:
        """Give the options that a command needs beside its own, so that it does the same when typed alone."""
        folders = [("--runs", self.runs, Path("runs")), ("--data-dir", self.data_dir, Path("data"))]
        folders += [("--results", self.results, Path("results"))] if verb != "train" else []
        paths = [part for option, path, usual in folders if path != usual for part in (option, str(path))]
        device = [] if self.device == "auto" else ["--device", self.device]
        return [*paths, *device, *([] if self.download else ["--no-download"])]


@dataclass(frozen=True)
class Step:
    """One command to run."""

    verb: str
    arguments: tuple[str, ...]
    cost: Cost
    needs_run: bool = False
    """Whether it waits for the training."""
    obstacle: str = ""
    """Why it cannot be run; empty if it can."""

    @property
    def line(self) -> str:
        """Give it as a shell takes it."""
        return shlex.join(["dcgan-probe", self.verb, *self.arguments])


def found_rows(wanted: Reproduction, given: Given, images: list[ImageSet]) -> dict[Row, Summary]:
    """Find the rows that are in the records."""
    store = Results(given.results)
    summaries = store.summaries() if store.path.exists() else []
    train, test = images
    fingerprints = train.fingerprint, test.fingerprint
    found = {row: row.found_in(summaries, fingerprints, row_protocol(row, images).draws) for row in wanted.rows}
    return {row: summary for row, summary in found.items() if summary is not None}


def missing_steps(wanted: Reproduction, given: Given, images: list[ImageSet]) -> list[Step]:
    """Give the commands that are to be run, in their order."""
    there = found_rows(wanted, given, images)
    rows = [row for row in wanted.rows if row not in there]
    device = resolve_device(given.device)
    run = given.folder(wanted)
    training = training_step(wanted, given, device) if any(row.needs_run for row in rows) else None
    steps = [] if training is None else [training]
    protocols = {row.protocol: row_protocol(row, images) for row in rows}
    for row, cost in zip(rows, row_costs(rows, protocols, len(images[1]), wanted.scale, device), strict=True):
        of_run = ("--run", str(run)) if row.needs_run else ()
        arguments = (*row.arguments, *of_run, *given.arguments(row.verb))
        steps.append(Step(row.verb, arguments, cost, needs_run=row.needs_run))
    return steps


def training_step(wanted: Reproduction, given: Given, device: torch.device) -> Step | None:
    """Give the command that trains the DCGAN; None if that is done."""
    config = trained_config(wanted, device)
    run = Run(given.folder(wanted))
    seen = run.position() if run.exists else 0
    if seen >= config.images:
        return None
    arguments = (*wanted.training, "--run", str(run.folder), *given.arguments("train"))
    try:
        images = given.load(wanted.scale.unlabelled, "train")
    except UserError as error:
        path = given.data_dir / f"{wanted.scale.unlabelled}_train.h5"
        obstacle = f"{error}. From a folder of images: dcgan-probe prepare FOLDER --size 32 --out {path}"
        return Step("train", arguments, Cost(0.0, 0), obstacle=obstacle)
    return Step("train", arguments, training_cost(config, images, device, seen))


def row_protocol(row: Row, images: list[ImageSet]) -> Protocol:
    """Give the protocol that a row's command will take."""
    return checked_protocol(images, row.labels, row.draws, row.select_draws)


def describe(table: str, scale: str, wanted: Reproduction, steps: list[Step]) -> list[str]:
    """Give the lines of the plan."""
    trainings = sum(step.verb == "train" for step in steps)
    missing = len(steps) - trainings
    total = f"{table} at scale {scale}: {len(wanted.rows)} rows, {len(wanted.rows) - missing} of them in the records"
    if not steps:
        return [f"{total}; nothing to do."]
    rows = "1 row" if missing == 1 else f"{missing} rows"
    seconds, disk = (sum(getattr(step.cost, name) for step in steps) for name in ("seconds", "disk_bytes"))
    memory = max(step.cost.memory_bytes for step in steps)
    blocked = [step for step in steps if step.obstacle]
    return [
        f"{total}. To do: {rows}{' and a training' if trainings else ''}, in about {duration(seconds)}, with "
        f"{memory / 1e9:.1f} GB of memory and {disk / 1e9:.1f} GB of disk at most, if no features are cached.",
        "",
        "    time   memory     disk  command",
        *(
            f"{duration(step.cost.seconds):>8}  {step.cost.memory_bytes / 1e9:>4.1f} GB  "
            f"{step.cost.disk_bytes / 1e9:>4.1f} GB  {step.line}"
            for step in steps
        ),
        *(f"\nCannot be made, nor can the rows that need its run: {step.line}: {step.obstacle}" for step in blocked),
    ]


def run_verb(verb: click.Command, arguments: list[str]) -> None:
    """Run another verb without what it prints on stdout: each prints the table so far."""
    with contextlib.redirect_stdout(io.StringIO()), verb.make_context(verb.name, arguments) as context:
        verb.invoke(context)


def run_steps(steps: list[Step], *, quiet: bool) -> list[str]:
    """Run the commands one after another; one that fails leaves the others to be run, and is told in the end."""
    failures: list[str] = []
    untrained = False
    for number, step in enumerate(steps, 1):
        started = time.monotonic()
        failure = step.obstacle or ("the training failed" if untrained and step.needs_run else "")
        if not failure:
            if not quiet:
                click.echo(f"[{number}/{len(steps)}] {step.line}", err=True)
            failure = run_step(step, quiet=quiet)
        if failure:
            untrained |= step.verb == "train"
            failures.append(f"{step.line}: {failure}")
        elif not quiet:
            click.echo(f"[{number}/{len(steps)}] done in {duration(time.monotonic() - started)}", err=True)
    return failures


def run_step(step: Step, *, quiet: bool) -> str:
    """Run one command; give what went wrong, or nothing."""
    try:
        run_verb(VERBS[step.verb], [*step.arguments, *(["--quiet"] if quiet else [])])
    except click.ClickException as error:
        return error.format_message()
    except UserError as error:
        return str(error)
    return ""
