"""Takes features and labels, gives scikit-learn estimators of one C; knows no files, no folds and no protocol."""

import warnings
from typing import Any

import h5py
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..runtime import UserError
from .arrays import is_torch_array
from .path import (
    ITERATIONS,
    TOLERANCE,
    LinearClassifier,
    choose,
    classifiers_of,
    decide,
    encode,
    loss_of,
    takes_free_intercept,
    worst,
)
from .settings import Classifier, Intercept
from .solution import CONVERGED, ITERATION_LIMIT, Solution
from .solver import solve

DTYPES = [np.float64, np.float32, np.float16]


class LinearEstimator(ClassifierMixin, BaseEstimator):
    """What the classifiers have in common: checks, the fit of one ``C``, prediction."""

    _classifier: Classifier

    tol: float
    max_iter: int
    intercept: Intercept
    standardise: bool
    memory: int | None

    def decision_function(self, X: Any) -> np.ndarray:
        """Give the scores of ``X`` (N, D): (N, K), or (N,) for two classes.

        Raises
        ------
        UserError, ValueError
            If ``X`` is not finite or has another number of columns than the features of the fit.
        """
        check_is_fitted(self)
        if not read_in_blocks(X):
            X = validate_data(self, X, dtype=DTYPES, reset=False, ensure_all_finite=False)
        return decide(X, self.coef_, self.intercept_)

    def predict(self, X: Any) -> np.ndarray:
        """Give the labels (N,) of ``X`` (N, D)."""
        scores = self.decision_function(X)
        return choose(self.classes_, scores)

    def _checked(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        """Check features and labels, and set ``n_features_in_``."""
        if read_in_blocks(X):
            if len(X.shape) != 2:
                raise UserError(f"features have shape {tuple(X.shape)}; expected (N, D)")
            y = np.asarray(y)
            self.n_features_in_ = int(X.shape[1])
            if y.shape != (X.shape[0],):
                raise UserError(f"labels have shape {y.shape}; expected one for each of the {X.shape[0]} rows")
        else:
            X, y = validate_data(self, X, y, dtype=DTYPES, ensure_all_finite=False)
        try:
            check_classification_targets(y)
        except ValueError as error:
            raise UserError(f"{error} Give one discrete label for each row, such as 0..K-1.") from error
        return X, y

    def _solve(self, X: Any, y: np.ndarray, C: float, start: np.ndarray | None = None) -> None:
        self.classes_, targets = encode(y, self._classifier)
        solution = solve(
            X,
            targets,
            [C],
            loss=loss_of(self._classifier),
            free_intercept=takes_free_intercept(self.intercept),
            standardise=self.standardise,
            start=start,
            tol=self.tol,
            max_iter=self.max_iter,
            memory=self.memory,
        )
        self._keep(solution, C)

    def _keep(self, solution: Solution, C: float) -> None:
        fit: LinearClassifier = classifiers_of(solution, self.classes_, [C])[0]
        self.coef_, self.intercept_ = fit.coefficients, fit.intercepts
        self.objective_, self.gradient_norm_ = solution.objective[0], solution.gradient_norm[0]
        self.gap_, self.status_ = solution.gap[0], solution.status[0]
        self.n_iter_, self.n_passes_ = fit.iterations, fit.passes
        if not fit.converged:
            warnings.warn(self._advise(C), ConvergenceWarning, stacklevel=4)

    def _advise(self, C: float) -> str:
        unfinished = self.status_ != CONVERGED
        status = worst(self.status_)
        tries = "raise max_iter" if status == ITERATION_LIMIT else "raise tol"
        return (
            f"{unfinished.sum()} of {len(unfinished)} problems stopped ({status}) with a relative gap of up to "
            f"{self.gap_.max():.1e}, above tol={self.tol:.1e}, after {self.n_iter_} iterations at C={C:g}; "
            f"{tries}, scale the features, or lower C"
        )


class _OneC(LinearEstimator):
    """Fits with a given ``C``."""

    def __init__(
        self,
        C: float = 1.0,
        *,
        intercept: Intercept = "penalised",
        standardise: bool = False,
        tol: float = TOLERANCE,
        max_iter: int = ITERATIONS,
        memory: int | None = None,
    ):
        self.C = C
        self.intercept = intercept
        self.standardise = standardise
        self.tol = tol
        self.max_iter = max_iter
        self.memory = memory

    def fit(self, X: Any, y: Any) -> Any:
        """Fit features ``X`` (N, D) and labels ``y`` (N,) of two classes or more.

        ``X`` may be a numpy array, a torch tensor on any device, or an open HDF5 data set, which is read in blocks.

        Raises
        ------
        UserError
            If a feature is not finite (naming the column), there is one class only, a parameter is out of range, or the
            memory does not suffice.
        ValueError
            If ``X`` or ``y`` have a wrong shape or type, or the labels are continuous.

        Warns
        -----
        ConvergenceWarning
            If a class did not reach ``tol``: by how much, and what to try.
        """
        X, y = self._checked(X, y)
        self._solve(X, y, self.C)
        return self


class L2SVMClassifier(_OneC):
    """Linear L2-SVM with LinearSVC's objective: one-vs-rest squared hinge, penalised intercept.

    For each class it minimises ``1/2 |w|^2 + 1/2 b^2 + C sum_i max(0, 1 - t_i (x_i w + b))^2``, all classes at once. It
    equals ``LinearSVC(C=C)`` with ``intercept_scaling=1``, solved to a known gap. float16 and float32 features are
    computed in float32 and never copied whole; every other type is computed in float64.

    Parameters
    ----------
    C
        Penalty, positive; multiplies a sum over rows.
    intercept
        "penalised" as in LIBLINEAR, or "free".
    standardise
        Fit to the features minus their mean, divided by their deviation; ``coef_`` is for the features as they are.
    tol
        Largest duality gap of a class relative to its objective: a bound on how far the objective is above its least.
    max_iter
        Largest number of iterations.
    memory
        Bound in bytes on top of ``X`` where that is in memory; about a third of its size if None.

    Attributes
    ----------
    classes_ : array (K,)
    coef_ : array (K, D), or (1, D) for two classes
    intercept_ : array (K,), or (1,) for two classes
    objective_, gradient_norm_, gap_ : float64 arrays, one number for each row of ``coef_``, of the float64 weights
        that ``coef_`` rounds to the features' dtype
    status_ : array of str, one for each row of ``coef_``: "converged", "stalled" or "iteration limit"
    n_iter_ : int, iterations, the largest of the classes
    n_passes_ : int, how often the features were read
    n_features_in_ : int
    """

    _classifier = "svm"


class LogisticClassifier(_OneC):
    """Softmax regression: ``1/2 |W|^2 + C sum_i (log sum_q exp(s_iq) - s_iy)``, intercepts penalised or free.

    ``LogisticRegression(C=C)`` of scikit-learn has the same objective with ``intercept="free"``. Parameters and
    attributes as in ``L2SVMClassifier``, but ``objective_``, ``gap_`` and so on hold one number for all classes.
    """

    _classifier = "logistic"

    def predict_proba(self, X: Any) -> np.ndarray:
        """Give the probabilities (N, K) of the classes."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            scores = np.stack([np.zeros_like(scores), scores], axis=1)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


class RidgeClassifier(_OneC):
    """Least squares to signs, one-vs-rest: ``1/2 |w|^2 + C sum_i (t_i - x_i w - b)^2``.

    ``RidgeClassifier(alpha=1 / (2 * C))`` of scikit-learn has the same solution with ``intercept="free"``. Parameters
    and attributes as in ``L2SVMClassifier``.
    """

    _classifier = "ridge"


def read_in_blocks(X: Any) -> bool:
    """Tell whether features are something that scikit-learn would copy whole: a tensor, or rows of a file."""
    return is_torch_array(X) or isinstance(X, h5py.Dataset) or bool(getattr(X, "reads_rows", False))
