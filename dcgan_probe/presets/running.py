"""Trainings from plans: images, config, probe, training and batch-norm statistics in one call."""

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
    """Ignore the row: the default callback."""


@dataclass(frozen=True)
class TrainedRun:
    """Run and outcome of a training."""

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
    """Train or resume the run of a plan, and store the batch-norm statistics that its features need.

    Parameters
    ----------
    folder
        Run folder; by default ``default_run_name`` in the workspace's ``runs``.
    ranks
        Processes that train together, each of which calls this function.
    command
        Command line for the run's record, by default that of the plan.
    on_step
        Called with the progress of the training and of the statistics.
    on_tick
        Called every few seconds with the row that is written to ``stats.jsonl``.
    on_note
        Called with a sentence if the run is resumed or its images are read in windows.
    should_stop
        Called after each step and each block of the statistics; if it returns True, the run is saved as
        ``interrupted``.

    Raises
    ------
    UserError
        If images are missing or do not fit the network, or the folder holds another run; and as for ``gan.train``.
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
    """Describe the training of a plan and its cost, JSON-compatible, without downloads or writes.

    Raises
    ------
    UserError
        As for ``run_training``, before the first step.
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
    """Return the name of a run folder: image set, preset, changes of the preset, and seed.

    Parameters
    ----------
    config
        Config to which the plan resolves.
    """
    name = shortened(re.sub(r"[^\w.-]+", "-", Path(plan.dataset).name.removesuffix(".h5")) or "images")
    preset = config.preset.partition(" ")[0]
    changed = [_in_a_name(field.replace("_", ""), value) for field, value in plan.changes.items()]
    return "-".join([name, preset, *changed, f"s{plan.seed}"])


def _in_a_name(field: str, value: Any) -> str:
    """Format a field and its value as part of a folder's name; a switch has no value."""
    if isinstance(value, bool):
        return field if value else f"no{field}"
    return field + (".".join(map(str, value)) if isinstance(value, tuple) else str(value))


@dataclass(frozen=True)
class ReadyTraining:
    """Checked training with its images, config and probe, before the first step."""

    config: TrainConfig
    images: ImageSet
    run: Run
    probe: Probe | None
    device: torch.device

    def keep_statistics(self, ranks: Ranks, on_step: OnStep, should_stop: Callable[[], bool]) -> bool:
        """Store the batch-norm statistics of the trained and the untrained discriminator in the run.

        Features of the run can then be extracted without its training images. Runs without features have no statistics:
        those of a conditional network, and those that keep their best state but have no probe result yet.

        Returns
        -------
        bool
            False if ``should_stop`` returned True.
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
    """Signal that ends the estimation of statistics early."""


def ready_training(
    plan: TrainingPlan,
    workspace: Workspace,
    folder: str | Path | None = None,
    *,
    ranks: Ranks = ALONE,
    on_note: OnNote = no_note,
) -> ReadyTraining:
    """Load the images of a plan, resolve its config, build its probe, and check that they match.

    Raises
    ------
    UserError
        As for ``run_training``, before the first step.
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
    """Set channels, classes of a conditional network and window from the images, and check the config."""
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
    """Build the probe of a plan."""
    try:
        labeled = load(plan.probe_dataset)
    except UserError as error:  # the message is right, but the parameter has another name here
        raise UserError(str(error), parameter="probe_dataset") from error
    return TrainingProbe(labeled, plan.probe_labels, network=config.network, unlabeled=images, device=device)


class TrainingSteps:
    """Progress of one training, with its losses, its last probe accuracy and the collapse alarm."""

    def __init__(self, run: Run, total: int, on_step: OnStep, on_note: OnNote, on_tick: OnTick = no_tick):
        self._run, self._total, self._on_step, self._on_note, self._on_tick = run, total, on_step, on_note, on_tick
        self._before, self._probe = 0, ""

    def resume(self, position: int) -> None:
        """Report that the run is resumed after ``position`` images."""
        self._on_note(f"{self._run.folder}: resuming at {position:,} of {self._total:,} images")
        self._before = position
        self._step(position)

    def tick(self, row: dict[str, Any]) -> None:
        """Report a row of the training statistics."""
        if row["probe_accuracy"] is not None:
            self._probe = f" probe {row['probe_accuracy']:.1%}"
        alarm = "" if row["collapsed_since"] is None else f" COLLAPSED since {row['collapsed_since']:,}"
        losses = f"D {row['d_loss']:.2f} G {row['g_loss']:.2f} D(x) {row['d_real']:.2f}"
        self._step(row["images_seen"], losses + self._probe + alarm)
        self._on_tick(row)

    def _step(self, seen: int, note: str = "") -> None:
        self._on_step(Step(f"train {self._run.folder}", seen, self._total, "images", note, self._before, kept=True))
