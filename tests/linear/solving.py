"""The least values of problems by another way, and ways to make ``solve`` take each of its routes."""

from functools import cache

import numpy as np
import pytest

from dcgan_probe.linear import Solution
from dcgan_probe.linear._solver.design import Design

from .cases import CASES, one_vs_rest

PENALTIES = [1e-6, 1e-3, 1.0, 1e3]


def reference_value(features: np.ndarray, target: np.ndarray, penalty: float, *, free_intercept: bool = False) -> float:
    """Least value of one problem, to a relative gap under 1e-11."""
    return reference_solution(features, target, penalty, free_intercept=free_intercept)[0]


def reference_solution(
    features: np.ndarray, target: np.ndarray, penalty: float, *, free_intercept: bool = False
) -> tuple[float, np.ndarray]:
    """Least value of one problem and its weights (D + 1,): dense Newton in float64 with backtracking."""
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
    """Least values (M, K) of a case in a dtype."""
    features, labels = CASES[name]()
    features = features.astype(dtype).astype(np.float64)
    targets = one_vs_rest(labels)
    return np.array([[reference_value(features, target, penalty) for target in targets.T] for penalty in PENALTIES])


def weights_of(solution: Solution) -> np.ndarray:
    return np.concatenate([solution.coefficients, solution.intercepts[..., np.newaxis]], axis=-1)


def force(monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    """Leave one way to solve, whatever the sizes."""
    monkeypatch.setattr("dcgan_probe.linear._solver.plan.NARROW_WIDTH", 10**9 if route == "narrow" else 0)
    monkeypatch.setattr("dcgan_probe.linear._solver.plan.SPAN_ROWS", 10**9 if route == "span" else 0)
    monkeypatch.setattr("dcgan_probe.linear._solver.plan.FACTORED_WIDTH", 0 if route == "sketched" else 10**9)


def keep_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let CPU tensors go the way of those on a GPU."""
    monkeypatch.setattr("dcgan_probe.linear._solver.solver.as_design", Design)
