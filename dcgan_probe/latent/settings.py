"""Names of the paths through z, and of the rules that signals pass activations backwards by."""

from typing import Literal

Interpolation = Literal["linear", "spherical"]
INTERPOLATIONS: tuple[Interpolation, ...] = ("linear", "spherical")
Rule = Literal["guided", "gradient", "deconvolution"]
RULES: tuple[Rule, ...] = ("guided", "gradient", "deconvolution")
