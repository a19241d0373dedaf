"""Trainings from their plans: images, config, probe, training and batch-norm statistics in one call."""

import math
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ..evaluation import TrainingProbe
from ..features import run_encoder
from ..gan import (
    Outcome,
    Probe,
    Run,
    TrainConfig,
    check_images,
    check_probe,
    choose_window,
    held_bytes,
    preset_named,
    rehearse,
    train,
)
from ..images import ImageSet, load_images
from ..runtime import (
    ALONE,
    OnNote,
    OnStep,
    Ranks,
    Step,
    UserError,
    Workspace,
    no_note,
    no_step,
    rank_device,
    require_instance,
)
from ..storage import shortened
from .training_plan import TrainingPlan

OnTick = Callable[[dict[str, Any]], None]


def no_tick(row: dict[str, Any]) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class TrainedRun:
    """A run, and how its training ended."""

    run: Run
    outcome: Outcome


def run_training(
    plan: TrainingPlan,
    workspace: Workspace | None = None,
    folder: str | Path | None = None,
    *,
    ranks: Ranks = ALONE,
    command: Sequence[str] = (),
    on_step: OnStep = no_step,
    on_tick: OnTick = no_tick,
    on_note: OnNote = no_note,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainedRun:
    """Train the run of a plan, or resume it, and keep the batch-norm statistics that its features need.

    Parameters
    ----------
    folder
        The run folder; by default the folder ``default_run_name`` in the workspace's ``runs``.
    ranks
        The processes that train together, of which each calls this function.
    command
        The command line, for the run's record; that of the plan by default.
    on_step
        Called with the progress of the training and of the statistics.
    on_tick
        Called every few seconds with the row that goes into ``stats.jsonl``.
    on_note
        Called with a sentence where the run is resumed or its images are read in windows.
    should_stop
        Asked after each step and block of the statistics; if true, the run is saved as ``interrupted``.

    Raises
    ------
    UserError
        If images are missing or do not fit the network, or the folder holds another run; and as ``gan.train``.
    """
    require_instance(plan, TrainingPlan, "plan")
    place = workspace or Workspace()
    ready = ready_training(plan, place, folder, ranks=ranks, on_note=on_note)
    config, run = ready.config, ready.run
    steps = TrainingSteps(run, config.images, on_step, on_note, on_tick)
    outcome = train(
        config,
        ready.images,
        run.folder,
        device=ready.device,
        ranks=ranks,
        command=list(command) or shlex.split(plan.to_command(place, run.folder)),
        on_tick=steps.tick,
        on_resume=steps.resume,
        should_stop=should_stop,
        time_limit=math.inf if plan.time_limit is None else plan.time_limit,
        probe=ready.probe,
        stop_on_collapse=plan.stop_on_collapse,
        deterministic=plan.deterministic,
    )
    if outcome not in ("interrupted", "collapsed") and not ready.keep_statistics(ranks, on_step, should_stop):
        outcome = "interrupted"
    return TrainedRun(run, outcome)


def describe_training(
    plan: TrainingPlan,
    workspace: Workspace | None = None,
    folder: str | Path | None = None,
    *,
    on_note: OnNote = no_note,
) -> dict[str, Any]:
    """Describe, as JSON has it, what the training of a plan does and needs; nothing is downloaded or written.

    Raises
    ------
    UserError
        As ``run_training``, before the first step.
    """
    ready = ready_training(plan, replace(workspace or Workspace(), download=False), folder, on_note=on_note)
    config, preset = ready.config, preset_named(ready.config.preset.partition(" ")[0])
    expected = rehearse(config, ready.device, held_bytes(ready.images, config.window))
    return {
        "run": str(ready.run.folder),
        "exists": ready.run.exists,
        "config": config.to_dict(),
        "source": preset.source,
        "should_give": preset.expected,
        "expects": {name: round(value) for name, value in asdict(expected).items()},
    }


def default_run_name(plan: TrainingPlan, config: TrainConfig) -> str:
    """Return the name of a run folder: image set, preset, what differs from the preset, seed.

    Parameters
    ----------
    config
        The config that the plan resolves to.
    """
    name = shortened(re.sub(r"[^\w.-]+", "-", Path(plan.dataset).name.removesuffix(".h5")) or "images")
    preset = config.preset.partition(" ")[0]
    changed = [_in_a_name(field.replace("_", ""), value) for field, value in plan.changes.items()]
    return "-".join([name, preset, *changed, f"s{plan.seed}"])


def _in_a_name(field: str, value: Any) -> str:
    """Write a field and its value as a part of a folder's name; a flag's own name suffices."""
    if isinstance(value, bool):
        return field if value else f"no{field}"
    return field + (".".join(map(str, value)) if isinstance(value, tuple) else str(value))


@dataclass(frozen=True)
class ReadyTraining:
    """A training with its images, config and probe, checked, before the first step."""

    config: TrainConfig
    images: ImageSet
    run: Run
    probe: Probe | None
    device: torch.device

    def keep_statistics(self, ranks: Ranks, on_step: OnStep, should_stop: Callable[[], bool]) -> bool:
        """Keep the batch-norm statistics of the trained and the untrained discriminator in the run.

        The run then has features without its training images. A conditional network has none, and a run that keeps its
        best state needs a probe first.

        Returns
        -------
        bool
            False if the work was stopped.
        """
        if self.config.network.classes or (self.config.keep == "best" and not self.run.best_path.exists()):
            return True
        for features in ("dcgan", "random"):
            try:
                run_encoder(
                    self.run,
                    features,
                    training_images=lambda: self.images,
                    device=self.device,
                    ranks=ranks,
                    on_progress=partial(self._advance, features, on_step, should_stop),
                )
            except StoppedError:
                return False
        return True

    def _advance(self, features: str, on_step: OnStep, should_stop: Callable[[], bool], done: int) -> None:
        on_step(Step(f"batch-norm statistics of {features}", done, len(self.images), "images"))
        if should_stop():
            raise StoppedError


class StoppedError(Exception):
    """The end of statistics that were asked to stop."""


def ready_training(
    plan: TrainingPlan,
    workspace: Workspace,
    folder: str | Path | None = None,
    *,
    ranks: Ranks = ALONE,
    on_note: OnNote = no_note,
) -> ReadyTraining:
    """Load the images of a plan, resolve its config with them, make its probe, and check all of them together.

    Raises
    ------
    UserError
        As ``run_training``, before the first step.
    """
    device = rank_device(workspace.device)
    load = partial(load_images, split="train", data_dir=workspace.data_dir, download=workspace.download)
    config = ranks.from_first(partial(plan.config, device))
    run = Run(workspace.runs / default_run_name(plan, config) if folder is None else folder)
    images = ranks.after_first(partial(load, plan.dataset))
    config = ranks.from_first(partial(_config_of_images, plan, config, images, run, ranks.size, on_note))
    probe = None
    if plan.probe_every is not None:
        measure = ranks.after_first(partial(_training_probe, plan, load, config, images, device))
        probe = Probe(measure, plan.probe_every, measure.description)
    ranks.from_first(partial(check_probe, config, probe))
    return ReadyTraining(config, images, run, probe, device)


def _config_of_images(
    plan: TrainingPlan, config: TrainConfig, images: ImageSet, run: Run, copies: int, on_note: OnNote
) -> TrainConfig:
    """Fill in what the images decide: channels, classes of a conditional network, and the window; check the result."""
    changes: dict[str, Any] = {} if plan.nc is not None else {"nc": images.channels}
    if config.network.classes and plan.classes is None:
        changes["classes"] = images.classes
    window = config.window
    if plan.window is None and run.exists:
        window = run.config.window
    elif plan.window is None:
        window = choose_window(images, copies)
        if window:
            on_note(f"{images.name} does not fit into memory: read in windows of {window:,} images")
    config = replace(config, network=replace(config.network, **changes), window=window)
    check_images(config, images)
    return config


def _training_probe(
    plan: TrainingPlan,
    load: Callable[[str], ImageSet],
    config: TrainConfig,
    images: ImageSet,
    device: torch.device,
) -> TrainingProbe:
    """Make the probe of a plan."""
    try:
        labelled = load(plan.probe_dataset)
    except UserError as error:  # the same words are about another parameter here
        raise UserError(str(error), parameter="probe_dataset") from error
    return TrainingProbe(labelled, plan.probe_labels, network=config.network, unlabelled=images, device=device)


class TrainingSteps:
    """Progress of one training, with its losses, its last probe and the alarm of a collapse."""

    def __init__(self, run: Run, total: int, on_step: OnStep, on_note: OnNote, on_tick: OnTick = no_tick):
        self._run, self._total, self._on_step, self._on_note, self._on_tick = run, total, on_step, on_note, on_tick
        self._before, self._probe = 0, ""

    def resume(self, position: int) -> None:
        """Report that ``position`` images were seen before."""
        self._on_note(f"{self._run.folder}: resuming at {position:,} of {self._total:,} images")
        self._before = position
        self._step(position)

    def tick(self, row: dict[str, Any]) -> None:
        """Report a row of the statistics."""
        if row["probe_accuracy"] is not None:
            self._probe = f" probe {row['probe_accuracy']:.1%}"
        alarm = "" if row["collapsed_since"] is None else f" COLLAPSED since {row['collapsed_since']:,}"
        losses = f"D {row['d_loss']:.2f} G {row['g_loss']:.2f} D(x) {row['d_real']:.2f}"
        self._step(row["images_seen"], losses + self._probe + alarm)
        self._on_tick(row)

    def _step(self, seen: int, note: str = "") -> None:
        self._on_step(Step(f"train {self._run.folder}", seen, self._total, "images", note, self._before, kept=True))
