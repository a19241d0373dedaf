"""Checks of the solver's input, and construction of its problems."""

from numbers import Integral, Real
from typing import Any

import numpy as np

from ...runtime import UserError
from .design import Design
from .losses import Loss
from .objective import Problems
from .scaling import FAR, Scaling

GREATEST_PENALTY = 1e12
"""Largest ``C``; far above it, float64 loses the norm of the weights to rounding."""
GREATEST_FEATURE = 1e60
"""Largest feature; its fourth power times rows and ``C`` stays within float64."""
LEAST_TOLERANCE = 1e-6
"""Smaller tolerances do not lower the largest feature any further."""
FLOAT32_SUMS = 1e18
"""Largest sum in float32 arithmetic; its square stays within float32."""
FAR_LONGER = 100.0
"""Squared lengths of rows are clipped at this multiple of their median."""
FLOAT32_RANGE = 1e8
"""Largest squared feature in float32 arithmetic, relative to the mean squared length of a row."""


def check_penalties(penalties: Any) -> np.ndarray:
    """Return the values of ``C`` as float64 (M,).

    Raises
    ------
    UserError
        If they are not one or more numbers above 0 and at most ``GREATEST_PENALTY``.
    """
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
    """Check the types and ranges of settings.

    Raises
    ------
    UserError
        If a setting has a wrong type or is out of range.
    """
    if not _is_number(tol) or not 0.0 < tol < 1.0:
        raise UserError(f"tol is {_shown(tol)}; expected a relative gap between 0 and 1, such as 1e-6", parameter="tol")
    if not _is_number(added_variance) or not 0.0 <= added_variance < np.inf:
        raise UserError(f"added_variance is {_shown(added_variance)}; expected 0 or a positive number, such as 0.01")
    if not isinstance(max_iter, Integral) or max_iter < 1:
        raise UserError(f"max_iter is {max_iter!r}; expected a whole number of at least 1", parameter="max_iter")
    if memory is not None and not isinstance(memory, Integral):
        raise UserError(f"memory is {memory!r}; expected a whole number of bytes, or None", parameter="memory")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return f"{value:g}" if _is_number(value) else repr(value)


def check_magnitude(design: Design, largest: float, limit: float) -> None:
    """Check that fourth powers of features stay within float64, and that rounding does not hide the gap of a fit.

    Parameters
    ----------
    largest
        Size of the largest feature.
    limit
        Largest allowed size, see ``greatest_feature``.

    Raises
    ------
    UserError
        If a feature is larger; the message names its column and row.
    """
    if not largest <= min(limit, GREATEST_FEATURE):
        row, column = design.find(largest)
        way = "scale the features" if limit > GREATEST_FEATURE else "scale or standardize the features"
        raise UserError(
            f"the largest feature is {largest:g}, in column {column} at row {row}; expected features up to "
            f"{min(limit, GREATEST_FEATURE):.0e}, since above that rounding hides the gap of a fit; check the source "
            f"of that column, or {way}"
        )


def greatest_feature(penalties: np.ndarray, weights: np.ndarray | None, rows: int, tol: float) -> float:
    """Return the size of a feature above which rounding alone leaves a gap above the tolerance.

    Scores near 1 have a rounding error of ``eps``. Times the row's weight, ``C`` and the feature, it is an error of the
    gradient, and half the square of that is a gap. The gap is relative to the objective at weights of zero, which is
    about ``C`` times the sum of the row weights.
    """
    totals, heaviest = (float(rows), 1.0) if weights is None else (weights.sum(axis=1), weights.max(axis=1))
    values = max(tol, LEAST_TOLERANCE) * penalties.max() * totals
    return float(np.min(np.sqrt(2.0 * values) / (penalties.max() * heaviest * np.finfo(np.float64).eps)))


def advise(design: Design) -> str:
    """Return the reason why features are hard to fit, with advice; "" if there is no apparent reason."""
    largest, lengths = design.check()
    if largest**2 > FLOAT32_RANGE * typical_mean(lengths):
        row, column = design.find(largest)
        return f"column {column} holds {largest:g} at row {row}, so check its source, or set standardise=True; else "
    column, distance = design.farthest()
    if distance > FAR:
        return (
            f"the mean of column {column} is {distance:.0e} deviations from 0, so set standardise=True or "
            "intercept='free'; else "
        )
    return ""


def typical_mean(lengths: np.ndarray) -> float:
    """Return the mean of squared lengths (N,) of rows, clipped at ``FAR_LONGER`` times the median.

    Clipping keeps one feature of 1e10 among ones from dominating the mean.
    """
    some = lengths[lengths > 0.0]
    return float(np.minimum(lengths, FAR_LONGER * np.median(some)).mean()) if len(some) else 0.0


def needs_float64(mean_square: float, largest: float, rows: int, penalty: float) -> bool:
    """Return whether float32 products could overflow, or lose small features to the rounding of large ones.

    Parameters
    ----------
    mean_square
        Mean squared length of a row.
    largest
        Size of the largest feature.
    penalty
        Largest ``C`` times the largest row weight.
    """
    total = rows * mean_square
    gradient = penalty * rows * np.sqrt(mean_square)
    beyond = max(total, penalty * total, gradient) > FLOAT32_SUMS
    return bool(beyond or largest**2 > FLOAT32_RANGE * mean_square)


