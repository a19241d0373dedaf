"""Votes of nearest neighbors against scikit-learn's classifier, and against explicit distances."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from dcgan_probe.evaluation import estimate_evaluation, evaluate, protocol_for
from dcgan_probe.evaluation.nearest_neighbors import fit_neighbors, predict_neighbors
from dcgan_probe.runtime import UserError

KS = (1.0, 3.0, 7.0, 20.0)


def rows(seed, count):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 4, count)
    centres = np.random.default_rng(9).normal(size=(4, 12))
    return (centres[labels] + 1.5 * random.normal(size=(count, 12)) + 2.0).astype(np.float32), labels + 3


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("scaled", [False, True])
def test_votes_are_those_of_scikit_learn(metric, scaled):
    (X, y), (other, _) = rows(0, 200), rows(1, 150)
    found = predict_neighbors(fit_neighbors(X, y, KS, metric=f"knn-{metric}", standardise=scaled), other)
    assert (found.shape, found.dtype) == ((4, 150), np.int64)
    if scaled:
        scaler = StandardScaler().fit(X.astype(np.float64))
        X, other = scaler.transform(X), scaler.transform(other)
    for k, labels in zip(KS, found, strict=True):
        expected = KNeighborsClassifier(int(k), algorithm="brute", metric=metric).fit(X, y).predict(other)
        np.testing.assert_array_equal(labels, expected)


def test_one_search_serves_every_k_in_any_order():
    (X, y), (other, _) = rows(0, 200), rows(1, 50)
    together = predict_neighbors(fit_neighbors(X, y, (7.0, 1.0, 20.0), metric="knn-euclidean"), other)
    alone = [fit.predict(other) for fit in fit_neighbors(X, y, (7.0, 1.0, 20.0), metric="knn-euclidean")]
    np.testing.assert_array_equal(together, alone)


def test_a_k_above_the_number_of_rows_uses_all_rows():
    X, y = rows(0, 30)
    (fit,) = fit_neighbors(X, y, (50.0,), metric="knn-euclidean")
    assert fit.k == 30
    assert (fit.predict(X) == np.bincount(y).argmax()).all()


def test_rows_of_zeros_have_no_angle_and_no_warning():
    X, y = rows(0, 30)
    X[4] = 0.0
    assert np.isfinite(fit_neighbors(X, y, (1.0,), metric="knn-cosine")[0].predict(X)).all()


@pytest.mark.parametrize("classifier", ["knn-cosine", "knn-euclidean"])
def test_an_evaluation_chooses_k_on_validation_rows(splits, classifier):
    train, test = splits(noise=2.5)
    records = []
    protocol = protocol_for("glyphs", 90, 3, 15, draws=3, select_draws=2)
    summary = evaluate(train, test, protocol, classifier=classifier, on_fits=records.extend)
    assert [record.chosen for record in records[:6]] == [1, 2, 5, 10, 20, 50]
    assert (summary.classifier, summary.draws, summary.unconverged) == (classifier, 3, 0)
    means = {}
    for record in records:
        if record.stage == "select":
            means.setdefault(record.chosen, []).append(record.accuracy)
    assert max(sorted(means), key=lambda k: np.mean(means[k])) == summary.chosen
    assert not any("limit" in note for note in summary.notes)


@pytest.mark.parametrize("k", [0.5, 2.5])
def test_a_k_that_is_not_a_number_of_neighbors_is_refused(splits, k):
    train, test = splits()
    with pytest.raises(UserError, match=f"got k = {k}, expected a whole number of neighbors"):
        evaluate(train, test, protocol_for("glyphs", 90, 3), classifier="knn-cosine", C=k)


def test_the_cost_of_neighbors_is_that_of_the_search():
    estimate = estimate_evaluation(protocol_for("cifar10", 50_000, 10), 3584, 10_000, classifier="knn-cosine")
    assert (estimate.route, estimate.fits) == ("neighbors", 7)
    assert estimate.memory_bytes > 2 * 50_000 * 3584 * 4
