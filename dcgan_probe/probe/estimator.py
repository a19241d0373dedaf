"""Takes features and labels, gives linear classifiers with scikit-learn's face; knows no files and no protocol."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..runtime import UserError
from .solver import CONVERGED, ITERATION_LIMIT, STALLED, Solution, solve

CHECK_ROWS = 4096
TOLERANCE = 1e-6
ITERATIONS = 100


@dataclass(frozen=True)
class LinearClassifier:
    """One-vs-rest linear classifiers of one ``C``, and how well they were fitted.

    Two classes have one row of coefficients, positive for the second class; more have one row each.
    """

    classes: np.ndarray
    """The labels, sorted, (K,)."""
    C: float
    """The penalty."""
    coefficients: np.ndarray
    """(K or 1, D), in the features' dtype."""
    intercepts: np.ndarray
    """(K or 1,), in the features' dtype."""
    objective: float
    """Sum over the classes."""
    gradient_norm: float
    """Largest of the classes."""
    gap: float
    """Duality gap relative to the objective, largest of the classes."""
    iterations: int
    """Newton iterations, largest of the classes."""
    status: str
    """Of ``STATUSES``; the worst of the classes."""

    @property
    def converged(self) -> bool:
        """Whether every class reached the gap that was asked for."""
        return self.status == CONVERGED

    def decision(self, X: np.ndarray) -> np.ndarray:
        """Give the scores of features ``X`` (N, D): (N, K), or (N,) where there are two classes."""
        return _decide(X, self.coefficients, self.intercepts)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Give the labels (N,) of features ``X`` (N, D)."""
        return _choose(self.classes, self.decision(X))


def fit_path(
    features: np.ndarray,
    labels: np.ndarray,
    penalties: Sequence[float],
    *,
    tol: float = TOLERANCE,
    max_iter: int = ITERATIONS,
) -> list[LinearClassifier]:
    """Fit one classifier for each ``C`` of ``penalties``, all at once, in their order.

    A fit that does not reach ``tol`` says so in its ``status`` and ``gap``.

    Parameters
    ----------
    features
        float32 or float64 (N, D), finite; never copied whole.
    labels
        (N,), of two classes or more.
    penalties
        Values of ``C``, positive. ``C`` multiplies a sum over rows, as in LinearSVC.
    tol
        Largest duality gap of a class relative to its objective.
    max_iter
        Largest number of Newton iterations.

    Raises
    ------
    UserError
        If the features have another dtype or shape or are not finite (naming the column), if the numbers of rows
        differ, or if there is one class only.
    """
    if features.ndim != 2 or features.dtype not in (np.float32, np.float64):
        raise UserError(f"features are {features.dtype} {features.shape}; expected float32 or float64 (N, D)")
    if labels.shape != features.shape[:1]:
        raise UserError(
            f"labels have shape {labels.shape}; expected one for each of the {len(features)} rows of features"
        )
    _check_finite(features)
    classes, solution = _solve_one_vs_rest(features, labels, penalties, tol, max_iter)
    return [
        LinearClassifier(
            classes=classes,
            C=float(penalty),
            coefficients=solution.coefficients[m].astype(features.dtype),
            intercepts=solution.intercepts[m].astype(features.dtype),
            objective=float(solution.objective[m].sum()),
            gradient_norm=float(solution.gradient_norm[m].max()),
            gap=float(solution.gap[m].max()),
            iterations=int(solution.iterations[m].max()),
            status=_worst(solution.status[m]),
        )
        for m, penalty in enumerate(penalties)
    ]


class L2SVMClassifier(ClassifierMixin, BaseEstimator):
    """Linear L2-SVM with LinearSVC's objective: one-vs-rest squared hinge, penalised intercept.

    For each class it minimises ``1/2 |w|^2 + 1/2 b^2 + C sum_i max(0, 1 - t_i (x_i w + b))^2``, all classes at once. It
    equals ``LinearSVC(C=C)`` with ``intercept_scaling=1``, solved to a known gap. float32 features are computed in
    float32 and never copied to float64 whole; every other type is computed in float64.

    Parameters
    ----------
    C
        Penalty, positive; multiplies a sum over rows.
    tol
        Largest duality gap of a class relative to its objective: a bound on how far the objective is above its least.
    max_iter
        Largest number of Newton iterations.

    Attributes
    ----------
    classes_ : array (K,)
    coef_ : array (K, D), or (1, D) for two classes
    intercept_ : array (K,), or (1,) for two classes
    objective_, gradient_norm_, gap_ : float64 arrays, one number for each row of ``coef_``, of the float64 weights
        that ``coef_`` rounds to the features' dtype
    status_ : array of str, one for each row of ``coef_``: "converged", "stalled" or "iteration limit"
    n_iter_ : int, Newton iterations, the largest of the classes
    n_features_in_ : int
    """

    def __init__(self, C: float = 1.0, *, tol: float = TOLERANCE, max_iter: int = ITERATIONS):
        self.C = C
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any) -> "L2SVMClassifier":
        """Fit features ``X`` (N, D) and labels ``y`` (N,) of two classes or more.

        Raises
        ------
        UserError
            If a feature is not finite (naming the column), there is one class only, or a parameter is out of range.
        ValueError
            If ``X`` or ``y`` have a wrong shape or type, or the labels are continuous.

        Warns
        -----
        ConvergenceWarning
            If a class did not reach ``tol``: by how much, and what to try.
        """
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], ensure_all_finite=False)
        _check_finite(X)
        try:
            check_classification_targets(y)
        except ValueError as error:
            raise UserError(f"{error} Give one discrete label for each row, such as 0..K-1.") from error
        self.classes_, solution = _solve_one_vs_rest(X, y, [self.C], self.tol, self.max_iter)
        self.coef_ = solution.coefficients[0].astype(X.dtype)
        self.intercept_ = solution.intercepts[0].astype(X.dtype)
        self.objective_, self.gradient_norm_ = solution.objective[0], solution.gradient_norm[0]
        self.gap_, self.status_ = solution.gap[0], solution.status[0]
        self.n_iter_ = int(solution.iterations[0].max())
        if not np.all(self.status_ == CONVERGED):
            warnings.warn(self._advise(), ConvergenceWarning, stacklevel=2)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Give the scores of ``X`` (N, D): (N, K), or (N,) where there are two classes."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False, ensure_all_finite=False)
        _check_finite(X)
        return _decide(X, self.coef_, self.intercept_)

    def predict(self, X: Any) -> np.ndarray:
        """Give the labels (N,) of ``X`` (N, D)."""
        scores = self.decision_function(X)
        return _choose(self.classes_, scores)

    def _advise(self) -> str:
        unfinished = self.status_ != CONVERGED
        status = _worst(self.status_)
        tries = (
            "raise max_iter"
            if status == ITERATION_LIMIT
            else "give float64 features"
            if self.coef_.dtype == np.float32
            else "raise tol"
        )
        return (
            f"{unfinished.sum()} of {len(unfinished)} problems stopped ({status}) with a relative gap of up to "
            f"{self.gap_.max():.1e}, above tol={self.tol:.1e}, after {self.n_iter_} iterations at C={self.C:g}; "
            f"{tries}, scale the features, or lower C"
        )


def _solve_one_vs_rest(
    features: np.ndarray, labels: np.ndarray, penalties: Sequence[float], tol: float, max_iter: int
) -> tuple[np.ndarray, Solution]:
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise UserError(f"the labels hold one class only, {classes[0]!r}; expected two or more")
    positive = np.arange(1, 2) if len(classes) == 2 else np.arange(len(classes))
    targets = np.where(codes[:, np.newaxis] == positive, 1, -1).astype(np.int8)
    return classes, solve(features, targets, np.array(penalties, dtype=np.float64), tol=tol, max_iter=max_iter)


def _check_finite(features: np.ndarray) -> None:
    """Refuse NaN and infinity, block by block."""
    for start in range(0, len(features), CHECK_ROWS):
        wrong = ~np.isfinite(features[start : start + CHECK_ROWS])
        if wrong.any():
            row, column = (int(axis[0]) for axis in np.nonzero(wrong))
            value = "NaN" if np.isnan(features[start + row, column]) else "inf"
            raise UserError(
                f"X contains {value}, first in column {column} at row {start + row}; expected finite features, so "
                "check what made that column"
            )


def _decide(features: np.ndarray, coefficients: np.ndarray, intercepts: np.ndarray) -> np.ndarray:
    scores = features @ coefficients.T + intercepts
    return scores[:, 0] if scores.shape[1] == 1 else scores


def _choose(classes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return classes[(scores > 0.0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)]


def _worst(status: np.ndarray) -> str:
    return next(worst for worst in (ITERATION_LIMIT, STALLED, CONVERGED) if worst in status)
