"""Floor 6. The result tables as data: which rows, by which commands, at which sizes, and what they will cost."""

from .costs import Cost, row_costs, trained_config, training_cost
from .guideline_runs import guideline_run, images_seen, last_samples
from .guidelines import GUIDELINES, GuidelineTraining, guideline_cost, guideline_trainings
from .rows import Reproduction, Row, reproduction
from .scales import SCALE_NAMES, TABLES, Scale, ScaleName, Table

__all__ = [
    "GUIDELINES",
    "SCALE_NAMES",
    "TABLES",
    "Cost",
    "GuidelineTraining",
    "Reproduction",
    "Row",
    "Scale",
    "ScaleName",
    "Table",
    "guideline_cost",
    "guideline_run",
    "guideline_trainings",
    "images_seen",
    "last_samples",
    "reproduction",
    "row_costs",
    "trained_config",
    "training_cost",
]
