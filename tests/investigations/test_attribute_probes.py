import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from dcgan_probe.investigations import fit_probe_pairs
from dcgan_probe.investigations.attribute_probes import PENALTIES, balanced_accuracy, fit_attribute
from dcgan_probe.runtime import UserError


@pytest.fixture(scope="module")
def labelled():
    """Return features float32 (3000, 20), and who has an attribute that the first column tells with noise."""
    random = np.random.default_rng(0)
    features = random.standard_normal((3000, 20)).astype(np.float32)
    return features, features[:, 0] + 0.5 * random.standard_normal(3000) > 0.8


def test_a_probe_is_a_logistic_regression(labelled):
    features, has = labelled
    trains, held_out = np.arange(1000), np.arange(1000, 3000)
    probe = fit_attribute(features, has, trains=trains, held_out=held_out)
    assert probe.C in PENALTIES
    # LIBLINEAR penalizes the intercept too.
    theirs = LogisticRegression(C=probe.C, solver="liblinear", tol=1e-8).fit(features[trains], has[trains])
    expected = theirs.decision_function(features[held_out])
    np.testing.assert_allclose(probe.score(features[held_out]), expected, atol=0.05 * np.abs(expected).max())
    assert probe.balanced_accuracy == pytest.approx(balanced_accuracy(expected > 0, has[held_out]), abs=0.005)


def test_two_probes_of_one_attribute_are_about_as_good(labelled):
    features, has = labelled
    pair = fit_probe_pairs(features, {"large": has}, seed=0)["large"]
    assert pair.selecting.images == pair.scoring.images == 1200
    assert min(pair.selecting.balanced_accuracy, pair.scoring.balanced_accuracy) > 0.6


def test_what_one_probe_learns_from_leaves_the_other_as_it_is(labelled):
    features, has = labelled
    before = fit_probe_pairs(features, {"a": has}, seed=3)["a"]
    changes = set()
    for row in range(0, 3000, 300):
        spoilt = has.copy()
        spoilt[row] = not spoilt[row]
        after = fit_probe_pairs(features, {"a": spoilt}, seed=3)["a"]
        pairs = (before.selecting, after.selecting), (before.scoring, after.scoring)
        changes.add(tuple(not np.array_equal(old.coefficients, new.coefficients) for old, new in pairs))
    # Each row taught the one probe, or the other, or neither.
    assert changes >= {(True, False), (False, True)}
    assert (True, True) not in changes


def test_a_probe_of_noise_is_at_chance(labelled):
    features, _ = labelled
    noise = np.random.default_rng(1).random(3000) < 0.5
    pair = fit_probe_pairs(features, {"noise": noise}, seed=0)["noise"]
    assert 0.4 < pair.scoring.balanced_accuracy < 0.6


def test_a_rare_attribute_is_refused(labelled):
    features, _ = labelled
    rare = np.arange(3000) < 12
    with pytest.raises(UserError, match=r"12 of 3000 images have the attribute rare, which leaves \d with or without"):
        fit_probe_pairs(features, {"rare": rare}, seed=0)


def test_balanced_accuracy_does_not_depend_on_how_common_the_attribute_is():
    truth = np.arange(100) < 10
    assert balanced_accuracy(np.zeros(100, bool), truth) == 0.5
    assert balanced_accuracy(truth, truth) == 1.0
    assert balanced_accuracy(np.arange(100) < 55, truth) == 0.75
