import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.svm import LinearSVC

from dcgan_probe.probe import CONVERGED, ITERATION_LIMIT, LOSSES, STALLED, Sizes, Solution, make_plan, solve
from dcgan_probe.probe.design import Design
from dcgan_probe.probe.plan import FIXED_BYTES, _column_bytes
from dcgan_probe.runtime import UserError

from .cases import (
    CASES,
    badly_scaled_wide,
    blobs,
    file_of,
    objective,
    one_vs_rest,
    primal_and_dual,
    tall,
    targets_of,
    two_classes,
    wide,
)

PENALTIES = [1e-6, 1e-3, 1.0, 1e3]


def reference_value(features: np.ndarray, target: np.ndarray, penalty: float, *, free_intercept: bool = False) -> float:
    """Least value of one problem: dense Newton in float64 with backtracking, to a relative gap under 1e-11."""
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
            return value(weights)
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


def recomputed(features: np.ndarray, targets: np.ndarray, penalties: list[float], solution: Solution) -> np.ndarray:
    weights = weights_of(solution)
    return np.array(
        [
            [objective(features, targets[:, k], penalty, weights[m, k]) for k in range(targets.shape[1])]
            for m, penalty in enumerate(penalties)
        ]
    )


def force(monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    """Leave one way to solve, whatever the sizes."""
    monkeypatch.setattr("dcgan_probe.probe.plan.SPAN_ROWS", 10**9 if route == "span" else 0)
    monkeypatch.setattr("dcgan_probe.probe.plan.FACTORED_WIDTH", 0 if route == "sketched" else 10**9)


def keep_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let CPU tensors go the way of those on a GPU."""
    monkeypatch.setattr("dcgan_probe.probe.solver.as_design", Design)


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


@pytest.mark.parametrize("route", ["factored", "sketched"])
@pytest.mark.parametrize("name", CASES)
def test_every_case_reaches_the_reference_minimum_on_the_other_routes(
    name: str, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = CASES[name]()
    force(monkeypatch, route)
    solution = solve(features, one_vs_rest(labels), PENALTIES)
    assert solution.plan.route == route
    assert (solution.status == CONVERGED).all()
    excess = solution.objective / references(name, np.float64) - 1.0
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
            # Two coupled outputs of half the difference each have half its squared norm.
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


@pytest.mark.parametrize("free_intercept", [False, True])
@pytest.mark.parametrize("route", ["factored", "sketched"])
def test_the_span_of_the_rows_holds_the_same_least_value(
    route: str, free_intercept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = wide()
    targets = one_vs_rest(labels)
    spanned = solve(features, targets, [1e-3, 1.0], tol=1e-12, free_intercept=free_intercept)
    assert spanned.plan.route == "span"
    force(monkeypatch, route)
    direct = solve(features, targets, [1e-3, 1.0], tol=1e-12, free_intercept=free_intercept)
    assert spanned.passes == 5 < direct.passes
    np.testing.assert_allclose(spanned.coefficients, direct.coefficients, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(spanned.intercepts, direct.intercepts, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(spanned.objective, direct.objective, rtol=1e-10)


def test_a_gap_that_rounding_left_in_the_span_is_closed_on_the_features() -> None:
    features, labels = blobs(25, 40, 3, spread=2.0)
    features = features * np.logspace(-5, 5, 40)
    solution = solve(features, one_vs_rest(labels), [1.0])
    assert solution.passes > 5
    assert (solution.status == CONVERGED).all()
    best = reference_value(features, one_vs_rest(labels)[:, 0], 1.0)
    assert solution.objective[0, 0] == pytest.approx(best, rel=1e-6)


def test_a_known_gram_matrix_changes_nothing() -> None:
    features, labels = wide()
    targets = one_vs_rest(labels)
    gram = features @ features.T
    kept = gram.copy()
    for settings in ({}, {"free_intercept": True}, {"standardise": True}):
        plain = solve(features, targets, [0.01], tol=1e-10, **settings)
        given = solve(features, targets, [0.01], tol=1e-10, gram=gram, **settings)
        np.testing.assert_allclose(given.objective, plain.objective, rtol=1e-9)
        np.testing.assert_allclose(given.coefficients, plain.coefficients, rtol=1e-5, atol=1e-8)
    np.testing.assert_array_equal(gram, kept)


def test_float32_features_of_low_rank_with_a_large_mean_can_be_factorised() -> None:
    # Their float32 second moments are indefinite by more than rounding in the factorisation alone.
    features, labels = blobs(1000, 20, 3, spread=2.0)
    features = features @ np.random.default_rng(0).standard_normal((20, 100)) + 50.0
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


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("case", [tall, wide])
def test_files_are_solved_to_the_same_values(case: Callable, dtype: type, tmp_path: Path) -> None:
    features, labels = case()
    features, targets = features.astype(dtype), one_vs_rest(labels)
    plain = solve(features, targets, [1e-3, 1.0])
    read = solve(file_of(tmp_path, features), targets, [1e-3, 1.0])
    assert (read.status == CONVERGED).all()
    assert read.plan.route == plain.plan.route
    np.testing.assert_allclose(read.objective, plain.objective, rtol=1e-6)


@pytest.mark.parametrize("route", ["factored", "sketched"])
def test_a_file_that_is_read_in_many_blocks_gives_the_same_values(
    route: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = tall()
    features, targets = features.astype(np.float16), one_vs_rest(labels)
    plain = solve(features, targets, [1e-3, 1.0])
    force(monkeypatch, route)
    monkeypatch.setattr("dcgan_probe.probe.design.BLOCK_BYTES", 30 * 12 * 4)
    read = solve(file_of(tmp_path, features), targets, [1e-3, 1.0])
    assert (read.status == CONVERGED).all()
    np.testing.assert_allclose(read.objective, plain.objective, rtol=1e-6)


@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize("route", ["span", "factored", "sketched"])
def test_tensors_take_the_same_way_to_the_same_values(
    route: str, classifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = wide() if route == "span" else tall()
    targets, penalties = targets_of(classifier, labels), [1e-3, 1.0]
    draw = np.random.default_rng(0)
    settings = {
        "loss": LOSSES[classifier],
        "row_weights": (draw.random((2, len(labels))) < 0.7).astype(np.float32),
        "standardise": True,
    }
    force(monkeypatch, route)
    plain = solve(features, targets, penalties, **settings)
    keep_tensors(monkeypatch)
    for dtype in (torch.float64, torch.float32, torch.float16):
        solution = solve(torch.tensor(features).to(dtype), targets, penalties, **settings)
        assert solution.plan.route == route
        assert (solution.status == CONVERGED).all()
        assert isinstance(solution.coefficients, np.ndarray)
        np.testing.assert_allclose(solution.objective, plain.objective, rtol=2e-6 if dtype != torch.float16 else 1e-2)


@pytest.mark.parametrize("case", [tall, wide])
def test_a_row_weight_of_zero_drops_the_row(case: Callable) -> None:
    features, labels = case()
    targets = one_vs_rest(labels)
    kept = np.random.default_rng(0).random(len(labels)) < 0.6
    weighted = solve(features, targets, [1e-2, 1.0], row_weights=kept[np.newaxis].astype(float), tol=1e-10)
    dropped = solve(features[kept], targets[kept], [1e-2, 1.0], tol=1e-10)
    assert weighted.objective.shape == (1, *dropped.objective.shape)
    np.testing.assert_allclose(weighted.objective[0], dropped.objective, rtol=1e-9)
    np.testing.assert_allclose(weighted.coefficients[0], dropped.coefficients, rtol=1e-3, atol=1e-6)


def test_a_row_weight_multiplies_the_penalty_of_its_row() -> None:
    features, labels = tall()
    row_weights = np.random.default_rng(0).integers(0, 4, len(labels))
    weighted = solve(features, one_vs_rest(labels), [0.1], row_weights=row_weights[np.newaxis], tol=1e-10)
    repeated = solve(
        np.repeat(features, row_weights, axis=0), np.repeat(one_vs_rest(labels), row_weights, axis=0), [0.1], tol=1e-10
    )
    np.testing.assert_allclose(weighted.objective[0], repeated.objective, rtol=1e-9)


@pytest.mark.parametrize("route", ["span", "factored", "sketched"])
@pytest.mark.parametrize("classifier", LOSSES)
def test_several_sets_of_row_weights_equal_one_at_a_time(
    classifier: str, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = wide()
    force(monkeypatch, route)
    targets = targets_of(classifier, labels)
    row_weights = np.random.default_rng(0).random((3, len(labels))) * (np.arange(len(labels)) % 3 != [[0], [1], [2]])
    row_weights[:, :3] = 1.0
    settings = {"loss": LOSSES[classifier], "tol": 1e-10}
    together = solve(features, targets, [1e-3, 0.1], row_weights=row_weights, **settings)
    for fold in range(3):
        alone = solve(features, targets, [1e-3, 0.1], row_weights=row_weights[fold : fold + 1], **settings)
        np.testing.assert_allclose(together.objective[fold], alone.objective[0], rtol=1e-9)
        np.testing.assert_allclose(together.coefficients[fold], alone.coefficients[0], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize("name", ["tall", "wide", "constant_columns", "badly_scaled"])
def test_standardising_equals_standardised_features(name: str, classifier: str, dtype: type) -> None:
    features, labels = CASES[name]()
    features, targets = features.astype(dtype), targets_of(classifier, labels)
    mean, deviation = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    deviation = np.where(np.ptp(features, axis=0) == 0.0, 1.0, deviation)
    by_hand = (features - mean) / deviation
    settings = {"loss": LOSSES[classifier], "tol": 1e-8}
    inside = solve(features, targets, [1e-2, 1.0], standardise=True, **settings)
    outside = solve(by_hand, targets, [1e-2, 1.0], **settings)
    assert (inside.status == CONVERGED).all()
    np.testing.assert_allclose(inside.objective, outside.objective, rtol=2e-8 if dtype == np.float64 else 1e-6)
    scores = [
        np.einsum("nd,mkd->mkn", rows, solution.coefficients) + solution.intercepts[..., np.newaxis]
        for rows, solution in ((features.astype(np.float64), inside), (by_hand, outside))
    ]
    np.testing.assert_allclose(scores[0], scores[1], atol=2e-3)


def test_standardising_bears_a_mean_far_from_zero() -> None:
    features, labels = tall()
    shifted = (features + 300.0).astype(np.float32)
    exact = shifted.astype(np.float64)
    plain = solve((exact - exact.mean(axis=0)) / exact.std(axis=0), one_vs_rest(labels), [1.0])
    solution = solve(shifted, one_vs_rest(labels), [1.0], standardise=True)
    assert (solution.status == CONVERGED).all()
    np.testing.assert_allclose(solution.objective, plain.objective, rtol=3e-6)


@pytest.mark.parametrize("route", ["span", "factored", "sketched"])
@pytest.mark.parametrize("classifier", LOSSES)
def test_a_start_changes_no_value(classifier: str, route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = wide()
    force(monkeypatch, route)
    targets, settings = targets_of(classifier, labels), {"loss": LOSSES[classifier], "tol": 1e-9}
    cold = solve(features, targets, [0.01, 1.0], **settings)
    draw = np.random.default_rng(0)
    for start in (draw.standard_normal((3, 91)), weights_of(cold)[1]):
        warm = solve(features, targets, [0.01, 1.0], start=start, **settings)
        assert (warm.status == CONVERGED).all()
        np.testing.assert_allclose(warm.objective, cold.objective, rtol=2e-9)


def test_a_start_at_the_least_value_saves_iterations() -> None:
    features, labels = tall()
    cold = solve(features, one_vs_rest(labels), [1.0])
    warm = solve(features, one_vs_rest(labels), [1.0], start=weights_of(cold)[0])
    assert warm.iterations.max() < cold.iterations.min()


@pytest.mark.parametrize("route", ["factored", "sketched"])
def test_groups_that_fit_the_memory_equal_one_group(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = blobs(300, 60, 3, spread=4.0)
    features = features.astype(np.float32)
    force(monkeypatch, route)
    targets, row_weights = one_vs_rest(labels), (np.arange(300) % 5 != [[0], [1]]).astype(np.float32)
    penalties = [1e-7, 1e-5, 1e-3, 1e-2]
    whole = solve(features, targets, penalties, row_weights=row_weights)
    sizes = Sizes(300, 60, 24, levels=len(penalties))
    shared = 61**2 * 4 if route == "factored" else 2 * 61 * 32 * 4
    memory = FIXED_BYTES + shared + 5 * _column_bytes(sizes) + 40_000
    assert make_plan(sizes, memory).together < 24
    grouped = solve(features, targets, penalties, row_weights=row_weights, memory=memory)
    assert (grouped.plan.route, whole.plan.together) == (route, 24)
    assert grouped.plan.together < 24
    assert (grouped.status == CONVERGED).all()
    np.testing.assert_allclose(grouped.objective, whole.objective, rtol=2e-6)
    assert grouped.passes > whole.passes


def test_float64_reaches_the_gap_with_hardly_more_rows_than_columns() -> None:
    features, labels = blobs(300, 200, 3, spread=4.0)
    solution = solve(features, one_vs_rest(labels)[:, :1], [1.0], max_iter=300)
    assert (solution.status == CONVERGED).all()


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


@pytest.mark.parametrize("max_iter", [1, 3, 12, 90])
@pytest.mark.parametrize("name", ["tall", "badly_scaled", "badly_scaled_wide"])
def test_no_problem_takes_more_iterations_than_allowed(name: str, max_iter: int) -> None:
    features, labels = CASES[name]()
    solution = solve(features, one_vs_rest(labels), PENALTIES, tol=1e-13, max_iter=max_iter)
    assert solution.iterations.max() <= max_iter
    assert (solution.iterations >= 1).all()


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
        ({"penalties": [np.nan]}, "C is nan; expected a positive, finite number"),
        ({"penalties": [-2.0]}, "C is -2; expected"),
        ({"tol": 0.0}, "tol is 0; expected a relative gap between 0 and 1"),
        ({"max_iter": 0}, "max_iter is 0; expected at least 1"),
        ({"row_weights": np.ones(200)}, r"row weights have shape \(200,\); expected \(F, 200\), none below 0"),
        (
            {"row_weights": np.eye(2, 200) * [[1.0], [0.0]]},
            "set 1 of row weights is all zero; expected rows that count",
        ),
        ({"penalties": [1e300]}, r"C is 1e\+300; expected at most 1e\+12"),
        ({"penalties": []}, r"C has shape \(0,\); expected one or more values"),
        ({"added_variance": -1.0}, "added_variance is -1; expected 0 or a positive number"),
        ({"row_weights": np.full((1, 200), np.inf)}, r"none below 0, all finite"),
        ({"start": np.zeros((4, 12))}, r"start has shape \(4, 12\); expected finite weights \(4, 13\)"),
        ({"start": np.full((4, 13), np.nan)}, "expected finite weights"),
        ({"gram": np.eye(3)}, r"gram has shape \(3, 3\); expected \(200, 200\)"),
        ({"row_weights": -np.ones((1, 200))}, r"row weights have shape \(1, 200\); expected \(F, 200\), none below 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    features, labels = tall()
    arguments = {"penalties": [1.0], **settings}
    with pytest.raises(UserError, match=message):
        solve(features, one_vs_rest(labels), **arguments)


@pytest.mark.parametrize(
    ("classifier", "change", "message"),
    [
        ("svm", lambda targets: 2 * targets, r"other numbers than \+1 and -1"),
        ("svm", lambda targets: (targets + 1) // 2, r"other numbers than \+1 and -1"),
        ("svm", lambda targets: targets[:, 0], r"targets have shape \(200,\); expected \(N, K\)"),
        ("logistic", lambda targets: targets - 1, "from -1 on; expected class numbers 0 to K - 1"),
        ("logistic", lambda targets: targets + 0.5, "targets are float64"),
    ],
)
def test_targets_of_other_values_are_refused(classifier: str, change: Callable, message: str) -> None:
    features, labels = tall()
    with pytest.raises(UserError, match=message):
        solve(features, change(targets_of(classifier, labels)), [1.0], loss=LOSSES[classifier])


def test_features_that_change_to_other_finite_ones_are_refused() -> None:
    features, labels = tall()

    def change(left: int, gap: float) -> None:
        features[:100] *= 1.5

    with pytest.raises(UserError, match="the features changed while they were read"):
        solve(features, one_vs_rest(labels), [1.0], on_iteration=change)


def test_what_stalls_in_float32_is_finished_in_float64() -> None:
    features, labels = blobs(3000, 60, 3, spread=4.0)
    features = (features + 30.0).astype(np.float32)
    solution = solve(features, one_vs_rest(labels)[:, :1], [1e3], tol=1e-9)
    assert (solution.status == CONVERGED).all()


def test_targets_of_other_rows_are_refused() -> None:
    features, labels = tall()
    with pytest.raises(UserError, match="there are 199 rows of targets for 200 rows of features"):
        solve(features, one_vs_rest(labels)[1:], [1.0])


@pytest.mark.parametrize("size", [1e19, 1e30])
def test_features_whose_squares_overflow_are_refused(size: float) -> None:
    features, labels = tall()
    with pytest.raises(
        UserError, match=r"largest feature is 1e\+\d\d; expected at most .* float32 .* scale the features"
    ):
        solve(np.where(features == features[3, 4], size, features).astype(np.float32), one_vs_rest(labels), [1.0])


def test_a_column_too_small_to_standardise_is_refused() -> None:
    features, labels = tall()
    features = features.astype(np.float32)
    features[:, 5] *= np.float32(1e-25)
    with pytest.raises(UserError, match=r"column 5 has a deviation of .*e-25; expected 0 or at least 1e-19"):
        solve(features, one_vs_rest(labels), [1.0], standardise=True)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("case", [tall, wide])
def test_features_that_are_not_finite_are_refused(case: Callable, value: float) -> None:
    features, labels = case()
    features[11, 3] = value
    with pytest.raises(UserError, match=r"X contains (NaN|inf), first in column 3 at row 11"):
        solve(features, one_vs_rest(labels), [1.0])


class ChangingRows:
    """Features that are finite the first time only."""

    def __init__(self, features: np.ndarray):
        self._features, self._reads = features, 0
        self.shape, self.dtype = features.shape, features.dtype

    def __getitem__(self, rows: slice) -> np.ndarray:
        self._reads += 1
        return self._features[rows] if self._reads == 1 else np.full_like(self._features[rows], np.nan)


@pytest.mark.parametrize("route", ["span", "factored", "sketched"])
def test_features_that_change_while_they_are_read_are_refused(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = wide()
    force(monkeypatch, route)
    with pytest.raises(UserError, match="features changed while they were read"):
        solve(ChangingRows(features), one_vs_rest(labels), [1.0])


@pytest.mark.parametrize("free_intercept", [False, True])
@pytest.mark.parametrize("classifier", LOSSES)
def test_classes_that_can_be_parted_at_a_large_penalty(classifier: str, free_intercept: bool) -> None:
    features, labels = wide()
    targets = targets_of(classifier, labels)
    solution = solve(features, targets, [1e5], loss=LOSSES[classifier], free_intercept=free_intercept)
    assert (solution.status == CONVERGED).all()


def test_one_sign_alone_with_a_free_intercept_costs_nothing() -> None:
    features, _ = two_classes()
    solution = solve(features, np.ones((len(features), 1)), [1.0], free_intercept=True)
    np.testing.assert_allclose(solution.objective, 0.0, atol=1e-12)
    assert np.isfinite(solution.gap).all()


def test_no_warning_escapes_from_rounding() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solve(np.zeros((6, 2), dtype=np.float32), np.array([[1, -1]] * 3 + [[-1, 1]] * 3), [1.0])
