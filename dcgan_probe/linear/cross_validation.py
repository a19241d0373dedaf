"""Scikit-learn estimator of the L2-SVM with ``C`` chosen on held-out rows."""

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

from sklearn import get_config  # type: ignore[attr-defined]
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter, MethodMapping, process_routing

from ..runtime import UserError
from ._solver.solution import CONVERGED
from .base import LinearEstimator
from .parameter_constraints import Penalties
from .penalty_path import ITERATIONS, TOLERANCE, encode
from .penalty_selection import C_GRID, select_penalty
from .settings import Intercept
from .weighting import ClassWeight


class L2SVMClassifierCV(LinearEstimator):
    """L2-SVM with ``C`` chosen by the accuracy on held-out rows, then fitted on all rows.

    All folds and all values of ``C`` are fitted as columns of one problem; the refit starts from their mean weights.

    Parameters
    ----------
    Cs
        Values of ``C``; the grid is not extended. The default is the grid of the authors of DCGAN, ``C_GRID``.
    cv
        Number of stratified folds, a scikit-learn splitter (``PredefinedSplit`` for a validation split,
        ``StratifiedShuffleSplit`` for draws, ``GroupKFold`` for groups), or an iterable of pairs of training rows and
        held-out rows, as row numbers or masks.
    class_weight
        As in ``L2SVMClassifier``; ``"balanced"`` weights come from the training rows of each split.
    intercept, standardise, tol, max_iter, memory
        As in ``L2SVMClassifier``; ``standardise`` uses the training rows of each split.

    Attributes
    ----------
    C_ : float, value with the highest mean accuracy; the smallest one of equals
    Cs_ : float64 array (M,), values of ``C``
    scores_ : float64 array (splits, M), accuracies on the held-out rows in [0, 1], weighted by ``sample_weight``
    selection_gap_ : float, largest relative duality gap of the fits on the splits
    classes_, coef_, intercept_, objective_, gradient_norm_, gap_, status_, n_iter_, n_passes_, n_features_in_ : of the
        fit on all rows, as in ``L2SVMClassifier``
    """

    _classifier = "svm"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: each for name, each in LinearEstimator._parameter_constraints.items() if name != "C"},
        "Cs": [Penalties()],
        "cv": ["cv_object"],
    }
    # Groups go to the splitter, so callers need not request them for the estimator.
    __metadata_request__fit: ClassVar[dict[str, str]] = {"groups": UNUSED}

    def __init__(
        self,
        Cs: Sequence[float] = C_GRID,
        *,
        cv: Any = 5,
        intercept: Intercept = "penalised",
        class_weight: ClassWeight = None,
        standardise: bool = False,
        tol: float = TOLERANCE,
        max_iter: int = ITERATIONS,
        memory: int | None = None,
    ):
        self.Cs = Cs
        self.cv = cv
        self.intercept = intercept
        self.class_weight = class_weight
        self.standardise = standardise
        self.tol = tol
        self.max_iter = max_iter
        self.memory = memory

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None, **params: Any
    ) -> "L2SVMClassifierCV":
        """Choose ``C`` and fit all rows; errors and warnings are as in ``L2SVMClassifier.fit``.

        Parameters
        ----------
        X, y, sample_weight
            As in ``L2SVMClassifier.fit``; ``sample_weight`` applies to training rows and held-out rows.
        groups
            Groups (N,) of the rows, for splitters such as ``GroupKFold``.
        params
            Further metadata for the splitter, if scikit-learn's metadata routing is enabled.
        """
        given = X
        X, y, weights = self._checked(X, y, sample_weight)
        encode(y, self._classifier, weights)
        metadata = self._split_metadata(sample_weight, groups, params)
        splits = list(check_cv(self.cv, y, classifier=True).split(given, y, **metadata))
        selection = select_penalty(
            X,
            y,
            self.Cs,
            splits,
            classifier=self._classifier,
            intercept=self.intercept,
            sample_weight=weights,
            class_weight=self.class_weight,
            standardise=self.standardise,
            tol=self.tol,
            max_iter=self.max_iter,
            memory=self.memory,
        )
        self.Cs_, self.scores_, self.C_ = selection.penalties, selection.accuracies, selection.C
        self.selection_gap_ = selection.gap
        if selection.status != CONVERGED:
            warnings.warn(
                f"fits on the splits stopped ({selection.status}) with a relative gap of up to {selection.gap:.1e}, "
                f"above tol={self.tol:.1e}; raise max_iter, scale the features, or use smaller Cs",
                ConvergenceWarning,
                stacklevel=3,
            )
        self._solve(X, y, weights, self.C_, selection.start)
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to ``fit`` and to the splitter."""
        passed_on = MethodMapping().add(caller="fit", callee="split")
        return MetadataRouter(owner=self).add_self_request(self).add(splitter=self.cv, method_mapping=passed_on)

    def _split_metadata(self, sample_weight: Any, groups: Any, params: dict[str, Any]) -> dict[str, Any]:
        """Return the splitter's metadata: groups, and routed metadata if routing is enabled."""
        given = {} if groups is None else {"groups": groups}
        if get_config()["enable_metadata_routing"]:
            own = {} if sample_weight is None else {"sample_weight": sample_weight}
            return process_routing(self, "fit", **own, **given, **params).splitter.split
        if params:
            raise UserError(
                f"fit got {', '.join(sorted(params))}; expected X, y, sample_weight and groups: other metadata reaches "
                "splitters only after sklearn.set_config(enable_metadata_routing=True)"
            )
        return given
