"""Scikit-learn estimators with a given ``C``: L2-SVM, softmax regression and ridge regression on signs."""

from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import _fit_context

from .base import LinearEstimator
from .penalty_path import ITERATIONS, TOLERANCE
from .settings import Intercept
from .weighting import ClassWeight


class L2SVMClassifier(LinearEstimator):
    """Linear L2-SVM with LinearSVC's objective: one-vs-rest squared hinge, penalized intercept.

    The objective of a class is ``1/2 |w|^2 + 1/2 b^2 + C sum_i s_i max(0, 1 - t_i (x_i w + b))^2``, where ``s_i`` is
    the weight of a row; all classes are fitted at once. The solution is that of ``LinearSVC(C=C)`` with
    ``intercept_scaling=1``, to a known duality gap. Computations are in float32 for float16 and float32 features, and
    in float64 for float64, integer and bool features; none of these are copied as a whole.

    Parameters
    ----------
    C
        Penalty, positive; multiplies a sum over rows, as in LIBLINEAR.
    intercept
        ``"penalised"`` as in LIBLINEAR, or ``"free"``. A fit with a penalized intercept depends on the origin of the
        features: if their means are 1e6 deviations away from 0, rounding alone leaves a gap above ``tol``, and the fit
        warns. ``standardise=True`` or ``intercept="free"`` avoids this, since the features are then centered.
    class_weight
        A weight for each label, at least 0, and 1 for missing labels; or ``"balanced"``: the total weight of all rows
        divided by K and by the total weight of the class. Multiplies ``sample_weight``.
    standardise
        Fit the features minus their mean, divided by their standard deviation, both weighted by ``s_i``; ``coef_``
        applies to the original features.
    tol
        Largest duality gap of a class relative to its objective: a bound on the distance to the minimum.
    max_iter
        Largest number of iterations.
    memory
        Bound in bytes, on top of ``X`` if that is in memory; None for about a third of the size of ``X``.

    Attributes
    ----------
    classes_ : array (K,), sorted labels of the rows with a weight above 0
    coef_ : float64 array (K, D), or (1, D) for two classes, for every dtype of the features
    intercept_ : float64 array (K,), or (1,) for two classes
    objective_, gradient_norm_, gap_ : float64 arrays, one number for each row of ``coef_``
    status_ : array of str, one for each row of ``coef_``: "converged", "stalled" or "iteration limit"
    n_iter_ : int, largest number of iterations of the classes
    n_passes_ : int, number of times the features were read
    n_features_in_ : int
    feature_names_in_ : array (D,), column names of a data frame
    """

    _classifier = "svm"

    def __init__(
        self,
        C: float = 1.0,
        *,
        intercept: Intercept = "penalised",
        class_weight: ClassWeight = None,
        standardise: bool = False,
        tol: float = TOLERANCE,
        max_iter: int = ITERATIONS,
        memory: int | None = None,
    ):
        self.C = C
        self.intercept = intercept
        self.class_weight = class_weight
        self.standardise = standardise
        self.tol = tol
        self.max_iter = max_iter
        self.memory = memory

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "L2SVMClassifier":
        """Fit features ``X`` (N, D) and labels ``y`` (N,) of two or more classes.

        Parameters
        ----------
        X
            Real, finite features (N, D): an array, a data frame, a torch tensor on any device, or an open HDF5 data
            set, which is read in blocks.
        y
            Discrete labels, (N,).
        sample_weight
            (N,), or one number, at least 0; multiplies ``C`` row by row. A weight of 0 removes a row, a weight of 2
            counts as two rows. A label without a row of positive weight is not among ``classes_``.

        Raises
        ------
        UserError
            If a feature is not finite (the message names the column), there is only one class, a weight is below 0 or
            not finite, or the memory is insufficient.
        ValueError
            If a parameter has a wrong type or is out of range, ``X`` or ``y`` have a wrong shape or type, or the labels
            are continuous.

        Warns
        -----
        ConvergenceWarning
            If a class did not reach ``tol``; the message contains the gap and suggestions.
        """
        X, y, weights = self._checked(X, y, sample_weight)
        self._solve(X, y, weights, self.C)
        return self


class LogisticClassifier(LinearEstimator):
    """Softmax regression: ``1/2 |W|^2 + C sum_i s_i (log sum_q exp(f_iq) - f_iy)``, intercepts penalized or free.

    With ``intercept="free"`` the objective is that of scikit-learn's ``LogisticRegression(C=C)``. Parameters and
    attributes are as in ``L2SVMClassifier``, except that ``objective_``, ``gradient_norm_``, ``gap_`` and ``status_``
    hold one value for all classes, and that ``coef_`` and ``intercept_`` sum to 0 over three or more classes.
    """

    _classifier = "logistic"

    def __init__(
        self,
        C: float = 1.0,
        *,
        intercept: Intercept = "penalised",
        class_weight: ClassWeight = None,
        standardise: bool = False,
        tol: float = TOLERANCE,
        max_iter: int = ITERATIONS,
        memory: int | None = None,
    ):
        self.C = C
        self.intercept = intercept
        self.class_weight = class_weight
        self.standardise = standardise
        self.tol = tol
        self.max_iter = max_iter
        self.memory = memory

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "LogisticClassifier":
        """Fit features ``X`` (N, D) and labels ``y`` (N,), as in ``L2SVMClassifier.fit``."""
        X, y, weights = self._checked(X, y, sample_weight)
        self._solve(X, y, weights, self.C)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Compute the class probabilities (N, K), in [0, 1], of ``X`` (N, D)."""
        return softmax(self._outputs(X), axis=1)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Compute the log-probabilities (N, K) of ``X`` (N, D); finite also where probabilities round to 0."""
        return log_softmax(self._outputs(X), axis=1)

    def _outputs(self, X: Any) -> np.ndarray:
        scores = self.decision_function(X)
        return np.stack([np.zeros_like(scores), scores], axis=1) if scores.ndim == 1 else scores


class RidgeClassifier(LinearEstimator):
    """Least squares to signs, one-vs-rest: ``1/2 |w|^2 + C sum_i s_i (t_i - x_i w - b)^2``.

    With ``intercept="free"`` the solution is that of scikit-learn's ``RidgeClassifier(alpha=1 / (2 * C))``. Parameters
    and attributes are as in ``L2SVMClassifier``.
    """

    _classifier = "ridge"

    def __init__(
        self,
        C: float = 1.0,
        *,
        intercept: Intercept = "penalised",
        class_weight: ClassWeight = None,
        standardise: bool = False,
        tol: float = TOLERANCE,
        max_iter: int = ITERATIONS,
        memory: int | None = None,
    ):
        self.C = C
        self.intercept = intercept
        self.class_weight = class_weight
        self.standardise = standardise
        self.tol = tol
        self.max_iter = max_iter
        self.memory = memory

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "RidgeClassifier":
        """Fit features ``X`` (N, D) and labels ``y`` (N,), as in ``L2SVMClassifier.fit``."""
        X, y, weights = self._checked(X, y, sample_weight)
        self._solve(X, y, weights, self.C)
        return self
