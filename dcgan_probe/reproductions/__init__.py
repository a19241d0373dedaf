"""Floor 6. Result tables and larger trainings as data: which commands, at which sizes, and what they will cost."""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .costs import (
        Cost,
        TrainingSize,
        import_cost,
        row_costs,
        trained_config,
        training_cost,
        training_product_rate,
        training_size,
    )
    from .guideline_runs import check_guideline_run, guideline_run, images_seen, last_samples
    from .guidelines import GUIDELINES, GuidelineTraining, guideline_cost, guideline_trainings
    from .jobs import JOBS, PARTS, Job
    from .released_rows import ReleasedNet
    from .rows import Reproduction, Row, reproduction
    from .scales import SCALE_NAMES, TABLES, Scale, ScaleName, Table

__all__ = [
    "GUIDELINES",
    "JOBS",
    "PARTS",
    "SCALE_NAMES",
    "TABLES",
    "Cost",
    "GuidelineTraining",
    "Job",
    "ReleasedNet",
    "Reproduction",
    "Row",
    "Scale",
    "ScaleName",
    "Table",
    "TrainingSize",
    "check_guideline_run",
    "guideline_cost",
    "guideline_run",
    "guideline_trainings",
    "images_seen",
    "import_cost",
    "last_samples",
    "reproduction",
    "row_costs",
    "trained_config",
    "training_cost",
    "training_product_rate",
    "training_size",
]

import_when_used(__name__)
