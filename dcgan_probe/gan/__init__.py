"""Floor 2. Adversarial training: config, updates, checkpoints and run folders; no features and no probe."""

from .authors import RELEASED, AuthorsWeights, read_authors
from .checkpoint import load_checkpoint, save_checkpoint
from .config import TrainConfig
from .imported_run import check_sides, check_unused, save_authors
from .rehearsal import Plan, rehearse
from .run import Run, TrainedOn, latest_run
from .state import StepStatistics, TrainState, discriminator_loss, generator_loss
from .training import check_images, train
from .windows import choose_window, held_bytes

__all__ = [
    "RELEASED",
    "AuthorsWeights",
    "Plan",
    "Run",
    "StepStatistics",
    "TrainConfig",
    "TrainState",
    "TrainedOn",
    "check_images",
    "check_sides",
    "check_unused",
    "choose_window",
    "discriminator_loss",
    "generator_loss",
    "held_bytes",
    "latest_run",
    "load_checkpoint",
    "read_authors",
    "rehearse",
    "save_authors",
    "save_checkpoint",
    "train",
]
