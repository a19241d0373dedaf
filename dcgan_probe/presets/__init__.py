"""Floor 5. Trainings from plans: a preset and its changes, resolved, checked and run."""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .running import (
        TrainedRun as TrainedRun,
        default_run_name as default_run_name,
        describe_training as describe_training,
        run_training as run_training,
    )
    from .training_plan import Changes as Changes, TrainingPlan as TrainingPlan

import_when_used(__name__)
