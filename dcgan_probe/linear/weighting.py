"""Row weights: sample weights times class weights."""

from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from ..runtime import UserError
from ._solver.arrays import is_torch_array, plain_tensor

ClassWeight = dict[Any, float] | str | None
"""A weight for each label, ``"balanced"``, or None for weights of 1."""


def on_host(values: Any) -> np.ndarray:
    """Return labels or weights as a numpy array, from a list, series, tensor on any device, or HDF5 data set."""
    return plain_tensor(values).cpu().numpy() if is_torch_array(values) else np.asarray(values)


def check_sample_weight(sample_weight: Any, rows: int) -> np.ndarray | None:
    """Return sample weights as float64 (N,), from one number or N numbers; None stays None.

    Raises
    ------
    UserError
        If the weights have a wrong shape, are not numbers, are below 0 or not finite, or are all 0.
    """
    if sample_weight is None:
        return None
    given = on_host(sample_weight)
    weights = np.full(rows, given[()]) if given.ndim == 0 else given
    if weights.dtype == object:
        try:
            weights = weights.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise UserError(f"sample_weight holds {given.flat[0]!r}; expected numbers") from error
    if weights.dtype.kind not in "biuf":
        raise UserError(f"sample_weight is {given.dtype}; expected numbers")
    if weights.shape != (rows,):
        raise UserError(f"sample_weight has shape {given.shape}; expected one number for each of the {rows} rows")
    weights = weights.astype(np.float64)
    if not ((weights >= 0.0) & (weights < np.inf)).all():
        row = int(np.argmin((weights >= 0.0) & (weights < np.inf)))
        raise UserError(f"sample_weight is {weights[row]:g} at row {row}; expected 0 or a positive, finite number")
    if not weights.any():
        raise UserError(f"sample_weight is zero in all {rows} rows; expected a positive number in at least one")
    return weights


def counted(labels: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return the labels of the rows with a weight above 0."""
    return labels if sample_weight is None else labels[sample_weight > 0.0]


def weigh_rows(labels: np.ndarray, sample_weight: np.ndarray | None, class_weight: ClassWeight) -> np.ndarray | None:
    """Multiply sample weights by class weights: float64 (N,), or None if all are 1.

    Parameters
    ----------
    labels
        (N,).
    sample_weight
        float64 (N,), at least 0, or None for 1. Rows of weight 0 do not define classes.
    class_weight
        A weight for each label, at least 0, and 1 for missing labels; or ``"balanced"``: the total of ``sample_weight``
        divided by the number of classes and by the total of the class, as in scikit-learn.

    Raises
    ------
    UserError
        If ``class_weight`` is an unknown string, names labels that do not occur while missing some that do, holds a
        weight below 0 or not finite, or is zero for all classes.
    """
    if class_weight is None:
        return sample_weight
    weights = np.ones(len(labels)) if sample_weight is None else sample_weight
    rows = np.flatnonzero(weights)
    classes, codes = np.unique(labels[rows], return_inverse=True)
    if isinstance(class_weight, dict):
        of_class = _of_labels(class_weight, classes)
    elif class_weight == "balanced":
        totals = np.bincount(codes, weights=weights[rows])
        of_class = weights[rows].sum() / (len(classes) * totals)
    else:
        raise UserError(f"got class_weight {class_weight!r}, expected a dict of weights by label, 'balanced' or None")
    result = np.zeros(len(labels))
    result[rows] = weights[rows] * of_class[codes]
    if not result.any():
        raise UserError(f"got class_weight {class_weight!r}, zero for all classes; expected a positive number for one")
    return result


def _of_labels(class_weight: dict[Any, float], classes: np.ndarray) -> np.ndarray:
    """Return the class weights (K,), checked by scikit-learn's rules."""
    try:
        found = compute_class_weight(class_weight, classes=classes, y=classes)
    except (TypeError, ValueError) as error:
        raise UserError(f"got class_weight {class_weight!r}: {error}; expected a number for each label") from error
    if not ((found >= 0.0) & (found < np.inf)).all():
        raise UserError(f"got class_weight {class_weight!r}, expected weights of 0 or positive, finite numbers")
    return found
