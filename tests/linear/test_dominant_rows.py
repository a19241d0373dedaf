"""Problems dominated by a few rows: a feature of 1e10 among ones, weights of 1e6, means far above deviations."""

from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning

from dcgan_probe.linear import CONVERGED, LOSSES, L2SVMClassifier, L2SVMClassifierCV, fit_path, solve

from .cases import blobs, objective, one_vs_rest, targets_of
from .solving import force, keep_tensors, reference_solution, reference_value, weights_of

ROUTES = ["narrow", "factored", "sketched", "span"]
PASSES = 8000
"""A fit that does not end reads the features tens of thousands of times."""


def flipped(size: float, dtype: type = np.float32, rows: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return features with one value that is far too large, and labels."""
    features, labels = blobs(rows, 70, 3, spread=2.0)
    features = features.astype(dtype)
    features[7, 11] = size
    return features, labels


@cache
def least_values(positive: bool, penalty: float) -> list[float]:
    """Return the minima of the L2-SVMs in the limit of an infinite feature in row 7 and column 11.

    Either the row is beyond its margin for all other weights, or the weight of the column is 0, and the row has no
    effect.
    """
    features, labels = flipped(0.0)
    others = np.delete(np.arange(len(features)), 7)
    some, without, values = features[others].astype(np.float64), features[others].astype(np.float64), []
    without[:, 11] = 0.0
    for target in one_vs_rest(labels).T:
        value, weights = reference_solution(some, target[others], penalty)
        right = weights[11] * target[7] * (1.0 if positive else -1.0) > 0.0
        values.append(value if right else reference_value(without, target[others], penalty))
    return values


@pytest.mark.parametrize("penalty", [1e-2, 1.0])
@pytest.mark.parametrize(
    ("route", "size"),
    # A sketch has fewer digits.
    [*product(["narrow", "factored", "span"], [1e7, -1e10, 1e10, 1e11]), ("sketched", 1e7), ("sketched", -1e7)],
)
def test_a_flipped_bit_leaves_the_minimum_of_the_other_rows(
    route: str, size: float, penalty: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = flipped(size)
    force(monkeypatch, route)
    solution = solve(features, one_vs_rest(labels), [penalty])
    right = least_values(size > 0.0, penalty)
    assert (solution.status == CONVERGED).all()
    assert solution.passes < PASSES
    np.testing.assert_allclose(solution.objective[0], right, rtol=1e-5)
    for number, target in enumerate(one_vs_rest(labels).T):
        weights = weights_of(solution)[0, number]
        assert objective(features, target, penalty, weights) == pytest.approx(right[number], rel=1e-4)


@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("route", ["factored", "span"])
def test_fits_with_many_flipped_bits_end(
    route: str, dtype: type, classifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = flipped(1e10, dtype)
    features[[3, 20, 41], [11, 50, 2]] = -1e9, 1e8, 1e10
    force(monkeypatch, route)
    solution = solve(features, targets_of(classifier, labels), [1e-2], loss=LOSSES[classifier])
    assert (solution.status == CONVERGED).all()
    assert solution.passes < PASSES


@pytest.mark.parametrize("size", [1e20, 1e30])
def test_a_flipped_bit_of_any_size_is_one_row_in_a_standardized_column(size: float) -> None:
    features, labels = flipped(size, rows=200)
    indicator = features.copy()
    indicator[:, 11] = np.arange(200) == 7
    found, right = (
        solve(each, one_vs_rest(labels), [1.0], standardise=True).objective for each in (features, indicator)
    )
    np.testing.assert_allclose(found, right, rtol=1e-5)


@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize("route", ROUTES)
def test_weights_from_a_millionth_to_a_million_converge(
    route: str, classifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = blobs(60, 70, 3, spread=2.0)
    uneven = 10.0 ** np.random.default_rng(0).uniform(-6, 6, 60)
    of_class = np.where(labels == 0, 1e6, 1.0)
    force(monkeypatch, route)
    for weights in (uneven, of_class):
        solution = solve(features, targets_of(classifier, labels), [1.0], loss=LOSSES[classifier], row_weights=weights)
        assert (solution.status == CONVERGED).all()
        assert solution.passes < PASSES


@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("route", ROUTES)
def test_a_free_intercept_absorbs_any_mean(
    route: str, dtype: type, classifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = blobs(60, 70, 3, spread=2.0)
    far = (features + 1e6).astype(dtype)
    near = far - far.mean(axis=0, dtype=np.float64)
    force(monkeypatch, route)
    found, right = (
        solve(each, targets_of(classifier, labels), [1e-2], loss=LOSSES[classifier], free_intercept=True)
        for each in (far, near)
    )
    assert (found.status == CONVERGED).all()
    np.testing.assert_allclose(found.objective, right.objective, rtol=1e-5)
    np.testing.assert_allclose(
        far.astype(np.float64) @ found.coefficients[0].T + found.intercepts[0],
        near @ right.coefficients[0].T + right.intercepts[0],
        atol=1e-2,
    )


def test_a_penalized_intercept_far_from_zero_is_named_where_a_fit_stops() -> None:
    features, labels = blobs(400, 20, 3, spread=2.0)
    with pytest.warns(
        ConvergenceWarning, match=r"the mean of column \d+ is \de\+0[56] deviations from 0, so set stand"
    ):
        L2SVMClassifier(C=1.0, tol=1e-9).fit((features + 1e6).astype(np.float64), labels)


def test_selection_converges_on_a_flipped_bit() -> None:
    features, labels = flipped(1e10, rows=90)
    found: Any = L2SVMClassifierCV(Cs=(1e-3, 1e-1), cv=3).fit(features, labels)
    assert (found.status_ == CONVERGED).all()
    assert found.selection_gap_ < 1e-5


@pytest.mark.parametrize("classifier", LOSSES)
def test_a_path_converges_on_a_flipped_bit(classifier: Any) -> None:
    features, labels = flipped(1e10)
    fits = fit_path(features, labels, [1e-3, 1e-1], classifier=classifier)
    assert all(fit.converged for fit in fits)


@pytest.mark.slow
@pytest.mark.parametrize("classifier", LOSSES)
def test_tensors_with_a_few_dominant_rows_converge(classifier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = flipped(1e10)
    keep_tensors(monkeypatch)
    force(monkeypatch, "factored")
    for given, penalty, weights in ((features, 1.0, None), (features * (features < 1e9), 1.0, np.logspace(-6, 6, 60))):
        found, right = (
            solve(each, targets_of(classifier, labels), [penalty], loss=LOSSES[classifier], row_weights=weights)
            for each in (torch.from_numpy(given), given)
        )
        assert (found.status == CONVERGED).all()
        np.testing.assert_allclose(found.objective, right.objective, rtol=1e-5)
