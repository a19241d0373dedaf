"""Steps that make a table or a job, one after another; one that fails leaves the others to be made."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from ..evaluation import EvalConfig, Results, run_evaluation
from ..presets import TrainingPlan, run_training
from ..report import write_tables
from ..runtime import OnNote, OnStep, UserError, Workspace, duration, explained_memory, no_note, no_step
from .costs import Cost

FREE = Cost(0.0, 0, 0)


def never_stopping() -> AbstractContextManager[Callable[[], bool]]:
    """Return a context in which nothing asks to stop."""
    return nullcontext(bool)  # bool() is False


@dataclass(frozen=True)
class Watch:
    """How steps report, and how they are told to stop."""

    on_step: OnStep = no_step
    """Called with the progress of each step."""
    on_note: OnNote = no_note
    """Called with a sentence now and then."""
    stopping: Callable[[], AbstractContextManager[Callable[[], bool]]] = never_stopping
    """Context in which a training that can save itself asks, after each of its steps, whether to do so and end."""


@dataclass(frozen=True)
class TableStep:
    """One piece of work: a training, an import, an export or an evaluation."""

    command: str
    """Command line that does the same, for people."""
    work: Callable[[Watch], object]
    """Does it."""
    cost: Cost = FREE
    """Nothing, where no plan is shown."""
    verb: str = ""
    """``train``, ``import authors`` or the verb of a row."""
    makes_run: str = ""
    """Name of the run that it makes; empty for other steps."""
    needs_run: str = ""
    """Name of the run that must be there; empty for none."""
    obstacle: str = ""
    """Why it cannot be done; empty if it can."""


def train_step(plan: TrainingPlan, workspace: Workspace, folder: Path, watch: Watch) -> None:
    """Train the run of a plan in a folder.

    Raises
    ------
    UserError
        If training has collapsed and the plan ends it then.
    """
    with watch.stopping() as should_stop:
        trained = run_training(
            plan, workspace, folder, on_step=watch.on_step, on_note=watch.on_note, should_stop=should_stop
        )
    if trained.outcome == "collapsed":
        raise UserError(f"training has collapsed; saved in {folder}")


def evaluation_step(config: EvalConfig, workspace: Workspace, watch: Watch) -> None:
    """Make the evaluation of a config, and write the tables of its protocol."""
    summary = run_evaluation(config, workspace, on_progress=watch.on_step, on_note=watch.on_note)
    write_tables(Results(workspace.results).summaries(summary.protocol), workspace.results)


def needs(steps: Sequence[TableStep]) -> str:
    """Say what all steps need together."""
    seconds, disk = (sum(getattr(step.cost, name) for step in steps) for name in ("seconds", "disk_bytes"))
    memory = max(step.cost.memory_bytes for step in steps)
    return f"in about {duration(seconds)}, with {memory / 1e9:.1f} GB of memory and {disk / 1e9:.1f} GB of disk at most"


def listed(steps: Sequence[TableStep]) -> list[str]:
    """Return the lines of a plan: a command each with its cost, then what stands in the way of some."""
    blocked = [step for step in steps if step.obstacle]
    return [
        "    time   memory     disk  command",
        *(
            f"{duration(step.cost.seconds):>8}  {step.cost.memory_bytes / 1e9:>4.1f} GB  "
            f"{step.cost.disk_bytes / 1e9:>4.1f} GB  {step.command}"
            for step in steps
        ),
        *(f"\nCannot be made, nor can the rows that need its run: {step.command}: {step.obstacle}" for step in blocked),
    ]


def run_steps(steps: Iterable[TableStep], watch: Watch | None = None) -> list[str]:
    """Do the steps one after another.

    A step that fails leaves the others to be done, but for those that need the run that it makes.

    Returns
    -------
    list of str
        What went wrong, the command first; empty if nothing did.
    """
    planned, watch = list(steps), watch or Watch()
    failures: list[str] = []
    missing_runs: set[str] = set()
    for number, step in enumerate(planned, 1):
        place = f"[{number}/{len(planned)}]"
        failure = step.obstacle or (f"there is no run {step.needs_run}" if step.needs_run in missing_runs else "")
        if not failure:
            watch.on_note(f"{place} {step.command}")
            started = time.monotonic()
            failure = _failure_of(step, watch)
            if not failure:
                watch.on_note(f"{place} done in {duration(time.monotonic() - started)}")
        if failure:
            missing_runs |= {step.makes_run} - {""}
            failures.append(f"{step.command}: {failure}")
    return failures


def _failure_of(step: TableStep, watch: Watch) -> str:
    """Do one step; return what went wrong, or nothing."""
    try:
        with explained_memory():
            step.work(watch)
    except UserError as error:
        return str(error)
    return ""
