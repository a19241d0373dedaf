"""Floor 1. Linear classifiers for many features: exact, every class, every ``C`` and every fold in one batched pass.

Modules in the order of a fit; each imports only modules above it::

    losses            value, residual and curvature of each row's loss
    conversion        copies of rows in another dtype, in threads
    scaling           means and deviations of columns, subtracted from blocks before a product
    products          products of a block with itself, and of weights with a block
    design            products with features in memory, on a GPU or on disk, block by block
    gram              Gram matrix of the rows
    objective         values, gradients and Hessian-vector products of many problems at once
    searches          line searches of many problems at once
    preconditioners   approximate inverses of the shared curvature: Cholesky factors, or a sketch
    heavy             exact steps in the dominant subspace, spanned by the largest eigenvectors
    state, descent    weights, gradients and values of problems, and the loop that updates them
    dominant          preconditioner of a softmax with a few rows far longer than the others
    lbfgs, newton     search directions: L-BFGS makes most steps, truncated Newton the last ones
    plan              choice of a route by memory, and its cost
    solution          results of problems, during a fit and at its end
    groups            many rows: all problems at once, or as many as fit the memory
    span              fewer rows than features: problems in the span of the rows
    curvature, narrow few features: Newton's method with a Hessian for each problem
    checks            checks of the caller's arrays, and the problems built from them
    solver            solve(): arrays in, Solution out
    weighting         row weights times class weights
    path, selection   labels in, classifiers out; C chosen on held-out rows
    linear_estimator  base of the scikit-learn estimators: checks, one fit, prediction
    estimator         estimators with a given C; estimator_cv: with C chosen by cross-validation
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
