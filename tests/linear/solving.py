"""Reference minima by dense Newton's method, and monkeypatches that select a route of ``solve``."""

from functools import cache

import numpy as np
import pytest

from dcgan_probe.linear import Solution
from dcgan_probe.linear._solver.design import Design

from .cases import CASES, one_vs_rest

PENALTIES = [1e-6, 1e-3, 1.0, 1e3]


def reference_value(features: np.ndarray, target: np.ndarray, penalty: float, *, free_intercept: bool = False) -> float:
    """Compute the minimum of one L2-SVM, to a relative gap below 1e-11."""
    return reference_solution(features, target, penalty, free_intercept=free_intercept)[0]


def reference_solution(
    features: np.ndarray, target: np.ndarray, penalty: float, *, free_intercept: bool = False
) -> tuple[float, np.ndarray]:
    """Compute the minimum of one L2-SVM and its weights (D + 1,), by dense float64 Newton steps with backtracking."""
    signed = np.hstack([features, np.ones((len(features), 1))]) * target[:, np.newaxis]
    shrinks = np.ones(signed.shape[1])
    shrinks[-1] = not free_intercept
    weights = np.zeros(signed.shape[1])

    def value(at: np.ndarray) -> float:
        slack = np.maximum(0.0, 1.0 - signed @ at)
        return 0.5 * float(shrinks * at @ at) + penalty * float(slack @ slack)

    for _ in range(1000):
        slack = np.maximum(0.0, 1.0 - signed @ weights)
        gradient = shrinks * weights - 2.0 * penalty * signed.T @ slack
        if 0.5 * gradient @ gradient < 1e-11 * value(weights):
            return value(weights), weights
        held = signed[slack > 0.0]
        direction = -np.linalg.solve(np.diag(shrinks) + 2.0 * penalty * held.T @ held, gradient)
        step = 1.0
        while value(weights + step * direction) > value(weights) + 1e-4 * step * (gradient @ direction):
            step /= 2.0
        weights = weights + step * direction
    raise AssertionError("the reference did not converge")


@cache
def references(name: str, dtype: type) -> np.ndarray:
    """Compute the minima (M, K) of a case in a dtype."""
    features, labels = CASES[name]()
    features = features.astype(dtype).astype(np.float64)
    targets = one_vs_rest(labels)
    return np.array([[reference_value(features, target, penalty) for target in targets.T] for penalty in PENALTIES])


def weights_of(solution: Solution) -> np.ndarray:
    return np.concatenate([solution.coefficients, solution.intercepts[..., np.newaxis]], axis=-1)


def force(monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    """Make ``solve`` use one route for all sizes."""
    monkeypatch.setattr("dcgan_probe.linear._solver.memory_plan.NARROW_WIDTH", 10**9 if route == "narrow" else 0)
    monkeypatch.setattr("dcgan_probe.linear._solver.memory_plan.SPAN_ROWS", 10**9 if route == "span" else 0)
    monkeypatch.setattr("dcgan_probe.linear._solver.memory_plan.FACTORED_WIDTH", 0 if route == "sketched" else 10**9)


def keep_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``solve`` treat CPU tensors as those on a GPU."""
    monkeypatch.setattr("dcgan_probe.linear._solver.solver.as_design", Design)
