"""Fits of tensors on a device without float64, bit for bit those of the host."""

import numpy as np
import pytest
import torch

from dcgan_probe import L2SVMClassifier, L2SVMClassifierCV, LogisticClassifier, RidgeClassifier

ROWS, LABELS = np.random.default_rng(0).standard_normal((90, 12)).astype(np.float32), np.arange(90) % 3


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("estimator", [L2SVMClassifier, LogisticClassifier, RidgeClassifier])
def test_fits_and_scores_are_those_of_the_host(on_mps, estimator, dtype, standardise):
    rows = torch.from_numpy(ROWS).to(dtype)
    there = estimator(standardise=standardise).fit(on_mps(rows), LABELS)
    here = estimator(standardise=standardise).fit(rows, LABELS)
    assert np.array_equal(there.coef_, here.coef_)
    assert there.gap_.max() <= 1e-4
    assert np.array_equal(there.decision_function(on_mps(rows)), here.decision_function(rows))
    assert np.array_equal(there.predict(on_mps(rows)), here.predict(rows))


def test_folds_are_those_of_the_host(on_mps):
    rows = torch.from_numpy(ROWS)
    there = L2SVMClassifierCV(cv=3).fit(on_mps(rows), LABELS)
    here = L2SVMClassifierCV(cv=3).fit(rows, LABELS)
    assert there.C_ == here.C_
    assert np.array_equal(there.scores_, here.scores_)
