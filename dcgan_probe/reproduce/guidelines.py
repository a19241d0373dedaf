"""Trainings that test the paper's guidelines for stable nets, from their plan.

Each training follows all of the guidelines, or breaks one. Images, clock, batch and the seeds are the same for all.
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
    """A rule of the paper, and how to break it."""

    name: str = option(REQUIRED, "Of the run folders.")
    shown: str = option(REQUIRED, "What is done in its place, as tables name it.")
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

    def config(self, device: "torch.device") -> TrainConfig:
        """Return the config that the plan resolves to, but for the number of channels."""
        return self.plan.config(device)


@dataclass(frozen=True)
class GuidelinePlan:
    """A plan of trainings at one scale, for some seeds."""

    name: str
    scale: str
    trainings: tuple[GuidelineTraining, ...]
    """Seed by seed, so that an interruption leaves whole tables of fewer seeds."""


def guideline_plan(name: str, plan: Mapping[str, Any], scale: str | None, seeds: int) -> GuidelinePlan:
    """Return all trainings of a plan, as TOML has it.

    Raises
    ------
    UserError
        If there is no such scale, or a key or a value in the plan is wrong.
    """
    check_parts(plan, GUIDELINE_PARTS, ("train", "guidelines"))
    scales = plan.get("scales", {})
    chosen = chosen_scale(scales, scale)
    with located("train"):
        shared = at_scale(plan["train"], chosen, scales)
        # The probe comes once, at the end.
        base = TrainingPlan.from_mapping({"probe_every": shared.get("images"), **shared})
    trainings = []
    for seed in range(seeds):
        for number, values in enumerate(plan["guidelines"], 1):
            with located(f"guideline {number} (`[[guidelines]]`, name = {values.get('name')})"):
                guideline = from_mapping(Guideline, values)
                own = {**base.to_mapping(), **guideline.broken, "seed": seed}
                trainings.append(GuidelineTraining(guideline, TrainingPlan.from_mapping(own)))
    return GuidelinePlan(name, chosen, tuple(trainings))
