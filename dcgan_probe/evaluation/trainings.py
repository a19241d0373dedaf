"""Takes planned trainings of a supervised network, makes those that are not kept; knows no protocol."""

import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..baselines import Setting, count_steps, predict, train_supervised
from ..networks import NetworkConfig
from ..runtime import run_tasks, single_thread
from .draws import Rows
from .kept_fits import KeptFits, Outcome, Training


@dataclass(frozen=True, eq=False)
class Ground:
    """What all trainings of a stage have in common; sent to each worker."""

    images: np.ndarray
    """uint8 (N, channels, H, W) that rows to train on are taken from."""
    labels: np.ndarray
    """int64 (N,)."""
    scored: np.ndarray
    """uint8 (M, channels, H, W) that rows to score are taken from."""
    classes: int
    network: NetworkConfig
    device: torch.device


@dataclass(frozen=True, eq=False)
class PlannedTraining:
    """One training: its name, and all that decides its numbers beside the ground."""

    training: Training
    setting: Setting
    seed: int
    trains: Rows
    scores: Rows


def read_kept(planned: Sequence[PlannedTraining], kept: KeptFits) -> dict[int, Outcome]:
    """Give what those of the planned trainings gave that were made before, by their number among the planned ones."""
    found = {number: kept.read(plan.training) for number, plan in enumerate(planned)}
    return {number: outcome for number, outcome in found.items() if outcome is not None}


def train_rest(
    planned: Sequence[PlannedTraining],
    done: Container[int],
    ground: Ground,
    workers: int,
    on_outcome: Callable[[int, Outcome], None],
) -> None:
    """Make the trainings whose numbers are not among the ``done`` ones, the longest first: the workers end together.

    Parameters
    ----------
    on_outcome
        Called with the number of each training and what it gave, as it ends.
    """
    left = [number for number in range(len(planned)) if number not in done]
    left.sort(key=lambda number: -planned[number].setting.passes)
    tasks = [planned[number] for number in left]
    run_tasks(train_and_predict, ground, tasks, workers, lambda place, outcome: on_outcome(left[place], outcome))


def train_and_predict(ground: Ground, plan: PlannedTraining) -> Outcome:
    """Make one training, on one thread if on the CPU, and predict the rows that it is scored on."""
    started = time.perf_counter()
    labels = ground.labels[plan.trains]
    with single_thread():
        network = train_supervised(
            ground.images[plan.trains],
            labels,
            plan.setting,
            ground.network,
            classes=ground.classes,
            seed=plan.seed,
            device=ground.device,
        )
        predictions = predict(network, ground.scored[plan.scores])
    return Outcome(
        predictions=predictions,
        iterations=count_steps(len(labels), plan.setting.passes),
        converged=all(bool(weight.isfinite().all()) for weight in network.state_dict().values()),
        seconds=time.perf_counter() - started,
    )
