"""Floor 2. What the paper compares itself with: a purely supervised network; knows no features, no protocol."""

from .settings import SPACE_VERSION, Setting, describe_ranges, draw_setting
from .supervised import (
    BATCH,
    SupervisedNetwork,
    build_supervised,
    count_steps,
    estimate_statistics,
    predict,
    supervised_step,
    train_supervised,
)

__all__ = [
    "BATCH",
    "SPACE_VERSION",
    "Setting",
    "SupervisedNetwork",
    "build_supervised",
    "count_steps",
    "describe_ranges",
    "draw_setting",
    "estimate_statistics",
    "predict",
    "supervised_step",
    "train_supervised",
]
