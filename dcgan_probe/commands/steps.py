"""Takes commands of other verbs, gives their plan and runs them one after another; knows no table."""

import contextlib
import io
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

import click

from ..images import ImageSet, load_images
from ..reproductions import Cost
from ..runtime import UserError
from .errors import explained_memory
from .progress import duration
from .signals import StopSignals
from .verbs.eval_supervised import eval_supervised_command
from .verbs.eval_svm import eval_svm_command
from .verbs.export_run import export_run_command
from .verbs.import_authors import import_authors_command
from .verbs.train import train_command

VERBS: dict[str, click.Command] = {
    "train": train_command,
    "eval-svm": eval_svm_command,
    "eval-supervised": eval_supervised_command,
    "export-run": export_run_command,
    "import-authors": import_authors_command,
}
RECORDING = ("eval-svm", "eval-supervised")
"""Verbs that write records."""


FREE = Cost(0.0, 0, 0)


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

    def load_unlabelled(self, dataset: str) -> ImageSet:
        """Load images that train networks.

        Raises
        ------
        UserError
            If the images are missing; the message gives the command that makes them from a folder.
        """
        try:
            return self.load(dataset, "train")
        except UserError as error:
            path = self.data_dir / f"{dataset}_train.h5"
            # The file of the published results was box-averaged.
            resample = " --resample box" if dataset == "tiny_imagenet32" else ""
            how = f"From a folder of images: dcgan-probe prepare FOLDER --size 32{resample} --out {path}"
            raise UserError(f"{error}. {how}", option=error.option) from error

    def arguments(self, verb: str) -> list[str]:
        """Give the options that a command needs beside its own, so that it does the same when typed alone."""
        folders = [("--runs", self.runs, Path("runs")), ("--data-dir", self.data_dir, Path("data"))]
        folders += [("--results", self.results, Path("results"))] if verb in RECORDING else []
        paths = [part for option, path, usual in folders if path != usual for part in (option, str(path))]
        device = [] if self.device == "auto" else ["--device", self.device]
        return [*paths, *device, *([] if self.download else ["--no-download"])]


@dataclass(frozen=True)
class Step:
    """One command to run."""

    verb: str
    arguments: tuple[str, ...]
    cost: Cost = FREE
    """Nothing, where no plan is shown."""
    makes_run: str = ""
    """Name of the run that it trains or imports; empty for other steps."""
    needs_run: str = ""
    """Name of the run that must be there; empty for none."""
    obstacle: str = ""
    """Why it cannot be run; empty if it can."""

    @property
    def line(self) -> str:
        """Give it as a shell takes it."""
        return shlex.join(["dcgan-probe", self.verb, *self.arguments])


def needs(steps: list[Step]) -> str:
    """Say what all steps need together."""
    seconds, disk = (sum(getattr(step.cost, name) for step in steps) for name in ("seconds", "disk_bytes"))
    memory = max(step.cost.memory_bytes for step in steps)
    return f"in about {duration(seconds)}, with {memory / 1e9:.1f} GB of memory and {disk / 1e9:.1f} GB of disk at most"


def listed(steps: list[Step]) -> list[str]:
    """Give the lines of the plan: a command each with its cost, then what stands in the way of some."""
    blocked = [step for step in steps if step.obstacle]
    return [
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
    missing_runs: set[str] = set()
    for number, step in enumerate(steps, 1):
        started = time.monotonic()
        failure = step.obstacle or (f"there is no run {step.needs_run}" if step.needs_run in missing_runs else "")
        if not failure:
            if not quiet:
                click.echo(f"[{number}/{len(steps)}] {step.line}", err=True)
            failure = run_step(step, quiet=quiet)
        if not failure:
            StopSignals.keep()
        if failure:
            missing_runs |= {step.makes_run} - {""}
            failures.append(f"{step.line}: {failure}")
        elif not quiet:
            click.echo(f"[{number}/{len(steps)}] done in {duration(time.monotonic() - started)}", err=True)
    return failures


def run_step(step: Step, *, quiet: bool) -> str:
    """Run one command; give what went wrong, or nothing."""
    try:
        with explained_memory():
            run_verb(VERBS[step.verb], [*step.arguments, *(["--quiet"] if quiet else [])])
    except click.ClickException as error:
        return error.format_message()
    except UserError as error:
        return str(error)
    return ""
