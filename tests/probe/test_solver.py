import warnings

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from dcgan_probe.probe import CONVERGED, ITERATION_LIMIT, STALLED, Solution, solve
from dcgan_probe.runtime import UserError

from .cases import CASES, badly_scaled_wide, blobs, objective, one_vs_rest, tall, wide

PENALTIES = [1e-6, 1e-3, 1.0, 1e3]


def reference_value(features: np.ndarray, target: np.ndarray, penalty: float) -> float:
    """Least value of one problem: dense Newton in float64 with backtracking, to a relative gap under 1e-11."""
    signed = np.hstack([features, np.ones((len(features), 1))]) * target[:, np.newaxis]
    weights = np.zeros(signed.shape[1])

    def value(at: np.ndarray) -> float:
        slack = np.maximum(0.0, 1.0 - signed @ at)
        return 0.5 * float(at @ at) + penalty * float(slack @ slack)

    for _ in range(1000):
        slack = np.maximum(0.0, 1.0 - signed @ weights)
        gradient = weights - 2.0 * penalty * signed.T @ slack
        if 0.5 * gradient @ gradient < 1e-11 * value(weights):
            return value(weights)
        held = signed[slack > 0.0]
        direction = -np.linalg.solve(np.eye(len(weights)) + 2.0 * penalty * held.T @ held, gradient)
        step = 1.0
        while value(weights + step * direction) > value(weights) + 1e-4 * step * (gradient @ direction):
            step /= 2.0
        weights = weights + step * direction
    raise AssertionError("the reference did not converge")


