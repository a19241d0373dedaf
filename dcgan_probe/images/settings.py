"""Names of the filters that images are resized with, and of the forms that they are read in."""

from typing import Literal, get_args

Resample = Literal["lanczos", "box", "bicubic"]
"""Filters of the resize; ``box`` is the mean of the pixels whose centers a new pixel covers."""
RESAMPLES: tuple[Resample, ...] = get_args(Resample)

Depth = Literal["scale"] | tuple[float, float]
"""What becomes 0 and 255: the full range of the stored type, or two numbers."""
Layout = Literal["NHWC", "NCHW", "NHW"]
"""Order of the axes of images in a file."""
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
