"""Takes what a caller gives, refuses what cannot be solved, gives problems; solves nothing."""

from numbers import Integral, Real
from typing import Any

import numpy as np

from ...runtime import UserError
from .design import Design
from .losses import Loss
from .objective import Problems
from .scaling import FAR, Scaling

GREATEST_PENALTY = 1e12
"""Far beyond it float64 has no digits left for the norm of the weights."""
GREATEST_FEATURE = 1e60
"""Fourth powers of it, times rows and ``C``, are float64 numbers."""
LEAST_TOLERANCE = 1e-6
"""A smaller one does not make features too large."""
FLOAT32_SUMS = 1e18
"""The square of it is a float32 number."""
FAR_LONGER = 100.0
"""A squared length that is so many times the median counts as this."""
FLOAT32_RANGE = 1e8
"""Greatest squared feature, relative to a row's mean squared length."""


def check_penalties(penalties: Any) -> np.ndarray:
    """Return the values of ``C`` as float64 (M,), or refuse them."""
    values = np.asarray(penalties)
    if values.dtype.kind not in "iuf":
        raise UserError(f"C is {penalties!r}; expected positive numbers, such as 0.001", parameter="C")
    if values.ndim != 1 or not len(values):
        raise UserError(f"C has shape {values.shape}; expected one or more values in a list", parameter="C")
    for penalty in values:
        if not 0.0 < penalty < np.inf:
            raise UserError(f"C is {penalty:g}; expected a positive, finite number, such as 0.001", parameter="C")
        if penalty > GREATEST_PENALTY:
            raise UserError(f"C is {penalty:g}; expected at most {GREATEST_PENALTY:g}", parameter="C")
    return values.astype(np.float64)


def check_settings(tol: Any, max_iter: Any, added_variance: Any, memory: Any) -> None:
    """Refuse settings of another type or out of range."""
    if not _is_number(tol) or not 0.0 < tol < 1.0:
        raise UserError(f"tol is {_shown(tol)}; expected a relative gap between 0 and 1, such as 1e-6", parameter="tol")
    if not _is_number(added_variance) or not 0.0 <= added_variance < np.inf:
        raise UserError(f"added_variance is {_shown(added_variance)}; expected 0 or a positive number, such as 0.01")
    if not isinstance(max_iter, Integral) or max_iter < 1:
        raise UserError(f"max_iter is {max_iter!r}; expected at least 1, a whole number", parameter="max_iter")
    if memory is not None and not isinstance(memory, Integral):
        raise UserError(f"memory is {memory!r}; expected a whole number of bytes, or None", parameter="memory")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return f"{value:g}" if _is_number(value) else repr(value)


def check_magnitude(design: Design, largest: float, limit: float) -> None:
    """Refuse features of which sums of fourth powers, or gaps, would not be float64 numbers worth anything.

    Parameters
    ----------
    largest
        Size of the largest feature.
    limit
        Greatest size that is solved, see ``greatest_feature``.
    """
    if not largest <= min(limit, GREATEST_FEATURE):
        row, column = design.find(largest)
        way = "scale the features" if limit > GREATEST_FEATURE else "scale or standardise the features"
        raise UserError(
            f"the largest feature is {largest:g}, in column {column} at row {row}; expected features up to "
            f"{min(limit, GREATEST_FEATURE):.0e}, beyond which rounding hides the gap of a fit; check what made "
            f"that column, or {way}"
        )


def greatest_feature(penalties: np.ndarray, weights: np.ndarray | None, rows: int, tol: float) -> float:
    """Return the size from which on the rounding of scores near 1 alone makes a gap above the tolerance.

    Times a row's weight, ``C`` and the feature it is an error of the gradient, whose half square is a gap; the value at
    weights of zero, which is about ``C`` times the sum of the rows' weights, is beside it.
    """
    totals, heaviest = (float(rows), 1.0) if weights is None else (weights.sum(axis=1), weights.max(axis=1))
    values = max(tol, LEAST_TOLERANCE) * penalties.max() * totals
    return float(np.min(np.sqrt(2.0 * values) / (penalties.max() * heaviest * np.finfo(np.float64).eps)))


def advise(design: Design) -> str:
    """Return what makes features hard to fit as they are, and what to set; "" where nothing stands out."""
    largest, lengths = design.check()
    if largest**2 > FLOAT32_RANGE * typical_mean(lengths):
        row, column = design.find(largest)
        return f"column {column} holds {largest:g} at row {row}, so check what made it, or set standardise=True; else "
    column, distance = design.farthest()
    if distance > FAR:
        return (
            f"the mean of column {column} is {distance:.0e} deviations from 0, so set standardise=True or "
            "intercept='free'; else "
        )
    return ""


def typical_mean(lengths: np.ndarray) -> float:
    """Return the mean of squared lengths (N,) of rows, in which a few that are far longer count as much as the others.

    One feature of 1e10 among ones says nothing about the other rows.
    """
    some = lengths[lengths > 0.0]
    return float(np.minimum(lengths, FAR_LONGER * np.median(some)).mean()) if len(some) else 0.0


