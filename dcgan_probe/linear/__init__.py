"""Floor 1. Linear classifiers for many features: exact, every class, every ``C`` and every fold in one batched pass.

::

    classifiers          scikit-learn estimators with a given C
    cross_validation     estimator with C chosen by cross-validation
    base                 base of the estimators: checks, one fit, prediction
    penalty_selection    C chosen on held-out rows
    penalty_path         labels and values of C in, fitted classifiers out
    weighting            row weights times class weights
    _solver              arrays in, ``Solution`` out; its docstring lists its parts
"""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from ._solver.design import RowReader as RowReader
    from ._solver.gram import gram_matrix as gram_matrix
    from ._solver.memory_plan import (
        Plan as Plan,
        Sizes as Sizes,
        default_memory as default_memory,
        make_plan as make_plan,
    )
    from ._solver.solution import (
        CONVERGED as CONVERGED,
        ITERATION_LIMIT as ITERATION_LIMIT,
        STALLED as STALLED,
        STATUSES as STATUSES,
        Solution as Solution,
    )
    from ._solver.solver import solve as solve
    from .classifiers import (
        L2SVMClassifier as L2SVMClassifier,
        LogisticClassifier as LogisticClassifier,
        RidgeClassifier as RidgeClassifier,
    )
    from .cross_validation import L2SVMClassifierCV as L2SVMClassifierCV
    from .penalty_path import (
        LOSSES as LOSSES,
        TOLERANCE as TOLERANCE,
        LinearClassifier as LinearClassifier,
        fit_path as fit_path,
        predict_path as predict_path,
    )
    from .penalty_selection import (
        C_GRID as C_GRID,
        Selection as Selection,
        best_value as best_value,
        mean_accuracy as mean_accuracy,
        select_penalty as select_penalty,
    )
    from .settings import INTERCEPTS as INTERCEPTS, Classifier as Classifier, Intercept as Intercept

import_when_used(__name__)
