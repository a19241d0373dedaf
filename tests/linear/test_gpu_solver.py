"""Fits of tensors on the device of ``--device``, compared with fits of numpy arrays on the CPU.

Without a GPU, tensors on the CPU use the code path of those on a GPU.
"""

import numpy as np
import pytest
import torch

from dcgan_probe.linear import CONVERGED, LogisticClassifier, fit_path, predict_path
from dcgan_probe.linear._solver.design import Design

from .cases import tall, two_classes, wide
from .solving import force, keep_tensors

pytestmark = pytest.mark.gpu

PENALTIES = [1e-3, 0.1, 1.0]


@pytest.fixture(autouse=True)
def _tensors_stay_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patch both modules that wrap features in designs."""
    keep_tensors(monkeypatch)
    monkeypatch.setattr("dcgan_probe.linear.penalty_path.as_design", Design)


@pytest.mark.parametrize("route", ["span", "factored", "sketched"])
@pytest.mark.parametrize("classifier", ["svm", "logistic"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_path_of_tensors_is_that_of_numpy(
    device: torch.device, monkeypatch: pytest.MonkeyPatch, route: str, classifier: str, dtype: str
) -> None:
    features, labels = wide() if route == "span" else tall()
    features = features.astype(dtype)
    force(monkeypatch, route)
    tensors = torch.from_numpy(features).to(device)
    expected = fit_path(features, labels, PENALTIES, classifier=classifier)
    found = fit_path(tensors, labels, PENALTIES, classifier=classifier)
    for ours, theirs in zip(expected, found, strict=True):
        assert ours.status == theirs.status == CONVERGED
        assert theirs.coefficients.dtype == np.float64
        # Each objective exceeds the common minimum by at most its gap.
        assert abs(theirs.objective - ours.objective) <= max(each.gap * each.objective for each in (ours, theirs))
    predicted = predict_path(found, tensors)
    assert ((predicted == labels).mean(axis=1) == (predict_path(expected, features) == labels).mean(axis=1)).all()
    np.testing.assert_array_equal(predicted, predict_path(found, features))


@pytest.mark.parametrize("intercept", ["penalised", "free"])
def test_standardized_and_free_fits_of_tensors_are_those_of_numpy(device: torch.device, intercept: str) -> None:
    features, labels = two_classes()
    for classifier in ("svm", "logistic"):
        settings = {"classifier": classifier, "intercept": intercept, "standardise": True}
        (ours,) = fit_path(features, labels, [0.1], **settings)
        (theirs,) = fit_path(torch.from_numpy(features).to(device), labels, [0.1], **settings)
        assert ours.status == theirs.status == CONVERGED
        assert abs(theirs.objective - ours.objective) <= max(each.gap * each.objective for each in (ours, theirs))


def test_probabilities_of_tensors_are_those_of_numpy(device: torch.device) -> None:
    features, labels = tall()
    tensors = torch.from_numpy(features).to(device)
    ours, theirs = (LogisticClassifier(C=0.1, tol=1e-10).fit(each, labels) for each in (features, tensors))
    np.testing.assert_allclose(theirs.predict_proba(tensors), ours.predict_proba(features), atol=1e-4)
