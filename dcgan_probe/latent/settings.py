"""Names of the paths through z, and of the rules by which activations pass signals backwards."""

from typing import Literal

Interpolation = Literal["linear", "spherical"]
Rule = Literal["guided", "gradient", "deconvolution"]
