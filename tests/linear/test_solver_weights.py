from collections.abc import Callable

import numpy as np
import pytest

from dcgan_probe.linear import CONVERGED, LOSSES, solve

from .cases import one_vs_rest, tall, targets_of, wide
from .solving import force, weights_of


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


@pytest.mark.parametrize("route", ["narrow", "span", "factored", "sketched"])
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


@pytest.mark.parametrize("route", ["narrow", "span", "factored", "sketched"])
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


def test_a_start_at_the_minimum_saves_iterations() -> None:
    features, labels = tall()
    cold = solve(features, one_vs_rest(labels), [1.0])
    warm = solve(features, one_vs_rest(labels), [1.0], start=weights_of(cold)[0])
    assert warm.iterations.max() < cold.iterations.min()
