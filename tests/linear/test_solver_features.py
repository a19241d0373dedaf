from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from dcgan_probe.linear import CONVERGED, LOSSES, solve

from .cases import CASES, blobs, file_of, one_vs_rest, tall, targets_of, wide
from .solving import force, keep_tensors


def test_float32_features_of_low_rank_with_a_large_mean_can_be_factorised() -> None:
    # Their float32 second moments are indefinite by more than the rounding of the factorization.
    features, labels = blobs(1000, 20, 3, spread=2.0)
    features = features @ np.random.default_rng(0).standard_normal((20, 100)) + 50.0
    solution = solve(features.astype(np.float32), one_vs_rest(labels), [1.0])
    assert (solution.status == CONVERGED).all()
    precise = solve(features, one_vs_rest(labels), [1.0])
    np.testing.assert_allclose(solution.objective, precise.objective, rtol=1e-5)


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
    monkeypatch.setattr("dcgan_probe.linear._solver.design.BLOCK_BYTES", 30 * 12 * 4)
    read = solve(file_of(tmp_path, features), targets, [1e-3, 1.0])
    assert (read.status == CONVERGED).all()
    np.testing.assert_allclose(read.objective, plain.objective, rtol=1e-6)


@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize("route", ["span", "factored", "sketched"])
def test_tensors_converge_to_the_same_values(route: str, classifier: str, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize("name", ["tall", "wide", "constant_columns", "badly_scaled"])
def test_standardizing_equals_standardized_features(name: str, classifier: str, dtype: type) -> None:
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


def test_standardizing_accepts_a_mean_far_from_zero() -> None:
    features, labels = tall()
    shifted = (features + 300.0).astype(np.float32)
    exact = shifted.astype(np.float64)
    plain = solve((exact - exact.mean(axis=0)) / exact.std(axis=0), one_vs_rest(labels), [1.0])
    solution = solve(shifted, one_vs_rest(labels), [1.0], standardise=True)
    assert (solution.status == CONVERGED).all()
    np.testing.assert_allclose(solution.objective, plain.objective, rtol=3e-6)
