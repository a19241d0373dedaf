"""Floor 6. Result tables and larger trainings as data: which commands, at which sizes, and what they will cost."""

from .costs import Cost, import_cost, row_costs, trained_config, training_cost
from .guideline_runs import check_guideline_run, guideline_run, images_seen, last_samples
from .guidelines import GUIDELINES, GuidelineTraining, guideline_cost, guideline_trainings
from .jobs import JOBS, Job
from .released_rows import ReleasedNet
from .rows import Reproduction, Row, reproduction
from .scales import SCALE_NAMES, TABLES, Scale, ScaleName, Table

__all__ = [
    "GUIDELINES",
    "JOBS",
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
]
