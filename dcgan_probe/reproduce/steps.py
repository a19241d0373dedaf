"""Steps of a table or a job, run one after another; the other steps run if one fails."""

import time
import traceback
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
    """Return a context without requests to stop."""
    return nullcontext(bool)  # bool() is False


@dataclass(frozen=True)
class Watch:
    """Callbacks for the progress of steps, and for requests to stop."""

    on_step: OnStep = no_step
    """Called with the progress of each step."""
    on_note: OnNote = no_note
    """Called with notes, each a sentence."""
    stopping: Callable[[], AbstractContextManager[Callable[[], bool]]] = never_stopping
    """Return a context with a function that trainings call after each step; if it returns true, they save and end."""


@dataclass(frozen=True)
class TableStep:
    """Unit of work: a training, an import, an export or an evaluation."""

    command: str
    """Equivalent command line, for display."""
    work: Callable[[Watch], object]
    """Function that does the work."""
    cost: Cost = FREE
    """Estimated cost; 0 for steps that no plan shows."""
    verb: str = ""
    """``train``, ``import authors`` or the verb of a row."""
    makes_run: str = ""
    """Name of the run that the step makes; empty for other steps."""
    needs_run: str = ""
    """Name of the run that must exist; empty for none."""
    obstacle: str = ""
    """Reason why the step cannot run; empty if it can."""


def train_step(plan: TrainingPlan, workspace: Workspace, folder: Path, watch: Watch) -> None:
    """Train the run of a plan in a folder.

    Raises
    ------
    UserError
        If training collapses, and the plan ends it on collapse.
    """
    with watch.stopping() as should_stop:
        trained = run_training(
            plan, workspace, folder, on_step=watch.on_step, on_note=watch.on_note, should_stop=should_stop
        )
    if trained.outcome == "collapsed":
        raise UserError(f"training has collapsed; saved in {folder}")


def evaluation_step(config: EvalConfig, workspace: Workspace, watch: Watch) -> None:
    """Run the evaluation of a config, and write the tables of its protocol."""
    summary = run_evaluation(config, workspace, on_progress=watch.on_step, on_note=watch.on_note)
    write_tables(Results(workspace.results).summaries(summary.protocol), workspace.results)


def needs(steps: Sequence[TableStep]) -> str:
    """Return the total cost of steps as text."""
    seconds, disk = (sum(getattr(step.cost, name) for step in steps) for name in ("seconds", "disk_bytes"))
    memory = max(step.cost.memory_bytes for step in steps)
    return f"in about {duration(seconds)}, with {memory / 1e9:.1f} GB of memory and {disk / 1e9:.1f} GB of disk at most"


def listed(steps: Sequence[TableStep]) -> list[str]:
    """Return the lines of a plan: the cost and command of each step, followed by obstacles."""
    blocked = [step for step in steps if step.obstacle]
    return [
        "    time   memory     disk  command",
        *(
            f"{duration(step.cost.seconds):>8}  {step.cost.memory_bytes / 1e9:>4.1f} GB  "
            f"{step.cost.disk_bytes / 1e9:>4.1f} GB  {step.command}"
            for step in steps
        ),
        *(f"\nCannot run, nor can the rows that need its run: {step.command}: {step.obstacle}" for step in blocked),
    ]


def run_steps(steps: Iterable[TableStep], watch: Watch | None = None) -> list[str]:
    """Run the steps one after another.

    If a step fails, the others are run, except those that need the run of the failed step.

    Returns
    -------
    list of str
        Failures, each the command and the error; empty if all steps succeed.
    """
    planned, watch = list(steps), watch or Watch()
    failures: list[str] = []
    missing_runs: set[str] = set()
    for number, step in enumerate(planned, 1):
        place = f"[{number}/{len(planned)}]"
        failure = step.obstacle or (f"the run {step.needs_run} is missing" if step.needs_run in missing_runs else "")
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
    """Run one step; return its error, or an empty text."""
    try:
        with explained_memory():
            step.work(watch)
    except UserError as error:
        return str(error)
    except Exception as error:  # of a plugin, or a fault of the package; the other steps are still run
        watch.on_note("".join(traceback.format_exception(error)).rstrip())
        return f"{type(error).__name__}: {error}"
    return ""
