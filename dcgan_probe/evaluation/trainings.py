"""Takes planned trainings of a supervised network, makes those that are not kept yet; knows no protocol, no records."""

import time
from collections.abc import Callable, Sequence
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


def train_all(
    planned: Sequence[PlannedTraining],
    ground: Ground,
    kept: KeptFits,
    workers: int,
    on_outcome: Callable[[int, Outcome], None],
) -> list[Outcome]:
    """Give what each training gave, made now or kept from before.

    The longest begin first, so that the workers end together.

    Parameters
    ----------
    on_outcome
        Called with the number of a training among the planned ones and what it gave, first for those that were kept.
    """
    outcomes: dict[int, Outcome] = {}
    for number, plan in enumerate(planned):
        outcome = kept.read(plan.training)
        if outcome is not None:
            outcomes[number] = outcome
            on_outcome(number, outcome)
    left = [number for number in range(len(planned)) if number not in outcomes]
    left.sort(key=lambda number: -planned[number].setting.passes)

    def keep(position: int, outcome: Outcome) -> None:
        number = left[position]
        kept.write(planned[number].training, outcome)
        outcomes[number] = outcome
        on_outcome(number, outcome)

    run_tasks(train_and_predict, ground, [planned[number] for number in left], workers, keep)
    return [outcomes[number] for number in range(len(planned))]


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
