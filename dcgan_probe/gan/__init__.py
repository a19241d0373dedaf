"""Floor 2. Adversarial training: config, updates, checkpoints, run folders and samples; no features and no probe."""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .authors import RELEASED, AuthorsWeights, read_authors
    from .checkpoint import load_checkpoint, save_checkpoint
    from .checks import check_images
    from .class_labels import find_class, require_conditional
    from .collapse import Collapse, CollapseAlarm
    from .config import AUTHORS, PIECE_BYTES, TrainConfig
    from .imported_run import check_sides, check_unused, save_authors
    from .investigation import Investigation
    from .investigation_config import InvestigationConfig
    from .investigation_result import InvestigationResult
    from .pieces import read_pieces, write_pieces
    from .presets import PRESETS, Preset, PresetName, preset_config, preset_named
    from .probing import Probe, check_probe
    from .rehearsal import Plan, rehearse
    from .run import Run, TrainedOn, latest_run, named_run, thinned
    from .sample import SampleResult, sample
    from .sample_config import SampleConfig
    from .sampling import Samples, draw_samples, generate, numbered, sample_blocks
    from .sizes import check_training_memory
    from .state import StepStatistics, TrainState, discriminator_loss, generator_loss
    from .training import Outcome, train
    from .windows import choose_window, held_bytes

__all__ = [
    "AUTHORS",
    "PIECE_BYTES",
    "PRESETS",
    "RELEASED",
    "AuthorsWeights",
    "Collapse",
    "CollapseAlarm",
    "Investigation",
    "InvestigationConfig",
    "InvestigationResult",
    "Outcome",
    "Plan",
    "Preset",
    "PresetName",
    "Probe",
    "Run",
    "SampleConfig",
    "SampleResult",
    "Samples",
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
    "draw_samples",
    "find_class",
    "generate",
    "generator_loss",
    "held_bytes",
    "latest_run",
    "load_checkpoint",
    "named_run",
    "numbered",
    "preset_config",
    "preset_named",
    "read_authors",
    "read_pieces",
    "rehearse",
    "require_conditional",
    "sample",
    "sample_blocks",
    "save_authors",
    "save_checkpoint",
    "thinned",
    "train",
    "write_pieces",
]

import_when_used(__name__)
