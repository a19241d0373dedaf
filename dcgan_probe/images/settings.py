"""Names of the filters that images are resized with."""

from typing import Literal, get_args

Resample = Literal["lanczos", "box", "bicubic"]
"""Filters of the resize; ``box`` is the mean of the pixels whose centers a new pixel covers."""
RESAMPLES: tuple[Resample, ...] = get_args(Resample)
