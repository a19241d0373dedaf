"""Trials of a supervised search: one training each, kept in a file of its own as it ends.

::

    FOLDER/select-0-setting-017.npz     one trial: predictions of the rows that it is scored on, steps, seconds
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import nan
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from ..baselines import BATCH, Setting, count_steps, draw_setting, predict, train_supervised
from ..networks import NetworkConfig
from ..runtime import OnNote, OnStep, Step, derive_seed, run_tasks, single_thread
from ..storage import read_arrays, write_arrays
from .caveats import balanced_accuracy
from .choice import best_c
from .draws import Layout, Rows
from .recording import Recorder
from .records import ProbeRecord

KEPT = ("iterations", "converged", "seconds")
"""Fields of a trial that its file holds beside the predictions."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One training: its name and, once it has ended, what it gave. Nothing of its objective is measured."""

    stage: Literal["select", "report"]
    draw: int
    number: int
    """Of the setting."""
    predictions: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    """int64 (n,) of the rows that it is scored on."""
    iterations: int = 0
    """Steps of the optimizer."""
    converged: bool = False
    """Whether all weights are finite at the end of the planned length."""
    seconds: float = 0.0
    """Of training and prediction."""
    accuracy: float = nan
    objective: float = nan
    gradient_norm: float = nan
    gap: float = nan

    @property
    def status(self) -> str:
        """How the training ended."""
        return "trained" if self.converged else "diverged"

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.stage}-{self.draw}-setting-{self.number:03d}.npz"


@dataclass(frozen=True, eq=False)
class TrialData:
    """What all trials of a stage have in common; sent to each worker."""

    layout: Layout
    network: NetworkConfig
    device: torch.device
    images: np.ndarray
    """uint8 (N, channels, H, W), training images in the order of the layout."""
    scored: np.ndarray
    """uint8 (M, channels, H, W): the same, or the test images."""
    right: np.ndarray
    """int64 (M,): labels of these."""

    def setting(self, trial: Trial) -> Setting:
        """Return the setting of a trial."""
        return draw_setting(self.layout.seed, trial.number)

    def rows(self, trial: Trial) -> tuple[Rows, Rows]:
        """Return the rows of ``images`` that train a trial, and those of ``scored`` that score it."""
        if trial.stage == "select":
            return self.layout.select_rows(trial.draw)
        return self.layout.report_rows(trial.draw), slice(0, len(self.scored))

    def images_seen(self, trial: Trial) -> int:
        """Count the images that a training sees, each as often as it does."""
        return self.setting(trial).passes * len(self.layout.labels[self.rows(trial)[0]])

    def score(self, trial: Trial) -> Trial:
        """Compute the accuracy of a trial that has ended."""
        return replace(trial, accuracy=float((trial.predictions == self.right[self.rows(trial)[1]]).mean()))


def train_trial(data: TrialData, trial: Trial) -> Trial:
    """Train on one thread if on the CPU, and predict. All settings of a draw begin with the same weights."""
    started = time.perf_counter()
    setting, (trains, scores) = data.setting(trial), data.rows(trial)
    protocol, labels = data.layout.protocol, data.layout.labels[trains]
    seed = derive_seed(data.layout.seed, protocol.name, "supervised", trial.stage, trial.draw)
    images, common = data.images[trains], {"seed": seed, "classes": protocol.classes}
    with single_thread():
        network = train_supervised(images, labels, setting, data.network, device=data.device, **common)
        predictions = predict(network, data.scored[scores])
    return replace(
        trial,
        predictions=predictions,
        iterations=count_steps(len(labels), setting.passes),
        converged=all(bool(weight.isfinite().all()) for weight in network.state_dict().values()),
        seconds=time.perf_counter() - started,
    )


def train_trials(
    trials: Sequence[Trial],
    data: TrialData,
    *,
    folder: Path,
    workers: int,
    title: str,
    on_progress: OnStep,
    on_note: OnNote,
) -> list[Trial]:
    """Train the trials that the folder lacks, the longest first, so that the workers end together.

    Parameters
    ----------
    title
        Of the progress, which counts the images that trainings see.

    Raises
    ------
    UserError
        If a file of the folder is damaged, or a worker was killed.
    """
    kept = {position: read_trial(folder, trial) for position, trial in enumerate(trials)}
    ended = {position: data.score(trial) for position, trial in kept.items() if trial is not None}
    left = [position for position in kept if position not in ended]
    left.sort(key=lambda position: -data.setting(trials[position]).passes)
    lengths = [data.images_seen(trial) for trial in trials]
    before = sum(lengths[position] for position in ended)
    if ended and left:
        on_note(f"{title}: resuming at training {len(ended)} of {len(trials)}")

    def tell() -> None:
        note = f"{len(ended)} of {len(trials)} trainings"
        if ended and trials[0].stage == "select":
            number, error = best_setting(ended.values())
            note += f", best validation error so far {100 * error:.2f} % (setting {number})"
        on_progress(
            Step(title, sum(lengths[position] for position in ended), sum(lengths), "images", note, before, kept=True)
        )

    def keep(task: int, trial: Trial) -> None:
        write_trial(folder, trial)
        ended[left[task]] = data.score(trial)
        tell()

    tell()
    run_tasks(train_trial, data, [trials[position] for position in left], workers, keep)
    return [ended[position] for position in range(len(trials))]


def best_setting(trials: Iterable[Trial]) -> tuple[int, float]:
    """Return the number of the setting with the least error, mean over its trials that have ended, and that error."""
    accuracies: dict[float, list[float]] = {}
    for trial in trials:
        accuracies.setdefault(trial.number, []).append(trial.accuracy)
    best = best_c(accuracies)
    return int(best), 1.0 - sum(accuracies[best]) / len(accuracies[best])


def read_trial(folder: Path, trial: Trial) -> Trial | None:
    """Read what a trial gave; None if it has not ended.

    Raises
    ------
    UserError
        If its file is damaged.
    """
    try:
        stored = read_arrays(folder / trial.file, ("predictions", *KEPT))
    except FileNotFoundError:
        return None
    numbers = {name: stored[name].item() for name in KEPT}
    return replace(trial, predictions=stored["predictions"].astype(np.int64), **numbers)


def write_trial(folder: Path, trial: Trial) -> None:
    """Write what a trial gave, whole or not at all."""
    numbers = {name: getattr(trial, name) for name in KEPT}
    write_arrays(folder / trial.file, predictions=trial.predictions.astype(np.uint16), **numbers)


def trial_records(
    recorder: Recorder, data: TrialData, trials: Iterable[Trial], notes: Sequence[str] = ()
) -> list[ProbeRecord]:
    """Build one record a trial."""
    records = []
    for trial in trials:
        trains, scores = data.rows(trial)
        right, rows = data.right[scores], len(data.layout.labels[trains])
        records += replace(recorder, images_seen=data.images_seen(trial)).records(
            trial.stage,
            trial.draw,
            [trial],
            [trial.number],
            [trial.accuracy],
            balanced=[balanced_accuracy(trial.predictions, right)],
            rows_trained=rows,
            rows_scored=len(right),
            seconds=trial.seconds,
            options={**asdict(data.setting(trial)), "batch": min(BATCH, rows)},
            notes=notes,
        )
    return records
