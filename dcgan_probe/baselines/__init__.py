"""Floor 2. What the paper compares itself with: a purely supervised network; knows no features, no protocol."""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .supervised import (
        BATCH as BATCH,
        SPACE_VERSION as SPACE_VERSION,
        Setting as Setting,
        count_steps as count_steps,
        describe_ranges as describe_ranges,
        draw_setting as draw_setting,
        predict as predict,
        train_supervised as train_supervised,
        training_rate as training_rate,
    )

import_when_used(__name__)
