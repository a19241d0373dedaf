"""Classifiers of the project with the names and parameters of scikit-learn's, for scikit-learn's tests.

Unsupported parameters, such as an L1 penalty, raise ``Unsupported``. ``tol`` and ``solver`` are accepted and ignored,
since they do not change the optimum; every fit is solved to a gap of ``GAP``.
"""

from typing import Any, ClassVar

from sklearn.base import _fit_context
from sklearn.linear_model import LogisticRegression as TheirLogisticRegression, RidgeClassifier as TheirRidgeClassifier
from sklearn.svm import LinearSVC as TheirLinearSVC

from dcgan_probe import L2SVMClassifier, LogisticClassifier, RidgeClassifier as OurRidgeClassifier
from dcgan_probe.linear.base import LinearEstimator

GAP = 1e-14
OWN_CONSTRAINTS = ("C", "class_weight", "max_iter")


class Unsupported(Exception):  # noqa: N818
    """Parameter value that the project's classifiers do not support."""


def constraints(theirs: type, names: tuple[str, ...] = OWN_CONSTRAINTS) -> dict[str, list[Any]]:
    """Return the parameter constraints of a scikit-learn class, replaced by ours for shared parameters."""
    return {**theirs._parameter_constraints, **{name: LinearEstimator._parameter_constraints[name] for name in names}}


def refuse(estimator: Any, **only: Any) -> None:
    """Raise ``Unsupported`` if a parameter does not have one of the supported values."""
    for name, values in only.items():
        value = getattr(estimator, name)
        if value not in values:
            raise Unsupported(f"{name}={value!r}; the classifiers have {' or '.join(map(repr, values))}")


def copy_fit(estimator: Any, fitted: LinearEstimator) -> None:
    """Copy the attributes of a fitted estimator."""
    vars(estimator).update({name: value for name, value in vars(fitted).items() if name.endswith("_")})


class LinearSVC(L2SVMClassifier):
    """``L2SVMClassifier`` with the parameters of ``sklearn.svm.LinearSVC``."""

    _parameter_constraints: ClassVar = constraints(TheirLinearSVC)

    def __init__(
        self,
        penalty="l2",
        loss="squared_hinge",
        *,
        dual="auto",
        tol=1e-4,
        C=1.0,
        multi_class="ovr",
        fit_intercept=True,
        intercept_scaling=1,
        class_weight=None,
        verbose=0,
        random_state=None,
        max_iter=1000,
    ):
        self.penalty, self.loss, self.dual, self.tol, self.C = penalty, loss, dual, tol, C
        self.multi_class, self.fit_intercept, self.intercept_scaling = multi_class, fit_intercept, intercept_scaling
        self.class_weight, self.verbose, self.random_state, self.max_iter = (
            class_weight,
            verbose,
            random_state,
            max_iter,
        )

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        refuse(self, penalty=["l2"], loss=["squared_hinge"], multi_class=["ovr"], intercept_scaling=[1])
        refuse(self, fit_intercept=[True], verbose=[0])
        ours = L2SVMClassifier(self.C, class_weight=self.class_weight, tol=GAP, max_iter=self.max_iter)
        copy_fit(self, ours.fit(X, y, sample_weight))
        return self


class LogisticRegression(LogisticClassifier):
    """``LogisticClassifier`` with the parameters of ``sklearn.linear_model.LogisticRegression``."""

    _parameter_constraints: ClassVar = constraints(TheirLogisticRegression)

    def __init__(
        self,
        penalty="l2",
        *,
        C=1.0,
        l1_ratio=0.0,
        dual=False,
        tol=1e-4,
        fit_intercept=True,
        intercept_scaling=1,
        class_weight=None,
        random_state=None,
        solver="lbfgs",
        max_iter=100,
        verbose=0,
        warm_start=False,
        n_jobs=None,
    ):
        self.penalty, self.C, self.l1_ratio, self.dual, self.tol = penalty, C, l1_ratio, dual, tol
        self.fit_intercept, self.intercept_scaling, self.class_weight = fit_intercept, intercept_scaling, class_weight
        self.random_state, self.solver, self.max_iter, self.verbose = random_state, solver, max_iter, verbose
        self.warm_start, self.n_jobs = warm_start, n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        refuse(self, penalty=["l2", "deprecated"], l1_ratio=[0.0, None], intercept_scaling=[1])
        refuse(self, fit_intercept=[True], verbose=[0], warm_start=[False])
        intercept = "penalised" if self.solver == "liblinear" else "free"
        ours = LogisticClassifier(
            self.C, intercept=intercept, class_weight=self.class_weight, tol=GAP, max_iter=self.max_iter
        )
        copy_fit(self, ours.fit(X, y, sample_weight))
        return self


class RidgeClassifier(OurRidgeClassifier):
    """``RidgeClassifier`` with the parameters of ``sklearn.linear_model.RidgeClassifier``."""

    _parameter_constraints: ClassVar = constraints(TheirRidgeClassifier, ("class_weight",))

    def __init__(
        self,
        alpha=1.0,
        *,
        fit_intercept=True,
        copy_X=True,
        max_iter=None,
        tol=1e-4,
        class_weight=None,
        solver="auto",
        positive=False,
        random_state=None,
    ):
        self.alpha, self.fit_intercept, self.copy_X, self.max_iter = alpha, fit_intercept, copy_X, max_iter
        self.tol, self.class_weight, self.solver = tol, class_weight, solver
        self.positive, self.random_state = positive, random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        refuse(self, fit_intercept=[True], positive=[False])
        if not self.alpha:
            raise Unsupported("alpha=0 is a fit without a penalty; the classifiers need alpha > 0")
        limit = {} if self.max_iter is None else {"max_iter": self.max_iter}
        ours = OurRidgeClassifier(
            1.0 / (2.0 * self.alpha), intercept="free", class_weight=self.class_weight, tol=GAP, **limit
        )
        copy_fit(self, ours.fit(X, y, sample_weight))
        return self