def needs_float64(mean_square: float, largest: float, rows: int, penalty: float) -> bool:
    """Tell whether float32 products could overflow, or lose the small features beside the large ones.

    Parameters
    ----------
    mean_square
        Of a row's length.
    largest
        Size of the largest feature.
    penalty
        The greatest ``C``.
    """
    total = rows * mean_square
    gradient = penalty * rows * np.sqrt(mean_square)
    beyond = max(total, penalty * total, gradient) > FLOAT32_SUMS
    return bool(beyond or largest**2 > FLOAT32_RANGE * mean_square)


def check_deviations(scaling: Scaling, design: Design) -> None:
    """Refuse columns whose inverse deviations the arithmetic of a standardized design could not hold."""
    dtype = np.float64 if "64" in str(design.dtype) else np.float32
    least = float(np.sqrt(np.finfo(dtype).tiny))
    column = int(np.argmin(scaling.deviation))
    if scaling.deviation[column] < least:
        found = f"{scaling.deviation[column]:.1e}" if scaling.deviation[column] else f"less than {least:.0e}"
        raise UserError(
            f"column {column} has a deviation of {found}; expected 0 or at least {least:.0e} "
            f"to standardise {np.dtype(dtype).name} features; scale the features, or leave the column out"
        )


def cross_problems(
    design: Design,
    loss: Loss,
    targets: np.ndarray,
    penalties: np.ndarray,
    row_weights: np.ndarray | None,
    free_intercept: bool,
) -> Problems:
    """Cross the checked sets of row weights with penalties and classes, in this order; see ``solve``.

    Raises
    ------
    UserError
        If targets have another shape or other values than is said there.
    """
    targets = np.asarray(targets)
    if targets.ndim != (1 if loss.coupled else 2):
        raise UserError(f"targets have shape {targets.shape}; expected {'(N,)' if loss.coupled else '(N, K)'}")
    if targets.shape[0] != design.rows:
        raise UserError(f"there are {targets.shape[0]} rows of targets for {design.rows} rows of features")
    _check_targets(targets, coupled=loss.coupled)
    weights = np.ones((1, design.rows)) if row_weights is None else row_weights
    classes = 1 if loss.coupled else targets.shape[1]
    folds, steps, numbers = (
        axis.ravel()
        for axis in np.meshgrid(np.arange(len(weights)), np.arange(len(penalties)), np.arange(classes), indexing="ij")
    )
    outputs = int(targets.max()) + 1 if loss.coupled else 1
    if outputs == 2:
        # Two coupled outputs -v/2 and v/2 stand for one weight vector v, with |v|^2 = 2 (|v/2|^2 + |v/2|^2).
        penalties = penalties / 2.0
    return Problems(
        design,
        loss,
        outputs,
        design.array(targets[np.newaxis].astype(np.int64)) if loss.coupled else design.array(targets.T, design.dtype),
        numbers,
        design.array(weights, design.dtype),
        folds,
        penalties[steps],
        free_intercept,
        bool((weights != 1.0).any()),
    )


def _check_targets(targets: np.ndarray, *, coupled: bool) -> None:
    if coupled and not (targets.dtype.kind in "iu" and targets.min() >= 0):
        raise UserError(f"targets are {targets.dtype} from {targets.min():g} on; expected class numbers 0 to K - 1")
    if not coupled and not ((targets == 1) | (targets == -1)).all():
        raise UserError("targets hold other numbers than +1 and -1; expected signs")


def check_row_weights(row_weights: Any, rows: int, penalties: np.ndarray) -> np.ndarray | None:
    """Return sets of row weights as float64 (F, N), or refuse them; None stays None.

    Raises
    ------
    UserError
        If the weights have another shape, are below 0, not finite, too large for their ``C``, or all zero in a set.
    """
    if row_weights is None:
        return None
    weights = np.atleast_2d(np.asarray(row_weights, dtype=np.float64))
    if weights.ndim != 2 or weights.shape[1] != rows or not ((weights >= 0.0) & np.isfinite(weights)).all():
        raise UserError(
            f"row weights have shape {weights.shape}; expected (F, {rows}) or ({rows},), none below 0, all finite"
        )
    if not (some := weights.any(axis=1)).all():
        raise UserError(f"set {int(np.argmin(some))} of row weights is all zero; expected rows that count")
    if weights.max() * penalties.max() > GREATEST_PENALTY:
        raise UserError(
            f"row weights of up to {weights.max():g} times a C of {penalties.max():g} are over {GREATEST_PENALTY:g}; "
            "scale the weights, or lower C"
        )
    return weights


def check_start_and_gram(problems: Problems, start: np.ndarray | None, gram: np.ndarray | None) -> None:
    """Refuse first weights or a Gram matrix of another shape, or weights that are not finite."""
    design = problems.design
    wanted = (problems.outputs if problems.loss.coupled else int(problems.targets.shape[0]), design.width)
    if start is not None and (start.shape != wanted or not np.isfinite(start).all()):
        raise UserError(f"start has shape {start.shape}; expected finite weights {wanted}")
    if gram is not None and gram.shape != (design.rows, design.rows):
        raise UserError(f"gram has shape {gram.shape}; expected {(design.rows, design.rows)}")


def check_unchanged(design: Design, before: tuple[float, np.ndarray]) -> None:
    """Compare the greatest size and the squared lengths of rows with what they were at first."""
    largest, lengths = design.check()
    if largest != before[0] or not np.array_equal(lengths, before[1]):
        raise UserError(
            "the features changed while they were read: their sum of squares is not what it was at first; start again "
            "once nothing writes to them"
        )
