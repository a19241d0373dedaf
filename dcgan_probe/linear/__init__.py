"""Floor 1. Linear classifiers for many features: exact, every class, every ``C`` and every fold in one batched pass.

The way of a fit, each module knowing only those above it::

    losses            value, slope and curvature of a row
    conversion        rows from one dtype to another, in threads
    scaling           means and deviations, taken off blocks before they are multiplied
    products          a block with itself, weights with a block
    design            products with the features, block by block, wherever they lie
    gram              products of the rows with each other
    objective         values of many problems at once
    searches          their least values along lines
    preconditioners   inverses of the shared curvature: Cholesky, or a sketch
    heavy             exact steps in the few directions of the largest eigenvalues
    state, descent    where problems stand, and the loop that moves them
    dominant          the preconditioner of a softmax in which a few rows are far longer than the others
    lbfgs, newton     directions: the first carries nearly everything, the second finishes what is left
    plan              which way fits the memory, and what it costs
    solution          what is known of problems, on the way and in the end
    groups            many rows: all problems, or as many at once as memory allows
    span              fewer rows than features: the same, in the span of the rows
    curvature, narrow few features: Newton's method with a Hessian of each problem
    checks            what a caller gives, refused or made into problems
    solver            solve(): arrays in, Solution out
    weighting         weights of rows, by the caller and by class
    path, selection   labels in, classifiers out; C chosen on held-out rows
    linear_estimator  scikit-learn's face: checks, one fit, prediction
    estimator         the classifiers of a given C; estimator_cv: of a C chosen on folds
"""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from ._solver.design import RowReader as RowReader
    from ._solver.gram import gram_matrix as gram_matrix
    from ._solver.plan import Plan as Plan, Sizes as Sizes, default_memory as default_memory, make_plan as make_plan
    from ._solver.solution import (
        CONVERGED as CONVERGED,
        ITERATION_LIMIT as ITERATION_LIMIT,
        STALLED as STALLED,
        STATUSES as STATUSES,
        Solution as Solution,
    )
    from ._solver.solver import solve as solve
    from .estimator import (
        L2SVMClassifier as L2SVMClassifier,
        LogisticClassifier as LogisticClassifier,
        RidgeClassifier as RidgeClassifier,
    )
    from .estimator_cv import L2SVMClassifierCV as L2SVMClassifierCV
    from .path import (
        LOSSES as LOSSES,
        TOLERANCE as TOLERANCE,
        LinearClassifier as LinearClassifier,
        fit_path as fit_path,
        predict_path as predict_path,
    )
    from .selection import (
        C_GRID as C_GRID,
        Selection as Selection,
        best_value as best_value,
        mean_accuracy as mean_accuracy,
        select_penalty as select_penalty,
    )
    from .settings import INTERCEPTS as INTERCEPTS, Classifier as Classifier, Intercept as Intercept

import_when_used(__name__)