def recomputed(features: np.ndarray, targets: np.ndarray, penalties: list[float], solution: Solution) -> np.ndarray:
    weights = np.concatenate([solution.coefficients, solution.intercepts[..., np.newaxis]], axis=-1)
    return np.array(
        [
            [objective(features, targets[:, k], penalty, weights[m, k]) for k in range(targets.shape[1])]
            for m, penalty in enumerate(penalties)
        ]
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CASES)
def test_every_case_reaches_the_reference_minimum(name: str, dtype: type) -> None:
    features, labels = CASES[name]()
    features, targets = features.astype(dtype), one_vs_rest(labels)
    solution = solve(features, targets, PENALTIES, max_iter=300)
    assert (solution.status == CONVERGED).all()
    assert solution.gap.max() <= 1e-6
    np.testing.assert_allclose(recomputed(features, targets, PENALTIES, solution), solution.objective, rtol=1e-9)
    for m, penalty in enumerate(PENALTIES):
        for k in range(targets.shape[1]):
            best = reference_value(features.astype(np.float64), targets[:, k], penalty)
            assert -1e-9 <= solution.objective[m, k] / best - 1.0 <= solution.gap[m, k] + 1e-9


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
def test_the_order_of_rows_and_classes_does_not_matter(case) -> None:
    features, labels = case()
    targets = one_vs_rest(labels)
    draw = np.random.default_rng(0)
    rows, classes = draw.permutation(len(features)), draw.permutation(targets.shape[1])
    plain = solve(features, targets, [0.01], tol=1e-12)
    shuffled = solve(features[rows], targets[rows][:, classes], [0.01], tol=1e-12)
    np.testing.assert_allclose(shuffled.coefficients, plain.coefficients[:, classes], rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(shuffled.intercepts, plain.intercepts[:, classes], rtol=1e-4, atol=1e-8)


def test_reduction_to_the_rows_equals_the_direct_solve(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = wide()
    targets = one_vs_rest(labels)
    reduced = solve(features, targets, [1e-3, 1.0], tol=1e-12)
    # A limit under the number of rows leaves the direct solve with the diagonal preconditioner.
    monkeypatch.setattr("dcgan_probe.probe.solver.FACTORED_LIMIT", 5)
    direct = solve(features, targets, [1e-3, 1.0], tol=1e-12)
    assert reduced.passes == 4 < direct.passes
    np.testing.assert_allclose(reduced.coefficients, direct.coefficients, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(reduced.objective, direct.objective, rtol=1e-10)


def test_a_gap_that_rounding_left_in_the_reduction_is_closed_on_the_features() -> None:
    features, labels = blobs(25, 40, 3, spread=2.0)
    features = features * np.logspace(-5, 5, 40)
    solution = solve(features, one_vs_rest(labels), [1.0])
    assert solution.passes > 4
    assert (solution.status == CONVERGED).all()
    best = reference_value(features, one_vs_rest(labels)[:, 0], 1.0)
    assert solution.objective[0, 0] == pytest.approx(best, rel=1e-6)


def test_tall_features_solve_with_the_diagonal_preconditioner_too(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = tall()
    exact = solve(features, one_vs_rest(labels), [0.01])
    monkeypatch.setattr("dcgan_probe.probe.solver.FACTORED_LIMIT", 5)
    diagonal = solve(features, one_vs_rest(labels), [0.01])
    assert (diagonal.status == CONVERGED).all()
    np.testing.assert_allclose(diagonal.objective, exact.objective, rtol=2e-6)
    assert exact.passes < diagonal.passes


def test_float32_features_of_low_rank_with_a_large_mean_can_be_factorised() -> None:
    # Their float32 second moments are indefinite by more than rounding in the factorisation alone.
    features, labels = blobs(3000, 40, 3, spread=2.0)
    features = features @ np.random.default_rng(0).standard_normal((40, 200)) + 50.0
    solution = solve(features.astype(np.float32), one_vs_rest(labels), [1.0])
    assert (solution.status == CONVERGED).all()
    precise = solve(features, one_vs_rest(labels), [1.0])
    np.testing.assert_allclose(solution.objective, precise.objective, rtol=1e-5)


def test_float32_reaches_a_tight_gap_at_a_large_penalty() -> None:
    features, labels = blobs(400, 30, 3, spread=2.0)
    features = features.astype(np.float32)
    solution = solve(features, one_vs_rest(labels), [1e3], tol=1e-9)
    assert (solution.status == CONVERGED).all()
    best = reference_value(features.astype(np.float64), one_vs_rest(labels)[:, 1], 1e3)
    assert solution.objective[0, 1] == pytest.approx(best, rel=1e-9)


def test_every_memory_layout_gives_the_same_result() -> None:
    features, labels = blobs(60, 24, 3, spread=2.0)
    features = features.astype(np.float32)
    targets = one_vs_rest(labels)
    plain = solve(features[::2, ::2].copy(), targets[::2], [0.1])
    for view in (np.asfortranarray(features[::2, ::2]), features[::2, ::2], np.repeat(features[::2, ::2], 2, 0)[::2]):
        other = solve(view, targets[::2].astype(np.int8), [0.1])
        np.testing.assert_allclose(other.coefficients, plain.coefficients, rtol=1e-3, atol=1e-5)


def test_a_tiny_penalty_does_not_leave_zero_weights() -> None:
    features, labels = tall()
    targets = one_vs_rest(labels)
    solution = solve(features, targets, [1e-20])
    assert (solution.status == CONVERGED).all()
    # To first order the weights are a step along -gradient at zero.
    expected = 2e-20 * targets.T @ features
    np.testing.assert_allclose(solution.coefficients[0], expected, rtol=1e-9)


def test_an_iteration_limit_is_reported_with_the_gap_that_is_left() -> None:
    for case in (tall, wide):
        features, labels = case()
        targets = one_vs_rest(labels)
        solution = solve(features, targets, [1.0], max_iter=1)
        assert (solution.status == ITERATION_LIMIT).all()
        assert (solution.iterations == 1).all()
        assert (solution.gap > 1e-6).all()
        for k in range(targets.shape[1]):
            best = reference_value(features, targets[:, k], 1.0)
            assert 0.0 < solution.objective[0, k] - best <= solution.gap[0, k] * solution.objective[0, k]
    assert (solve(*(tall()[0], one_vs_rest(tall()[1])), [1.0], max_iter=50).status == CONVERGED).all()


def test_a_gap_below_rounding_ends_as_stalled() -> None:
    features, labels = badly_scaled_wide()
    solution = solve(features, one_vs_rest(labels), [1e3], tol=1e-30, max_iter=200)
    assert (solution.status == STALLED).any()
    assert solution.gap.max() < 1e-3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"penalties": [0.1, 0.0]}, "C is 0; expected a positive, finite number"),
        ({"penalties": [np.inf]}, "C is inf; expected a positive, finite number"),
        ({"penalties": [-2.0]}, "C is -2; expected"),
        ({"tol": 0.0}, "tol is 0; expected a relative gap between 0 and 1"),
        ({"max_iter": 0}, "max_iter is 0; expected at least 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    features, labels = tall()
    arguments = {"penalties": [1.0], **settings}
    with pytest.raises(UserError, match=message):
        solve(features, one_vs_rest(labels), **arguments)


def test_features_whose_squares_overflow_are_refused() -> None:
    features, labels = tall()
    with pytest.raises(
        UserError, match=r"largest feature is 1e\+19; expected at most .* float32 .* scale the features"
    ):
        solve(np.where(features == features[3, 4], 1e19, features).astype(np.float32), one_vs_rest(labels), [1.0])


def test_no_warning_escapes_from_rounding() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solve(np.zeros((6, 2), dtype=np.float32), np.array([[1, -1]] * 3 + [[-1, 1]] * 3), [1.0])
