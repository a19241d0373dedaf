"""Floor 2. Adversarial training: config, updates, checkpoints, run folders and samples."""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .checkpoint import load_checkpoint as load_checkpoint, save_checkpoint as save_checkpoint
    from .class_labels import find_class as find_class, require_conditional as require_conditional
    from .collapse import Collapse as Collapse, CollapseAlarm as CollapseAlarm
    from .config import AUTHORS as AUTHORS, PIECE_BYTES as PIECE_BYTES, TrainConfig as TrainConfig
    from .image_windows import choose_window as choose_window, held_bytes as held_bytes
    from .presets import (
        PRESETS as PRESETS,
        Preset as Preset,
        PresetName as PresetName,
        preset_config as preset_config,
        preset_named as preset_named,
    )
    from .probing import Probe as Probe, check_probe as check_probe
    from .rehearsal import Plan as Plan, rehearse as rehearse
    from .released.authors import RELEASED as RELEASED, AuthorsWeights as AuthorsWeights, read_authors as read_authors
    from .released.exported_weights import export_weights as export_weights, import_weights as import_weights
    from .released.imported_run import (
        check_sides as check_sides,
        check_unused as check_unused,
        save_authors as save_authors,
    )
    from .resume_checks import check_images as check_images
    from .run import (
        Run as Run,
        TrainedOn as TrainedOn,
        latest_run as latest_run,
        named_run as named_run,
        thinned as thinned,
    )
    from .sampling import (
        Samples as Samples,
        draw_samples as draw_samples,
        generate as generate,
        numbered as numbered,
        require_room as require_room,
        sample_blocks as sample_blocks,
    )
    from .state import (
        StepStatistics as StepStatistics,
        TrainState as TrainState,
        discriminator_loss as discriminator_loss,
        generator_loss as generator_loss,
    )
    from .training import Outcome as Outcome, train as train
    from .training_memory import check_training_memory as check_training_memory

import_when_used(__name__)
