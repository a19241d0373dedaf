"""The scikit-learn estimator of the L2-SVM that chooses C on held-out rows."""

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
from .constraints import Penalties
from .linear_estimator import LinearEstimator
from .path import ITERATIONS, TOLERANCE, encode
from .selection import C_GRID, select_penalty
from .settings import Intercept
from .weighting import ClassWeight


class L2SVMClassifierCV(LinearEstimator):
    """The L2-SVM with a ``C`` chosen by the accuracy on held-out rows, then fitted on all rows.

    All folds and all values of ``C`` are fitted as columns of one problem, and the last fit starts from theirs.

    Parameters
    ----------
    Cs
        Values of ``C``, which are not extended; the DCGAN authors' seven if not given.
    cv
        Number of stratified folds, a scikit-learn splitter (``PredefinedSplit`` for a validation split,
        ``StratifiedShuffleSplit`` for draws, ``GroupKFold`` for groups), or an iterable of pairs of row numbers, or of
        masks, that train and that score.
    class_weight
        As in ``L2SVMClassifier``; "balanced" by the rows that each split trains on.
    intercept, standardise, tol, max_iter, memory
        As in ``L2SVMClassifier``; ``standardise`` by the rows that each split trains on.

    Attributes
    ----------
    C_ : float, the chosen value; the smaller one of equals, so the smallest of ``Cs`` if all values tie
    Cs_ : array (M,)
    scores_ : array (splits, M), accuracies of the held-out rows, weighted by ``sample_weight``
    selection_gap_ : float, the greatest relative duality gap of the fits that chose
    classes_, coef_, intercept_, objective_, gradient_norm_, gap_, status_, n_iter_, n_passes_, n_features_in_ : of the
        fit on all rows, as in ``L2SVMClassifier``
    """

    _classifier = "svm"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: each for name, each in LinearEstimator._parameter_constraints.items() if name != "C"},
        "Cs": [Penalties()],
        "cv": ["cv_object"],
    }
    # Groups are the splitter's, so that nobody has to request them of the estimator.
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
        """Choose ``C`` and fit; the errors and warnings are those of ``L2SVMClassifier.fit``.

        Parameters
        ----------
        X, y, sample_weight
            As in ``L2SVMClassifier.fit``; ``sample_weight`` weighs the rows that train and the rows that score.
        groups
            Groups (N,) of the rows, for splitters such as ``GroupKFold``.
        params
            Further metadata for the splitter, where scikit-learn's metadata routing is enabled.
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
                f"fits that chose C stopped ({selection.status}) with a relative gap of up to {selection.gap:.1e}, "
                f"above tol={self.tol:.1e}; raise max_iter, scale the features, or take smaller Cs",
                ConvergenceWarning,
                stacklevel=3,
            )
        self._solve(X, y, weights, self.C_, selection.start)
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata ``fit`` uses itself, and which it passes on to the splitter."""
        passed_on = MethodMapping().add(caller="fit", callee="split")
        return MetadataRouter(owner=self).add_self_request(self).add(splitter=self.cv, method_mapping=passed_on)

    def _split_metadata(self, sample_weight: Any, groups: Any, params: dict[str, Any]) -> dict[str, Any]:
        """Return what the splitter is given beside features and labels."""
        given = {} if groups is None else {"groups": groups}
        if get_config()["enable_metadata_routing"]:
            own = {} if sample_weight is None else {"sample_weight": sample_weight}
            return process_routing(self, "fit", **own, **given, **params).splitter.split
        if params:
            raise UserError(
                f"fit got {', '.join(sorted(params))}; expected X, y, sample_weight and groups: other metadata is for "
                "splitters, after sklearn.set_config(enable_metadata_routing=True)"
            )
        return given
