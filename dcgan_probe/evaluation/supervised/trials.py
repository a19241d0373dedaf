"""Trials of a supervised search: single trainings, each stored in a file as it ends.

::

    FOLDER/select-0-setting-017.npz     one trial: predictions of the scored rows, steps, seconds
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import nan
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from ...linear import best_value
from ...networks import NetworkConfig
from ...runtime import OnNote, OnStep, Step, derive_seed, run_tasks, single_thread
from ...storage import read_arrays, write_arrays
from ..draws import Layout, Rows
from ..recording import Recorder
from ..records import ProbeRecord
from .training import BATCH, Setting, count_steps, draw_setting, predict, train_supervised

NUMBERS = ("iterations", "converged", "seconds")
"""Fields of a trial in its file, in addition to the predictions."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A training and, once finished, its outcome."""

    stage: Literal["select", "report"]
    draw: int
    number: int
    """Number of the setting."""
    predictions: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    """int64 (n,): predicted labels of the scored rows."""
    iterations: int = 0
    """Steps of the optimizer."""
    converged: bool = False
    """Whether all weights are finite after the planned number of steps."""
    seconds: float = 0.0
    """Time of training and prediction."""

    objective = gradient_norm = gap = nan  # not measured

    @property
    def status(self) -> str:
        """``trained``, or ``diverged`` if a weight is not finite."""
        return "trained" if self.converged else "diverged"

    @property
    def file(self) -> str:
        """Name of the trial's file."""
        return f"{self.stage}-{self.draw}-setting-{self.number:03d}.npz"


@dataclass(frozen=True, eq=False)
class TrialData:
    """Images, rows and network of all trials of a stage, sent to each worker."""

    layout: Layout
    network: NetworkConfig
    device: torch.device
    folder: Path
    """Folder of the trials' files."""
    images: np.ndarray
    """uint8 (N, channels, H, W): training images in the order of the layout."""
    scored: np.ndarray
    """uint8 (M, channels, H, W): images to score on, which are ``images`` or the test images."""
    right: np.ndarray
    """int64 (M,): labels of ``scored``."""

    def setting(self, trial: Trial) -> Setting:
        """Return the setting of a trial."""
        return draw_setting(self.layout.seed, trial.number)

    def rows(self, trial: Trial) -> tuple[Rows, Rows]:
        """Return the rows of ``images`` that train a trial, and the rows of ``scored`` that score it."""
        if trial.stage == "select":
            return self.layout.select_rows(trial.draw)
        return self.layout.report_rows(trial.draw), slice(0, len(self.scored))

    def images_seen(self, trial: Trial) -> int:
        """Return the number of images seen in a training, counting repetitions."""
        return self.setting(trial).passes * len(self.layout.labels[self.rows(trial)[0]])

    def accuracy(self, trial: Trial) -> float:
        """Compute the accuracy of a finished trial."""
        return float((trial.predictions == self.right[self.rows(trial)[1]]).mean())

    def best_setting(self, trials: Iterable[Trial]) -> tuple[int, float]:
        """Return the number of the setting with the least mean error over its trials, and that error."""
        accuracies: dict[float, list[float]] = {}
        for trial in trials:
            accuracies.setdefault(trial.number, []).append(self.accuracy(trial))
        best = best_value(accuracies)
        return int(best), 1.0 - sum(accuracies[best]) / len(accuracies[best])

    def read(self, trial: Trial) -> Trial | None:
        """Read the outcome of a trial, None if it is not finished; raise ``UserError`` if its file is damaged."""
        try:
            stored = read_arrays(self.folder / trial.file, ("predictions", *NUMBERS))
        except FileNotFoundError:
            return None
        numbers = {name: stored[name].item() for name in NUMBERS}
        return replace(trial, predictions=stored["predictions"].astype(np.int64), **numbers)

    def records(self, recorder: Recorder, trials: Iterable[Trial], notes: Sequence[str] = ()) -> list[ProbeRecord]:
        """Build one record per trial."""
        records = []
        for trial in trials:
            trains, scores = self.rows(trial)
            rows = len(self.layout.labels[trains])
            records += replace(recorder, images_seen=self.images_seen(trial)).records(
                trial.stage,
                trial.draw,
                [trial],
                [trial.number],
                trial.predictions[np.newaxis],
                self.right[scores],
                rows_trained=rows,
                seconds=trial.seconds,
                options={**asdict(self.setting(trial)), "batch": min(BATCH, rows)},
                notes=notes,
            )
        return records


def train_trial(data: TrialData, trial: Trial) -> Trial:
    """Train, predict, and write the trial's file; on the CPU, with one thread.

    All settings of a draw start from the same weights.
    """
    started = time.perf_counter()
    setting, (trains, scores) = data.setting(trial), data.rows(trial)
    protocol, labels = data.layout.protocol, data.layout.labels[trains]
    seed = derive_seed(data.layout.seed, protocol.name, "supervised", trial.stage, trial.draw)
    images, common = data.images[trains], {"seed": seed, "classes": protocol.classes}
    with single_thread():
        network = train_supervised(images, labels, setting, data.network, device=data.device, **common)
        predictions = predict(network, data.scored[scores])
    numbers: dict[str, Any] = {
        "iterations": count_steps(len(labels), setting.passes),
        "converged": all(bool(weight.isfinite().all()) for weight in network.state_dict().values()),
        "seconds": time.perf_counter() - started,
    }
    write_arrays(data.folder / trial.file, predictions=predictions.astype(np.uint16), **numbers)
    return replace(trial, predictions=predictions, **numbers)


def train_trials(
    trials: Sequence[Trial], data: TrialData, *, workers: int, title: str, on_progress: OnStep, on_note: OnNote
) -> list[Trial]:
    """Train the trials without a file, the longest first, so that the workers finish together.

    Progress is reported under ``title`` and counts the images seen.

    Raises
    ------
    UserError
        If a file is damaged, or a worker was killed.
    """
    lengths = {trial.file: data.images_seen(trial) for trial in trials}
    ended = {trial.file: kept for trial in trials if (kept := data.read(trial)) is not None}
    left = [trial for trial in trials if trial.file not in ended]
    left.sort(key=lambda trial: -lengths[trial.file])
    before = sum(lengths[file] for file in ended)
    if ended and left:
        on_note(f"{title}: resuming at training {len(ended)} of {len(trials)}")

    def show() -> None:
        note = f"{len(ended)} of {len(trials)} trainings"
        if ended and trials[0].stage == "select":
            number, error = data.best_setting(ended.values())
            note += f", best validation error so far {100 * error:.2f} % (setting {number})"
        done = sum(lengths[file] for file in ended)
        on_progress(Step(title, done, sum(lengths.values()), "images", note, before, kept=True))

    def end(_: int, trial: Trial) -> None:
        ended[trial.file] = trial
        show()

    show()
    run_tasks(train_trial, data, left, workers, end)
    return [ended[trial.file] for trial in trials]
