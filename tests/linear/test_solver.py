from collections.abc import Callable

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from dcgan_probe.linear import CONVERGED, LOSSES, Solution, solve

from .cases import CASES, objective, one_vs_rest, primal_and_dual, tall, targets_of, two_classes, wide
from .solving import PENALTIES, reference_value, references, weights_of


def recomputed(features: np.ndarray, targets: np.ndarray, penalties: list[float], solution: Solution) -> np.ndarray:
    weights = weights_of(solution)
    return np.array(
        [
            [objective(features, targets[:, k], penalty, weights[m, k]) for k in range(targets.shape[1])]
            for m, penalty in enumerate(penalties)
        ]
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("name", CASES)
def test_every_case_reaches_the_reference_minimum(name: str, dtype: type) -> None:
    features, labels = CASES[name]()
    features, targets = features.astype(dtype), one_vs_rest(labels)
    solution = solve(features, targets, PENALTIES)
    assert (solution.status == CONVERGED).all()
    assert solution.gap.max() <= 1e-6
    np.testing.assert_allclose(recomputed(features, targets, PENALTIES, solution), solution.objective, rtol=1e-9)
    excess = solution.objective / references(name, dtype) - 1.0
    assert (excess >= -1e-9).all()
    assert (excess <= solution.gap + 1e-9).all()


@pytest.mark.parametrize("free_intercept", [False, True])
@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize("name", CASES)
def test_the_dual_value_certifies_every_loss_and_intercept(name: str, classifier: str, free_intercept: bool) -> None:
    features, labels = CASES[name]()
    features, targets = features.astype(np.float32), targets_of(classifier, labels)
    penalties = [1e-3, 1.0]
    solution = solve(features, targets, penalties, loss=LOSSES[classifier], free_intercept=free_intercept)
    assert (solution.status == CONVERGED).all()
    weights = weights_of(solution)
    for m, penalty in enumerate(penalties):
        for k in range(solution.objective.shape[1]):
            target, own = (labels, weights[m]) if classifier == "logistic" else (targets[:, k], weights[m, k])
            # Two coupled outputs, of half the difference each, have half its squared norm.
            share = 2.0 if classifier == "logistic" and len(own) == 2 else 1.0
            found = primal_and_dual(classifier, features, target, penalty / share, own, free_intercept=free_intercept)
            value, bound = (share * each for each in found)
            assert solution.objective[m, k] == pytest.approx(value, rel=1e-9)
            assert -1e-9 <= 1.0 - bound / value <= 1e-6 + 1e-9
            if free_intercept and classifier == "svm":
                best = reference_value(features.astype(np.float64), target, penalty, free_intercept=True)
                assert value == pytest.approx(best, rel=2e-6)


@pytest.mark.parametrize("name", CASES)
def test_every_case_agrees_with_linear_svc(name: str) -> None:
    features, labels = CASES[name]()
    targets = one_vs_rest(labels)
    penalties = [1e-6, 1e-3, 1.0]
    solution = solve(features, targets, penalties)
    for m, penalty in enumerate(penalties):
        for k in range(targets.shape[1]):
            other = LinearSVC(C=penalty, tol=1e-8, dual=False, max_iter=20_000).fit(features, targets[:, k])
            value = objective(features, targets[:, k], penalty, np.append(other.coef_[0], other.intercept_))
            assert solution.objective[m, k] == pytest.approx(value, rel=1e-5)
            scale = np.abs(other.decision_function(features)).max()
            scores = features @ solution.coefficients[m, k] + solution.intercepts[m, k]
            np.testing.assert_allclose(scores, other.decision_function(features), atol=5e-3 * scale)


def test_one_call_for_all_penalties_equals_separate_calls() -> None:
    features, labels = tall()
    targets = one_vs_rest(labels)
    together = solve(features, targets, PENALTIES, tol=1e-12)
    for m, penalty in enumerate(PENALTIES):
        alone = solve(features, targets, [penalty], tol=1e-12)
        np.testing.assert_allclose(together.coefficients[m], alone.coefficients[0], rtol=1e-4, atol=1e-8)
        np.testing.assert_allclose(together.objective[m], alone.objective[0], rtol=1e-11)


def test_doubled_rows_equal_a_doubled_penalty() -> None:
    features, labels = tall()
    targets = one_vs_rest(labels)
    once = solve(features, targets, [2e-3, 2.0], tol=1e-12)
    twice = solve(np.tile(features, (2, 1)), np.tile(targets, (2, 1)), [1e-3, 1.0], tol=1e-12)
    np.testing.assert_allclose(once.coefficients, twice.coefficients, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(once.objective, twice.objective, rtol=1e-10)


@pytest.mark.parametrize("case", [tall, wide])
def test_the_order_of_rows_and_classes_does_not_matter(case: Callable) -> None:
    features, labels = case()
    targets = one_vs_rest(labels)
    draw = np.random.default_rng(0)
    rows, classes = draw.permutation(len(features)), draw.permutation(targets.shape[1])
    plain = solve(features, targets, [0.01], tol=1e-12)
    shuffled = solve(features[rows], targets[rows][:, classes], [0.01], tol=1e-12)
    np.testing.assert_allclose(shuffled.coefficients, plain.coefficients[:, classes], rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(shuffled.intercepts, plain.intercepts[:, classes], rtol=1e-4, atol=1e-8)


def test_a_tiny_penalty_does_not_leave_zero_weights() -> None:
    features, labels = tall()
    targets = one_vs_rest(labels)
    solution = solve(features, targets, [1e-20])
    assert (solution.status == CONVERGED).all()
    # To first order the weights are a step along the negative gradient at zero.
    expected = 2e-20 * targets.T @ features
    np.testing.assert_allclose(solution.coefficients[0], expected, rtol=1e-9)


@pytest.mark.parametrize("free_intercept", [False, True])
@pytest.mark.parametrize("classifier", LOSSES)
def test_separable_classes_converge_at_a_large_penalty(classifier: str, free_intercept: bool) -> None:
    features, labels = wide()
    targets = targets_of(classifier, labels)
    solution = solve(features, targets, [1e5], loss=LOSSES[classifier], free_intercept=free_intercept)
    assert (solution.status == CONVERGED).all()


def test_one_sign_with_a_free_intercept_has_objective_zero() -> None:
    features, _ = two_classes()
    solution = solve(features, np.ones((len(features), 1)), [1.0], free_intercept=True)
    np.testing.assert_allclose(solution.objective, 0.0, atol=1e-12)
    assert np.isfinite(solution.gap).all()


def test_zero_features_fit_the_intercept_without_a_warning() -> None:
    signs = np.array([[1, -1]] * 4 + [[-1, 1]] * 2)
    solution = solve(np.zeros((6, 2), dtype=np.float32), signs, [1.0], tol=1e-12)
    # b/2 = 4 (1 - b) - 2 (1 + b), so 1/2 b^2 + 4 (1 - b)^2 + 2 (1 + b)^2 is least at b = 4/13.
    np.testing.assert_allclose(solution.intercepts[0], [4 / 13, -4 / 13])
    np.testing.assert_allclose(solution.objective[0], 70 / 13)
    np.testing.assert_array_equal(solution.coefficients, 0.0)
