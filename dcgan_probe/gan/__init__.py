"""Floor 2. Adversarial training: config, updates, checkpoints and run folders; no features and no probe."""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .authors import RELEASED, AuthorsWeights, read_authors
    from .checkpoint import load_checkpoint, save_checkpoint
    from .checks import check_images
    from .collapse import Collapse, CollapseAlarm
    from .config import AUTHORS, PIECE_BYTES, TrainConfig
    from .imported_run import check_sides, check_unused, save_authors
    from .pieces import read_pieces, write_pieces
    from .probing import Probe, check_probe
    from .rehearsal import Plan, rehearse
    from .run import Run, TrainedOn, latest_run, thinned
    from .sizes import check_training_memory
    from .state import StepStatistics, TrainState, discriminator_loss, generator_loss
    from .training import Outcome, train
    from .windows import choose_window, held_bytes

__all__ = [
    "AUTHORS",
    "PIECE_BYTES",
    "RELEASED",
    "AuthorsWeights",
    "Collapse",
    "CollapseAlarm",
    "Outcome",
    "Plan",
    "Probe",
    "Run",
    "StepStatistics",
    "TrainConfig",
    "TrainState",
    "TrainedOn",
    "check_images",
    "check_probe",
    "check_sides",
    "check_training_memory",
    "check_unused",
    "choose_window",
    "discriminator_loss",
    "generator_loss",
    "held_bytes",
    "latest_run",
    "load_checkpoint",
    "read_authors",
    "read_pieces",
    "rehearse",
    "save_authors",
    "save_checkpoint",
    "thinned",
    "train",
    "write_pieces",
]

import_when_used(__name__)
