"""Floor 2. Adversarial training: config, updates, checkpoints and run folders; no features and no probe."""

from .checkpoint import load_checkpoint, save_checkpoint
from .config import TrainConfig
from .rehearsal import Plan, rehearse
from .run import Run, TrainedOn, latest_run
from .state import StepStatistics, TrainState, discriminator_loss, generator_loss
from .training import check_images, train

__all__ = [
    "Plan",
    "Run",
    "StepStatistics",
    "TrainConfig",
    "TrainState",
    "TrainedOn",
    "check_images",
    "discriminator_loss",
    "generator_loss",
    "latest_run",
    "load_checkpoint",
    "rehearse",
    "save_checkpoint",
    "train",
]