def check_deviations(scaling: Scaling, design: Design) -> None:
    """Check that inverse deviations of columns stay within the dtype of a standardized design.

    Raises
    ------
    UserError
        If the deviation of a column is too small.
    """
    dtype = np.float64 if "64" in str(design.dtype) else np.float32
    least = float(np.sqrt(np.finfo(dtype).tiny))
    column = int(np.argmin(scaling.deviation))
    if scaling.deviation[column] < least:
        found = f"{scaling.deviation[column]:.1e}" if scaling.deviation[column] else f"less than {least:.0e}"
        raise UserError(
            f"column {column} has a deviation of {found}; expected 0 or at least {least:.0e} "
            f"to standardize {np.dtype(dtype).name} features; scale the features, or remove the column"
        )


def cross_problems(
    design: Design,
    loss: Loss,
    targets: np.ndarray,
    penalties: np.ndarray,
    row_weights: np.ndarray | None,
    free_intercept: bool,
) -> Problems:
    """Build one problem for each combination of row weights, penalty and class, in this order; see ``solve``.

    Raises
    ------
    UserError
        If the shape or the values of targets differ from those in ``solve``.
    """
    targets = np.asarray(targets)
    if targets.ndim != (1 if loss.coupled else 2):
        raise UserError(f"targets have shape {targets.shape}; expected {'(N,)' if loss.coupled else '(N, K)'}")
    if targets.shape[0] != design.rows:
        raise UserError(f"got {targets.shape[0]} rows of targets for {design.rows} rows of features; expected as many")
    _check_targets(targets, coupled=loss.coupled)
    weights = np.ones((1, design.rows)) if row_weights is None else row_weights
    classes = 1 if loss.coupled else targets.shape[1]
    folds, steps, numbers = (
        axis.ravel()
        for axis in np.meshgrid(np.arange(len(weights)), np.arange(len(penalties)), np.arange(classes), indexing="ij")
    )
    outputs = int(targets.max()) + 1 if loss.coupled else 1
    if outputs == 2:
        # Two coupled outputs -v/2 and v/2 represent one weight vector v, with |v|^2 = 2 (|v/2|^2 + |v/2|^2).
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
        raise UserError(
            f"targets are {targets.dtype} with a minimum of {targets.min():g}; expected class numbers 0 to K - 1"
        )
    if not coupled and not ((targets == 1) | (targets == -1)).all():
        raise UserError("targets contain numbers other than +1 and -1; expected signs")


def check_row_weights(row_weights: Any, rows: int, penalties: np.ndarray) -> np.ndarray | None:
    """Return sets of row weights as float64 (F, N); None stays None.

    Raises
    ------
    UserError
        If the weights have a wrong shape, are below 0, not finite, too large for their ``C``, or all zero in a set.
    """
    if row_weights is None:
        return None
    weights = np.atleast_2d(np.asarray(row_weights, dtype=np.float64))
    if weights.ndim != 2 or weights.shape[1] != rows or not ((weights >= 0.0) & np.isfinite(weights)).all():
        raise UserError(
            f"row weights have shape {weights.shape}; expected (F, {rows}) or ({rows},), finite and at least 0"
        )
    if not (some := weights.any(axis=1)).all():
        raise UserError(f"set {int(np.argmin(some))} of row weights is all zero; expected a positive weight in it")
    if weights.max() * penalties.max() > GREATEST_PENALTY:
        raise UserError(
            f"row weights of up to {weights.max():g} times a C of {penalties.max():g} exceed {GREATEST_PENALTY:g}; "
            "scale the weights, or lower C"
        )
    return weights


def check_start_and_gram(problems: Problems, start: np.ndarray | None, gram: np.ndarray | None) -> None:
    """Check the shapes of initial weights and a Gram matrix, and that the weights are finite.

    Raises
    ------
    UserError
        If a shape is wrong, or a weight is not finite.
    """
    design = problems.design
    wanted = (problems.outputs if problems.loss.coupled else int(problems.targets.shape[0]), design.width)
    if start is not None and (start.shape != wanted or not np.isfinite(start).all()):
        raise UserError(f"start has shape {start.shape}; expected finite weights of shape {wanted}")
    if gram is not None and gram.shape != (design.rows, design.rows):
        raise UserError(f"gram has shape {gram.shape}; expected {(design.rows, design.rows)}")


def check_unchanged(design: Design, before: tuple[float, np.ndarray]) -> None:
    """Check that the largest feature and the squared lengths of rows are the same as before the fit.

    Raises
    ------
    UserError
        If they differ.
    """
    largest, lengths = design.check()
    if largest != before[0] or not np.array_equal(lengths, before[1]):
        raise UserError(
            "the features changed during the fit: their sum of squares differs from that before it; rerun the fit once "
            "no process writes to them"
        )
