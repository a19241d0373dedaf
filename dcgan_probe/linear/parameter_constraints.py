"""Constraints of estimators' parameters, in the form of scikit-learn's validation."""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval

from ._solver.input_checks import GREATEST_PENALTY


class Number(Interval):
    """An interval of numbers that excludes True and False."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value is a number in the interval."""
        return not isinstance(val, bool | np.bool_) and bool(super().is_satisfied_by(val))


PENALTY = Number(Real, 0.0, GREATEST_PENALTY, closed="right")


class Penalties(HasMethods):
    """A sequence of values of ``C``: a list, a tuple, a range or an array of one axis."""

    def __init__(self) -> None:
        super().__init__(["__len__", "__iter__", "__getitem__"])

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value is a sequence of one or more penalties."""
        sequence = super().is_satisfied_by(val) and not isinstance(val, str | bytes | dict)
        return sequence and len(val) > 0 and all(PENALTY.is_satisfied_by(each) for each in val)

    def __str__(self) -> str:
        """Describe the allowed values for scikit-learn's error message."""
        return f"an array-like of one or more values, each {PENALTY}"
