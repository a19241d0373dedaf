import numpy as np
import pytest

from dcgan_probe.linear import CONVERGED, ITERATION_LIMIT, STALLED, solve

from .cases import CASES, badly_scaled_wide, blobs, one_vs_rest, tall, wide
from .solving import PENALTIES, reference_value


def test_float32_reaches_a_tight_gap_at_a_large_penalty() -> None:
    features, labels = blobs(400, 30, 3, spread=2.0)
    features = features.astype(np.float32)
    solution = solve(features, one_vs_rest(labels), [1e3], tol=1e-9)
    assert (solution.status == CONVERGED).all()
    best = reference_value(features.astype(np.float64), one_vs_rest(labels)[:, 1], 1e3)
    assert solution.objective[0, 1] == pytest.approx(best, rel=1e-9)


def test_float64_reaches_the_gap_with_hardly_more_rows_than_columns() -> None:
    features, labels = blobs(300, 200, 3, spread=4.0)
    solution = solve(features, one_vs_rest(labels)[:, :1], [1.0], max_iter=300)
    assert (solution.status == CONVERGED).all()


def test_problems_that_stall_in_float32_are_finished_in_float64() -> None:
    features, labels = blobs(3000, 60, 3, spread=4.0)
    features = (features + 30.0).astype(np.float32)
    solution = solve(features, one_vs_rest(labels)[:, :1], [1e3], tol=1e-9)
    assert (solution.status == CONVERGED).all()


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
def test_no_problem_exceeds_the_iteration_limit(name: str, max_iter: int) -> None:
    features, labels = CASES[name]()
    solution = solve(features, one_vs_rest(labels), PENALTIES, tol=1e-13, max_iter=max_iter)
    assert solution.iterations.max() <= max_iter
    assert (solution.iterations >= 1).all()


def test_a_gap_below_rounding_ends_as_stalled() -> None:
    features, labels = badly_scaled_wide()
    solution = solve(features, one_vs_rest(labels), [1e3], tol=1e-30, max_iter=200)
    assert (solution.status == STALLED).any()
    assert solution.gap.max() < 1e-3
