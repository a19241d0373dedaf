"""Base of the scikit-learn estimators: input checks, the fit of one ``C``, prediction."""

import warnings
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar

import h5py
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from ..runtime import UserError
from ._solver.arrays import DTYPES, SINGLE, dtype_name, is_torch_array, plain_tensor
from ._solver.input_checks import advise
from ._solver.inputs import as_design
from ._solver.solution import CONVERGED, ITERATION_LIMIT, Solution
from ._solver.solver import solve
from .parameter_constraints import PENALTY, Number
from .penalty_path import (
    LinearClassifier,
    choose,
    classifiers_of,
    decide,
    encode,
    is_free_intercept,
    loss_of,
    worst,
)
from .settings import INTERCEPTS, Classifier, Intercept
from .weighting import ClassWeight, check_sample_weight, on_host, weigh_rows

SMALL_NUMBERS, SMALL_PENALTY, SMALL_TOLERANCE = 1 << 12, 1e3, 1e-18
"""Size (rows times columns), ``C`` and tolerance of small float64 fits, which are cheap and solved to full precision.
Equivalent fits, such as a weight of 2 and a repeated row, then agree to seven digits."""


class LinearEstimator(ClassifierMixin, BaseEstimator):
    """Base of the linear classifiers."""

    _classifier: Classifier
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "C": [PENALTY],
        "intercept": [StrOptions(set(INTERCEPTS))],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "standardise": ["boolean"],
        "tol": [Number(Real, 0.0, 1.0, closed="neither")],
        "max_iter": [Number(Integral, 1, None, closed="left")],
        "memory": [Number(Integral, 1, None, closed="left"), None],
    }

    tol: float
    max_iter: int
    intercept: Intercept
    class_weight: ClassWeight
    standardise: bool
    memory: int | None

    def decision_function(self, X: Any) -> np.ndarray:
        """Compute the scores of ``X`` (N, D): (N, K), or (N,) for two classes.

        Scores are float32 for float16 and float32 features, else float64.

        Raises
        ------
        UserError, ValueError
            If ``X`` is not finite, or its number of columns differs from that of the fit.
        """
        check_is_fitted(self)
        return decide(self._checked_features(X, reset=False), self.coef_, self.intercept_)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the labels (N,) of ``X`` (N, D)."""
        scores = self.decision_function(X)
        return choose(self.classes_, scores)

    def _checked_features(self, X: Any, *, reset: bool, y: Any = "no_validation") -> Any:
        """Check features; set ``n_features_in_`` and ``feature_names_in_``, or compare the features with them."""
        if is_torch_array(X):
            X = plain_tensor(X)
        if not read_in_blocks(X):
            return validate_data(self, X, y, dtype=list(map(np.dtype, DTYPES)), reset=reset, ensure_all_finite=False)
        if len(X.shape) != 2:
            raise UserError(f"features have shape {tuple(X.shape)}; expected (N, D)")
        return validate_data(self, X, y, reset=reset, skip_check_array=True)

    def _checked(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, np.ndarray, np.ndarray | None]:
        """Check features (N, D), labels (N,) and weights (N,) or None."""
        X, y = self._checked_features(X, reset=True, y=y if y is None else on_host(y))
        y = column_or_1d(y, warn=True)
        if y.shape != (X.shape[0],):
            raise UserError(f"labels have shape {y.shape}; expected one for each of the {X.shape[0]} rows")
        try:
            check_classification_targets(y)
        except ValueError as error:
            raise UserError(f"{error} Expected one discrete label for each row, such as 0..K-1.") from error
        return X, y, check_sample_weight(sample_weight, X.shape[0])

    def _solve(
        self, X: Any, y: np.ndarray, weights: np.ndarray | None, C: float, start: np.ndarray | None = None
    ) -> None:
        """Fit rows and set the fitted attributes; called by ``fit`` inside scikit-learn's fit context."""
        self.classes_, targets = encode(y, self._classifier, weights)
        solution = solve(
            X,
            targets,
            [C],
            loss=loss_of(self._classifier),
            row_weights=weigh_rows(y, weights, self.class_weight),
            free_intercept=is_free_intercept(self.intercept),
            standardise=self.standardise,
            start=start,
            tol=min(self.tol, SMALL_TOLERANCE) if is_small(X, C) else self.tol,
            max_iter=self.max_iter,
            memory=self.memory,
        )
        reached = np.where(solution.gap <= self.tol, CONVERGED, solution.status)
        self._set_attributes(replace(solution, status=reached), C, X)

    def _set_attributes(self, solution: Solution, C: float, X: Any) -> None:
        fit: LinearClassifier = classifiers_of(solution, self.classes_, [C])[0]
        self.coef_, self.intercept_ = fit.coefficients, fit.intercepts
        self.objective_, self.gradient_norm_ = solution.objective[0], solution.gradient_norm[0]
        self.gap_, self.status_ = solution.gap[0], solution.status[0]
        self.n_iter_, self.n_passes_ = fit.iterations, fit.passes
        if not fit.converged:
            warnings.warn(self._advise(C, X), ConvergenceWarning, stacklevel=5)  # points to the line that calls fit

    def _advise(self, C: float, X: Any) -> str:
        unfinished = self.status_ != CONVERGED
        status = worst(self.status_)
        tries = "raise max_iter" if status == ITERATION_LIMIT else "raise tol"
        if not self.standardise:
            tries = advise(as_design(X)) + tries
        return (
            f"{unfinished.sum()} of {len(unfinished)} problems stopped ({status}) with a relative gap of up to "
            f"{self.gap_.max():.1e}, above tol={self.tol:.1e}, after {self.n_iter_} iterations at C={C:g}; "
            f"{tries}, scale the features, or lower C"
        )


def is_small(X: Any, C: float) -> bool:
    """Return whether a fit is cheap enough to be solved to full precision."""
    return dtype_name(X) not in SINGLE and X.shape[0] * X.shape[1] <= SMALL_NUMBERS and C <= SMALL_PENALTY


def read_in_blocks(X: Any) -> bool:
    """Return whether features are a tensor or rows of a file, which scikit-learn would copy as a whole."""
    return is_torch_array(X) or isinstance(X, h5py.Dataset) or bool(getattr(X, "reads_rows", False))
