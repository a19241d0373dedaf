"""Names of interpolations of z, and of rules of backpropagation."""

from typing import Literal

Interpolation = Literal["linear", "spherical"]
Rule = Literal["guided", "gradient", "deconvolution"]
