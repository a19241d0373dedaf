"""Features whose mean is far above their deviation, fitted with and without prior standardization."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dcgan_probe.linear import CONVERGED, LOSSES, L2SVMClassifier, L2SVMClassifierCV, RidgeClassifier, fit_path, solve
from dcgan_probe.linear._solver.scaling import Standardize, measure_columns

from .cases import blobs, file_of, targets_of
from .solving import force, keep_tensors

ROUTES = ["narrow", "factored", "sketched", "span"]
OFFSETS = [(np.float32, 2e3), (np.float32, 1e4), (np.float32, 1e6), (np.float64, 1e8), (np.float64, 1e9)]


def shifted(dtype: type, offset: float, rows: int = 60, columns: int = 70) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features far from zero, the same features standardized in float64, and labels."""
    features, labels = blobs(rows, columns, 3, spread=2.0)
    far = (features + offset * np.linspace(1.0, 1.5, columns)).astype(dtype)
    exact = far.astype(np.longdouble)
    exact -= exact.mean(axis=0)
    deviation = np.sqrt((exact**2).mean(axis=0))
    return far, (exact / np.where(deviation > 0.0, deviation, 1.0)).astype(np.float64), labels


def values(features: Any, labels: np.ndarray, classifier: str, **settings: Any) -> np.ndarray:
    solution = solve(features, targets_of(classifier, labels), [1e-3, 1.0], loss=LOSSES[classifier], **settings)
    assert (solution.status == CONVERGED).all()
    return solution.objective


@cache
def standardized_values(dtype: type, offset: float, classifier: str, free_intercept: bool) -> np.ndarray:
    """Return the objectives for features standardized in float64, by the route of their sizes."""
    _, exact, labels = shifted(dtype, offset)
    return values(exact, labels, classifier, free_intercept=free_intercept)


@pytest.mark.parametrize("free_intercept", [False, True])
@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize(("dtype", "offset"), OFFSETS)
@pytest.mark.parametrize("route", ROUTES)
def test_a_large_mean_costs_no_digits(
    route: str, dtype: type, offset: float, classifier: str, free_intercept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    far, _, labels = shifted(dtype, offset)
    right = standardized_values(dtype, offset, classifier, free_intercept)
    force(monkeypatch, route)
    found = values(far, labels, classifier, free_intercept=free_intercept, standardise=True)
    np.testing.assert_allclose(found, right, rtol=1e-5)


@pytest.mark.parametrize("kind", ["tensor", "kept tensor", "file", "float16"])
def test_a_large_mean_costs_no_digits_in_any_container(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # float16 has eleven bits, which limits the distance of a mean.
    dtype, offset = (np.float16, 100.0) if kind == "float16" else (np.float32, 1e4)
    far, exact, labels = shifted(dtype, offset, 200, 12)
    if kind == "kept tensor":
        keep_tensors(monkeypatch)
    given = file_of(tmp_path, far) if kind == "file" else torch.from_numpy(far) if "tensor" in kind else far
    np.testing.assert_allclose(values(given, labels, "svm", standardise=True), values(exact, labels, "svm"), rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("route", ROUTES)
def test_a_column_that_varies_only_in_its_last_bit_is_a_column_of_signs(
    route: str, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = blobs(60, 70, 2, spread=2.0)
    features = features.astype(dtype)
    last = dtype(1e6)
    features[:, 3] = np.where(labels == 1, np.nextafter(last, dtype(np.inf)), last)
    signs = features.copy()
    signs[:, 3] = labels
    force(monkeypatch, route)
    np.testing.assert_allclose(
        values(features, labels, "svm", standardise=True), values(signs, labels, "svm", standardise=True), rtol=1e-5
    )


def test_blocks_are_rounded_once() -> None:
    far, exact, _ = shifted(np.float32, 1e6)
    block = far.copy()
    Standardize(
        measure_columns([(far[:7].astype(float), None), (far[7:].astype(float), None)]), np.dtype(np.float32), far
    )(block)
    np.testing.assert_allclose(block, exact, rtol=3e-7, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("estimator", [L2SVMClassifier, RidgeClassifier])
def test_scores_of_features_far_from_zero_are_those_of_centered_features(estimator: Any, dtype: type) -> None:
    far, _, labels = shifted(dtype, 1e6, 200, 12)
    fit = estimator(standardise=True).fit(far, labels)
    center = far[0].astype(float)
    right = (far - center) @ fit.coef_.T + (fit.intercept_ + fit.coef_ @ center)
    np.testing.assert_allclose(fit.decision_function(far), right, atol=2e-6 * np.abs(right).max())


def test_selection_scores_features_far_from_zero() -> None:
    far, exact, labels = shifted(np.float32, 1e4, 200, 12)
    found = L2SVMClassifierCV(Cs=(1e-3, 1.0), cv=3, standardise=True).fit(far, labels)
    assert found.score(far, labels) == L2SVMClassifierCV(Cs=(1e-3, 1.0), cv=3).fit(exact, labels).score(exact, labels)


@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize("route", ROUTES)
def test_one_flipped_bit_neither_stops_nor_lengthens_a_fit(
    route: str, classifier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = blobs(60, 70, 3, spread=2.0)
    features = features.astype(np.float32)
    features[7, 11] = 1e10
    force(monkeypatch, route)
    (fit,) = fit_path(features, labels, [1e-2], classifier=classifier)
    assert np.isfinite(fit.objective)
    assert fit.passes < 4000
