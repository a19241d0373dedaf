"""Trainings that test the paper's guidelines for stable nets, from their plan.

Each training follows all of the guidelines, or breaks one. Images, clock, batch and the seeds are the same for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from ..gan import TrainConfig
from ..images import ImageSet
from ..presets import TrainingPlan
from ..runtime import Config, from_mapping, option
from .costs import Cost, encoding_seconds, training_cost
from .table_plan import at_scale, check_keys, chosen_scale, located

KEYS = {"title", "scales", "train", "guidelines"}


@dataclass(frozen=True)
class Guideline(Config):
    """A rule of the paper, and how to break it."""

    name: str = option(help="Of the run folders.")
    shown: str = option(help="What is done in its place, as tables name it.")
    broken: dict[str, Any] = field(default_factory=dict)
    """Fields of the training or the network, and their values; empty where all guidelines are followed."""

    @property
    def setting(self) -> str:
        """The fields as one text; empty where all guidelines are followed."""
        return ", ".join(f"{name} {value}" for name, value in self.broken.items())


@dataclass(frozen=True, eq=False)
class GuidelineTraining:
    """One training, known by the guideline that it breaks and its seed."""

    guideline: Guideline
    plan: TrainingPlan

    @property
    def run_name(self) -> str:
        """Name of its run folder."""
        return f"{self.guideline.name}-s{self.plan.seed}"

    def config(self, device: torch.device) -> TrainConfig:
        """Return the config that the plan resolves to, but for the number of channels."""
        return self.plan.config(device)


def guideline_trainings(plan: Mapping[str, Any], scale: str | None, seeds: int) -> tuple[str, list[GuidelineTraining]]:
    """Return the scale and all trainings of a plan, as TOML has it.

    They come seed by seed, so that an interruption leaves whole tables of fewer seeds.

    Raises
    ------
    UserError
        If there is no such scale, or a key or a value in the plan is wrong.
    """
    check_keys(plan, KEYS)
    chosen = chosen_scale(plan.get("scales", {}), scale)
    shared = at_scale(plan["train"], chosen)
    # The probe comes once, at the end.
    base = TrainingPlan.from_mapping({"probe_every": shared.get("images"), **shared})
    trainings = []
    for seed in range(seeds):
        for values in plan["guidelines"]:
            guideline = from_mapping(Guideline, values)
            with located(f"guideline {guideline.name}"):
                trainings.append(
                    GuidelineTraining(
                        guideline, TrainingPlan.from_mapping({**base.to_mapping(), **guideline.broken, "seed": seed})
                    )
                )
    return chosen, trainings


def guideline_cost(config: TrainConfig, images: ImageSet, labels: int, rate: float, device: torch.device) -> Cost:
    """Estimate one training from the start, with the statistics and the probe after it.

    Parameters
    ----------
    images
        That train the networks.
    labels
        Images of the probe.
    rate
        Operations a second of a large product.
    """
    cost = training_cost(config, images, device)
    # The statistics of the trained and of the untrained network need a pass each over the training images.
    encoding = encoding_seconds(config.network, images, 2 * len(images) + labels, rate)
    return replace(cost, seconds=cost.seconds + encoding)
