"""Floor 1. The linear L2-SVM: LIBLINEAR's squared hinge, every class and every ``C`` in one batched pass."""

from .estimator import L2SVMClassifier, LinearClassifier, fit_path
from .solver import CONVERGED, ITERATION_LIMIT, STALLED, STATUSES, Solution, solve

__all__ = [
    "CONVERGED",
    "ITERATION_LIMIT",
    "STALLED",
    "STATUSES",
    "L2SVMClassifier",
    "LinearClassifier",
    "Solution",
    "fit_path",
    "solve",
]
