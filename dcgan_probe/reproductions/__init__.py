"""Floor 6. The result tables as data: which rows, by which commands, at which sizes, and what they will cost."""

from .costs import Cost, row_costs, trained_config, training_cost
from .rows import Reproduction, Row, reproduction
from .scales import SCALE_NAMES, TABLES, Scale, ScaleName, Table

__all__ = [
    "SCALE_NAMES",
    "TABLES",
    "Cost",
    "Reproduction",
    "Row",
    "Scale",
    "ScaleName",
    "Table",
    "reproduction",
    "row_costs",
    "trained_config",
    "training_cost",
]
