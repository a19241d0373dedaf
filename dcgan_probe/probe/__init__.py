"""Floor 1. Linear classifiers for many features: exact, every class, every ``C`` and every fold in one batched pass.

The way of a fit, each module knowing only those above it::

    losses            value, slope and curvature of a row
    conversion        rows from one dtype to another, in threads
    scaling           means and deviations, taken off blocks before they are multiplied
    products          a block with itself, weights with a block
    design            products with the features, block by block, wherever they lie
    gram              products of the rows with each other
    objective         values and exact steps of many problems at once
    preconditioners   inverses of the shared curvature: Cholesky, or a sketch
    heavy             exact steps in the few directions of the largest eigenvalues
    state, descent    where problems stand, and the loop that moves them
    dominant          the preconditioner of a softmax in which a few rows are far longer than the others
    lbfgs, newton     directions: the first carries nearly everything, the second finishes what is left
    plan              which way fits the memory, and what it costs
    solution          what is known of problems, on the way and in the end
    groups            many rows: all problems, or as many at once as memory allows
    span              fewer rows than features: the same, in the span of the rows
    rows, curvature, narrow
                      few features: Newton's method with a Hessian of each problem, in blocks that stay in the cache
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
    from .design import RowReader
    from .estimator import L2SVMClassifier, LogisticClassifier, RidgeClassifier
    from .estimator_cv import L2SVMClassifierCV
    from .gram import gram_matrix
    from .path import LOSSES, TOLERANCE, LinearClassifier, fit_path, predict_path
    from .plan import Plan, Sizes, default_memory, make_plan
    from .selection import Selection, select_penalty
    from .settings import INTERCEPTS, Classifier, Intercept
    from .solution import CONVERGED, ITERATION_LIMIT, STALLED, STATUSES, Solution
    from .solver import solve

__all__ = [
    "CONVERGED",
    "INTERCEPTS",
    "ITERATION_LIMIT",
    "LOSSES",
    "STALLED",
    "STATUSES",
    "TOLERANCE",
    "Classifier",
    "Intercept",
    "L2SVMClassifier",
    "L2SVMClassifierCV",
    "LinearClassifier",
    "LogisticClassifier",
    "Plan",
    "RidgeClassifier",
    "RowReader",
    "Selection",
    "Sizes",
    "Solution",
    "default_memory",
    "fit_path",
    "gram_matrix",
    "make_plan",
    "predict_path",
    "select_penalty",
    "solve",
]

import_when_used(__name__)
