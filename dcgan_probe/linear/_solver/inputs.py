"""Designs of the features that callers pass."""

from typing import Any

import numpy as np

from ...runtime import UserError
from .arrays import DTYPES, dtype_name, host64, is_torch_array, plain_tensor
from .design import Design
from .scaling import Scaling

SOLVED_ON_HOST = ("cpu", "mps")
"""Types of devices whose tensors become numpy arrays: MPS lacks float64, in which every fit is verified."""


def as_design(features: Any) -> Design:
    """Return the design of features (N, D).

    Tensors on the CPU and on MPS become numpy arrays; arrays without contiguous rows or columns are copied.

    Raises
    ------
    UserError
        If the features have an unsupported dtype or shape, or come from an incomplete file.
    """
    if is_torch_array(features):
        features = plain_tensor(features)
    if len(features.shape) != 2 or 0 in features.shape or dtype_name(features) not in DTYPES:
        raise UserError(
            f"features are {features.dtype} {tuple(features.shape)}; expected float16, bfloat16, float32, float64, "
            "integers or bool (N, D), not empty"
        )
    marks = getattr(getattr(features, "file", None), "attrs", {})
    if "complete" in marks and not marks["complete"]:
        raise UserError("the file of the features is not complete, since its writing was interrupted; finish it first")
    if is_torch_array(features) and features.device.type in SOLVED_ON_HOST:
        features = features.cpu().numpy()
    if isinstance(features, np.ndarray) and features.itemsize not in features.strides:
        features = np.ascontiguousarray(features)
    return Design(features)


def centered_design(features: Any) -> Design:
    """Return the design of features minus their first row, so that a large mean costs the scores no digits."""
    design = as_design(features)
    first = host64(design.features[0:1])[0]
    design.scaling = Scaling.centered(np.where(np.isfinite(first), first, 0.0))
    return design
