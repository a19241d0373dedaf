"""Newton's method for few columns: its Hessians, and first solutions on a part of the rows."""

import numpy as np
import pytest

from dcgan_probe.linear import CONVERGED, solve
from dcgan_probe.linear._solver.curvature import ActiveSums, SampledRows, add_squares
from dcgan_probe.linear._solver.design import Design
from dcgan_probe.linear._solver.input_checks import cross_problems
from dcgan_probe.linear._solver.losses import Logistic, SquaredHinge
from dcgan_probe.linear._solver.objective import evaluate

from .cases import blobs, one_vs_rest

OUTPUTS = 3


def softmax_hessian(rows: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return ``1 + sum_i r_i (diag(p_i) - p_i p_i') x x_i x_i'`` as a dense matrix, at C = 1."""
    powers = np.exp(scores)
    chances = powers / powers.sum(axis=0)
    total = np.eye(OUTPUTS * rows.shape[1])
    for row, p, weight in zip(rows, chances.T, weights, strict=True):
        total += weight * np.kron(np.diag(p) - np.outer(p, p), np.outer(row, row))
    return total


@pytest.mark.parametrize("count", [60, 20])
def test_a_sample_of_all_rows_gives_newtons_direction_and_a_part_a_descent(count: int) -> None:
    draw = np.random.default_rng(0)
    features, labels = draw.standard_normal((60, 4)), draw.integers(0, OUTPUTS, 60)
    weights = draw.uniform(0.5, 2.0, (1, 60))
    problems = cross_problems(Design(features), Logistic(), labels, np.ones(1), weights, False)
    scores = draw.standard_normal((1, OUTPUTS, 60))
    _, residuals = evaluate(problems, scores)
    gradient = draw.standard_normal((OUTPUTS, 5))
    direction = SampledRows(problems, scores[0], residuals[0], count).solve(gradient, 1e-12)
    rows = np.concatenate([features, np.ones((60, 1))], axis=1)
    left = softmax_hessian(rows, scores[0], weights[0]) @ direction.ravel() + gradient.ravel()
    if count == 60:
        np.testing.assert_allclose(left, 0.0, atol=1e-9)
    else:
        assert np.vdot(direction, gradient) < 0.0
        assert np.linalg.norm(left) < 0.7 * np.linalg.norm(gradient)


def test_sums_of_active_rows_follow_changes_and_are_recomputed_after_cancellation() -> None:
    draw = np.random.default_rng(0)
    features, labels = blobs(300, 6, 3)
    features[0] *= 1e9  # its square removes all digits of the other features
    problems = cross_problems(Design(features), SquaredHinge(), one_vs_rest(labels), np.ones(1), None, False)
    sums, which = ActiveSums(problems, True), np.arange(3)
    rows = np.concatenate([features, np.ones((300, 1))], axis=1)
    for _ in range(3):
        active = draw.random((3, 1, 300)) < 0.4
        active[:, :, 0] = False
        found = sums.follow(problems, which, active * problems.targets[:, None, :])
        for j in range(3):
            expected = 2.0 * rows[active[j, 0]].T @ rows[active[j, 0]]
            np.testing.assert_allclose(np.triu(found[j]), np.triu(expected), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("most", [0, 1 << 17])
@pytest.mark.parametrize("columns", [6, 7])
def test_rows_are_added_and_subtracted_in_one_product_or_in_parts(
    columns: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcgan_probe.linear._solver.curvature.FEW_PRODUCTS", most)
    draw = np.random.default_rng(0)
    block, shares = draw.standard_normal((50, columns)), draw.integers(-2, 3, 50).astype(np.float32)
    rows = np.concatenate([block, np.ones((50, 7 - columns))], axis=1)
    total = np.eye(7)
    add_squares(total, block, shares)
    np.testing.assert_allclose(np.triu(total), np.triu(np.eye(7) + (rows.T * shares) @ rows), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [SquaredHinge(), Logistic()])
def test_a_start_from_a_part_of_the_rows_saves_passes_over_all(loss: SquaredHinge | Logistic, dtype: type) -> None:
    features, labels = blobs(9000, 4, 3, spread=1.0)
    features = features.astype(dtype)
    targets = labels if loss.coupled else one_vs_rest(labels)
    solution = solve(features, targets, [1.0], loss=loss)
    zero = np.zeros((3, 5))
    without = solve(features, targets, [1.0], loss=loss, start=zero)
    assert (solution.status == CONVERGED).all()
    assert (solution.gap <= 1e-6).all()
    np.testing.assert_allclose(solution.objective, without.objective, rtol=2e-6)
    assert solution.passes < without.passes


def test_a_softmax_with_a_feature_of_1e5_among_ones_needs_few_iterations() -> None:
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 10, 2000)
    features = draw.standard_normal((2000, 50)) + 0.5 * draw.standard_normal((10, 50))[labels]
    features[7, 11] = 1e5
    solution = solve(features.astype(np.float32), labels, [1.0], loss=Logistic())
    assert (solution.status == CONVERGED).all()
    assert solution.iterations.max() < 60
