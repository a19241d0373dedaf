"""The scikit-learn estimator of the L2-SVM that chooses C on held-out rows."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv

from .estimator import LinearEstimator
from .path import ITERATIONS, TOLERANCE, encode
from .selection import select_penalty
from .settings import Intercept
from .solution import CONVERGED

PAPER_CS = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2)


class L2SVMClassifierCV(LinearEstimator):
    """The L2-SVM with a ``C`` chosen by the accuracy on held-out rows, then fitted on all rows.

    All folds and all values of ``C`` are fitted as columns of one problem, and the last fit starts from theirs.

    Parameters
    ----------
    Cs
        Values of ``C``, which are not extended; the DCGAN authors' seven if not given.
    cv
        Number of stratified folds, a scikit-learn splitter (``PredefinedSplit`` for a validation split,
        ``StratifiedShuffleSplit`` for draws), or an iterable of pairs of row numbers that train and that score.
    intercept, standardise, tol, max_iter, memory
        As in ``L2SVMClassifier``; ``standardise`` by the rows that each split trains on.

    Attributes
    ----------
    C_ : float, the chosen value; the smaller one of equals, so the smallest of ``Cs`` if all values tie
    Cs_ : array (M,)
    scores_ : array (splits, M), accuracies of the held-out rows
    selection_gap_ : float, the greatest relative duality gap of the fits that chose
    classes_, coef_, intercept_, objective_, gradient_norm_, gap_, status_, n_iter_, n_passes_, n_features_in_ : of the
        fit on all rows, as in ``L2SVMClassifier``
    """

    _classifier = "svm"

    def __init__(
        self,
        Cs: Sequence[float] = PAPER_CS,
        *,
        cv: Any = 5,
        intercept: Intercept = "penalised",
        standardise: bool = False,
        tol: float = TOLERANCE,
        max_iter: int = ITERATIONS,
        memory: int | None = None,
    ):
        self.Cs = Cs
        self.cv = cv
        self.intercept = intercept
        self.standardise = standardise
        self.tol = tol
        self.max_iter = max_iter
        self.memory = memory

    def fit(self, X: Any, y: Any) -> "L2SVMClassifierCV":
        """Choose ``C`` and fit; the errors and warnings are those of ``L2SVMClassifier.fit``."""
        X, y = self._checked(X, y)
        encode(y, self._classifier)
        rows = np.empty((len(y), 0))  # splitters look at the number of rows alone
        splits = [(np.asarray(t), np.asarray(s)) for t, s in check_cv(self.cv, y, classifier=True).split(rows, y)]
        selection = select_penalty(
            X,
            y,
            self.Cs,
            splits,
            classifier=self._classifier,
            intercept=self.intercept,
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
                stacklevel=2,
            )
        self._solve(X, y, self.C_, selection.start)
        return self
