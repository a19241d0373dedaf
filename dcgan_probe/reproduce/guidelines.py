"""Trainings that test the paper's guidelines for stable networks, read from their plan.

Each training follows all guidelines, or breaks one of them. All trainings share images, length, batch and seeds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..gan import TrainConfig
from ..presets import TrainingPlan
from ..runtime import REQUIRED, Config, from_mapping, located, option
from ..storage import check_parts
from .plan_files import GUIDELINE_PARTS, at_scale, chosen_scale

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Guideline(Config):
    """Guideline of the paper, with the changes that break it."""

    name: str = option(REQUIRED, "Name, as in the names of run folders.")
    shown: str = option(REQUIRED, "Description of the change in tables.")
    broken: dict[str, Any] = field(default_factory=dict)
    """Fields of the training or the network, and their values; empty if all guidelines are followed."""

    @property
    def setting(self) -> str:
        """The changed fields as text; empty if all guidelines are followed."""
        return ", ".join(f"{name} {value}" for name, value in self.broken.items())


@dataclass(frozen=True, eq=False)
class GuidelineTraining:
    """Training that breaks one guideline or none, at one seed."""

    guideline: Guideline
    plan: TrainingPlan

    @property
    def run_name(self) -> str:
        """Name of the run folder."""
        return f"{self.guideline.name}-s{self.plan.seed}"

    def config(self, device: "torch.device") -> TrainConfig:
        """Return the config of the training; its number of channels depends on the images."""
        return self.plan.config(device)


@dataclass(frozen=True)
class GuidelinePlan:
    """Plan of the trainings at one scale, for a number of seeds."""

    name: str
    scale: str
    trainings: tuple[GuidelineTraining, ...]
    """Trainings ordered by seed, so that after an interruption the table is complete for fewer seeds."""


def guideline_plan(name: str, plan: Mapping[str, Any], scale: str | None, seeds: int) -> GuidelinePlan:
    """Return the trainings of a plan, given as parsed TOML.

    Raises
    ------
    UserError
        If the scale is unknown, or a key or a value in the plan is invalid.
    """
    check_parts(plan, GUIDELINE_PARTS, ("train", "guidelines"))
    scales = plan.get("scales", {})
    chosen = chosen_scale(scales, scale)
    with located("train"):
        shared = at_scale(plan["train"], chosen, scales)
        # One probe, at the end of training.
        base = TrainingPlan.from_mapping({"probe_every": shared.get("images"), **shared})
    trainings = []
    for seed in range(seeds):
        for number, values in enumerate(plan["guidelines"], 1):
            with located(f"guideline {number} (`[[guidelines]]`, name = {values.get('name')})"):
                guideline = from_mapping(Guideline, values)
                own = {**base.to_mapping(), **guideline.broken, "seed": seed}
                trainings.append(GuidelineTraining(guideline, TrainingPlan.from_mapping(own)))
    return GuidelinePlan(name, chosen, tuple(trainings))
