"""Takes a scale and a number of seeds, gives the trainings that test the paper's guidelines; runs none.

Each training follows all of the guidelines, or breaks one. Images, clock, batch and the seeds are the same for all.
"""

from dataclasses import dataclass, field
from typing import Any

import torch

from ..features import discriminator_operations
from ..gan import TrainConfig
from ..images import ImageSet
from ..presets import preset_config
from ..runtime import UserError
from .costs import CONVOLUTION_SHARE, Cost, training_cost
from .scales import ScaleName


@dataclass(frozen=True, eq=False)
class Guideline:
    """A rule of the paper, and how to break it."""

    name: str
    """Of the run folders."""
    shown: str
    """What is done in its place, as tables name it."""
    broken: dict[str, Any] = field(default_factory=dict)
    """Fields of the training or the network, and their values."""

    @property
    def setting(self) -> str:
        """Give the fields as one text; empty where all guidelines are followed."""
        return ", ".join(f"{name} {value}" for name, value in self.broken.items())


BASELINE = Guideline("baseline", "all guidelines followed")
GUIDELINES = (
    BASELINE,
    Guideline("max-pooling", "max-pooling, not strides", {"resampling": "max-pool"}),
    Guideline("no-batch-norm", "no batch norm", {"norm": "none"}),
    Guideline("batch-norm-everywhere", "batch norm on every layer", {"norm": "all"}),
    Guideline("hidden-layer", "fully connected hidden layers", {"hidden": 256}),
    Guideline("relu", "ReLU in D, not LeakyReLU", {"leak": 0.0}),
    Guideline("sigmoid", "sigmoid and 0 to 1, not tanh", {"output": "sigmoid"}),
    Guideline("beta1", "Adam's beta1 0.9, not 0.5", {"beta1": 0.9}),
    Guideline("learning-rate", "learning rate 1e-3, not 2e-4", {"lr": 1e-3}),
)
"""The last two are Adam's own defaults, which the paper found unstable and too high."""


@dataclass(frozen=True)
class GuidelineScale:
    """The sizes of all trainings."""

    preset: str
    dataset: str
    """Training images."""
    images: int
    """Real images shown to D."""
    probe_dataset: str
    """Labelled set; its training split alone is read."""
    probe_labels: int
    """Labelled images: half of them fitted, half held out."""


GUIDELINE_SCALES: dict[ScaleName, GuidelineScale] = {
    "smoke": GuidelineScale("demo", "glyphs:2000", 1_280, "glyphs:2000", 400),
    "small": GuidelineScale("demo", "tiny_imagenet32", 120_000, "cifar10", 10_000),
}
"""``smoke``: that everything runs, in a minute or two. ``small``: about an hour on two cores."""


@dataclass(frozen=True, eq=False)
class GuidelineTraining:
    """One training, known by the guideline that it breaks and its seed."""

    guideline: Guideline
    seed: int
    scale: GuidelineScale

    @property
    def run_name(self) -> str:
        """Name its run folder."""
        return f"{self.guideline.name}-s{self.seed}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Give the arguments of ``train``; the probe comes once, at the end."""
        scale, images = self.scale, str(self.scale.images)
        broken = [
            part for name, value in self.guideline.broken.items() for part in (f"--{name.replace('_', '-')}", value)
        ]
        probe = ("--probe-every", images, "--probe-dataset", scale.probe_dataset, "--probe-labels", scale.probe_labels)
        chosen = ("--preset", scale.preset, "--dataset", scale.dataset, "--images", images, *broken, *probe)
        return tuple(map(str, (*chosen, "--seed", self.seed)))

    def config(self, device: torch.device) -> TrainConfig:
        """Give the config that the arguments resolve to, but for the number of channels."""
        scale = self.scale
        return preset_config(
            scale.preset,
            dataset=scale.dataset,
            device=device,
            seed=self.seed,
            images=scale.images,
            **self.guideline.broken,
        )


def guideline_trainings(scale: ScaleName, seeds: int) -> list[GuidelineTraining]:
    """Give all trainings: seed by seed, so that an interruption leaves whole tables of fewer seeds.

    Raises
    ------
    UserError
        If there is no such scale.
    """
    if scale not in GUIDELINE_SCALES:
        raise UserError(
            f"got scale {scale!r}, expected {' or '.join(GUIDELINE_SCALES)}: the paper has no table of its guidelines",
            option="scale",
        )
    sizes = GUIDELINE_SCALES[scale]
    return [GuidelineTraining(guideline, seed, sizes) for seed in range(seeds) for guideline in GUIDELINES]


def guideline_cost(config: TrainConfig, images: ImageSet, labels: int, rate: float, device: torch.device) -> Cost:
    """Give the cost of one training from the start, with what ``train`` does after it: statistics and the probe.

    Parameters
    ----------
    images
        That train the networks.
    labels
        Images of the probe.
    rate
        Operations a second of a large product.
    """
    cost = training_cost(config, images, device, 0)
    # The statistics of the trained and of the untrained network need a pass each over the training images.
    encoded = (2 * len(images) + labels) * discriminator_operations(config.network)
    return Cost(cost.seconds + encoded / (CONVOLUTION_SHARE * rate), cost.memory_bytes, cost.disk_bytes)
