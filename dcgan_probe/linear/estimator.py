"""The scikit-learn estimators of one given ``C``: L2-SVM, softmax regression and ridge regression on signs."""

from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import _fit_context

from .linear_estimator import LinearEstimator
from .path import ITERATIONS, TOLERANCE
from .settings import Intercept
from .weighting import ClassWeight


class L2SVMClassifier(LinearEstimator):
    """Linear L2-SVM with LinearSVC's objective: one-vs-rest squared hinge, penalised intercept.

    For each class it minimises ``1/2 |w|^2 + 1/2 b^2 + C sum_i s_i max(0, 1 - t_i (x_i w + b))^2``, where ``s_i`` is
    the weight of a row, all classes at once. It equals ``LinearSVC(C=C)`` with ``intercept_scaling=1``, solved to a
    known gap. float16 and float32 features are computed in float32, every other type in float64; features of these
    types, of integers and bool are never copied whole.

    Parameters
    ----------
    C
        Penalty, positive; multiplies a sum over rows.
    intercept
        "penalised" as in LIBLINEAR, or "free". A penalised one ties the fit to the zero of the features: where their
        means are 1e6 deviations from it, scores near 1 are differences of products so large that rounding alone, times
        the mean, leaves a gap above ``tol``, and the fit warns. ``standardise=True`` or "free" fits centered features.
    class_weight
        A weight for each label, at least 0, where labels that are left out have 1; or "balanced", the total weight of
        rows divided by K and by that of the class's rows. Multiplies ``sample_weight``.
    standardise
        Fit to the features minus their mean, divided by their deviation, both weighted by ``s_i``; ``coef_`` is for the
        features as they are.
    tol
        Largest duality gap of a class relative to its objective: a bound on how far the objective is above its least.
    max_iter
        Largest number of iterations.
    memory
        Bound in bytes on top of ``X`` where that is in memory; about a third of its size if None.

    Attributes
    ----------
    classes_ : array (K,), labels of rows with a weight above 0
    coef_ : float64 array (K, D), or (1, D) for two classes, whatever the dtype of the features
    intercept_ : float64 array (K,), or (1,) for two classes
    objective_, gradient_norm_, gap_ : float64 arrays, one number for each row of ``coef_``, of these weights
    status_ : array of str, one for each row of ``coef_``: "converged", "stalled" or "iteration limit"
    n_iter_ : int, iterations, the largest of the classes
    n_passes_ : int, how often the features were read
    n_features_in_ : int
    feature_names_in_ : array (D,), of a data frame's columns
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
        """Fit features ``X`` (N, D) and labels ``y`` (N,) of two classes or more.

        Parameters
        ----------
        X
            Real numbers: an array, a data frame, a torch tensor on any device, or an open HDF5 data set, which is read
            in blocks.
        y
            Discrete labels, (N,).
        sample_weight
            At least 0, (N,), or one number: multiplies ``C`` row by row. A row of weight 0 is left out, one of weight 2
            counts as two rows; a class without a row of positive weight is no class.

        Raises
        ------
        UserError
            If a feature is not finite (naming the column), there is one class only, a weight is below 0 or not finite,
            or the memory does not suffice.
        ValueError
            If a parameter has another type or is out of range, ``X`` or ``y`` have a wrong shape or type, or the labels
            are continuous.

        Warns
        -----
        ConvergenceWarning
            If a class did not reach ``tol``: by how much, and what to try.
        """
        X, y, weights = self._checked(X, y, sample_weight)
        self._solve(X, y, weights, self.C)
        return self


class LogisticClassifier(LinearEstimator):
    """Softmax regression: ``1/2 |W|^2 + C sum_i s_i (log sum_q exp(f_iq) - f_iy)``, intercepts penalised or free.

    ``LogisticRegression(C=C)`` of scikit-learn has the same objective with ``intercept="free"``. Parameters and
    attributes as in ``L2SVMClassifier``, but ``objective_``, ``gap_`` and so on hold one number for all classes, and
    the classes' ``coef_`` and ``intercept_`` sum to 0 where there are three or more.
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
        """Fit features ``X`` (N, D) and labels ``y`` (N,); all as in ``L2SVMClassifier.fit``."""
        X, y, weights = self._checked(X, y, sample_weight)
        self._solve(X, y, weights, self.C)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Compute the probabilities (N, K) of the classes."""
        return softmax(self._outputs(X), axis=1)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Compute the logarithms (N, K) of the probabilities of the classes; finite where probabilities round to 0."""
        return log_softmax(self._outputs(X), axis=1)

    def _outputs(self, X: Any) -> np.ndarray:
        scores = self.decision_function(X)
        return np.stack([np.zeros_like(scores), scores], axis=1) if scores.ndim == 1 else scores


class RidgeClassifier(LinearEstimator):
    """Least squares to signs, one-vs-rest: ``1/2 |w|^2 + C sum_i s_i (t_i - x_i w - b)^2``.

    ``RidgeClassifier(alpha=1 / (2 * C))`` of scikit-learn has the same solution with ``intercept="free"``. Parameters
    and attributes as in ``L2SVMClassifier``.
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
        """Fit features ``X`` (N, D) and labels ``y`` (N,); all as in ``L2SVMClassifier.fit``."""
        X, y, weights = self._checked(X, y, sample_weight)
        self._solve(X, y, weights, self.C)
        return self
