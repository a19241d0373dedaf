import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from dcgan_probe.evaluation.classifiers import predict_rows
from dcgan_probe.evaluation.scaling import BLOCK_ROWS, Scaler, blocks, training_features
from dcgan_probe.runtime import UserError


def features(rows=2500, seed=0):
    rng = np.random.default_rng(seed)
    result = (rng.normal(size=(rows, 6)) * [1e-3, 1, 10, 1, 1, 1] + [0, 100, 0, 5, 0, 0]).astype(np.float32)
    result[:, 3] = 0.1
    result[:, 4] = 0.0
    return result


def test_statistics_agree_with_scikit_learn_and_a_constant_column_has_scale_1():
    X = features()
    ours, theirs = Scaler.of(X), StandardScaler().fit(X.astype(np.float64))
    np.testing.assert_allclose(ours.mean, theirs.mean_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ours.deviation, theirs.scale_, rtol=1e-5)
    assert ours.deviation[3] == ours.deviation[4] == 1.0
    scaled = ours.scaled(X)
    np.testing.assert_allclose(scaled, theirs.transform(X.astype(np.float64)), atol=2e-5)
    assert scaled.dtype == np.float32
    assert np.isfinite(scaled).all()


def test_a_slice_is_scaled_where_it_is_and_turned_back():
    X = features()
    before = X.copy()
    with training_features(X, slice(0, 2000), "standardise") as (chosen, scaler):
        assert np.shares_memory(chosen, X)
        np.testing.assert_allclose(chosen, scaler.scaled(before[:2000]))
        assert (X[2000:] == before[2000:]).all()
        assert not np.allclose(X[:2000], before[:2000])
    np.testing.assert_allclose(X, before, rtol=1e-5, atol=1e-5)


def test_a_slice_is_turned_back_after_an_error():
    X = features()
    before = X.copy()
    with pytest.raises(ZeroDivisionError), training_features(X, slice(0, 2000), "standardise"):
        raise ZeroDivisionError
    np.testing.assert_allclose(X, before, rtol=1e-5, atol=1e-5)


def test_drawn_rows_are_a_copy_with_their_own_statistics():
    X, rows = features(), np.array([1, 5, 7, 100])
    before = X.copy()
    with training_features(X, rows, "standardise") as (chosen, scaler):
        np.testing.assert_allclose(chosen, Scaler.of(before[rows]).scaled(before[rows]))
        np.testing.assert_allclose(scaler.mean, before[rows].mean(axis=0), rtol=1e-5)
    assert (before == X).all()
    with training_features(X, rows, "none") as (chosen, scaler):
        assert scaler is None
        assert (chosen == before[rows]).all()


def test_an_unknown_scaling_is_refused():
    with (
        pytest.raises(UserError, match="got scale 'minmax', expected none or standardise"),
        training_features(features(), slice(0, 9), "minmax"),
    ):
        pass


@pytest.mark.parametrize("rows", [slice(3, 2400), np.arange(0, 2500, 2), np.array([4])])
def test_blocks_cover_the_chosen_rows_in_order(rows):
    X = features()
    found = list(blocks(X, rows))
    assert max(map(len, found)) <= BLOCK_ROWS
    assert (np.concatenate(found) == X[rows]).all()


def test_predictions_are_made_on_scaled_blocks_of_all_classifiers():
    class Sign:
        def __init__(self, column):
            self.column = column

        def predict(self, X):
            return (X[:, self.column] > 0).astype(np.int64)

    X = features()
    scaler = Scaler.of(X)
    predicted = predict_rows([Sign(1), Sign(2)], X, slice(0, len(X)), scaler)
    assert predicted.shape == (2, len(X))
    assert (predicted[0] == (X[:, 1] > scaler.mean[1])).all()
    assert 0.4 < predicted[0].mean() < 0.6
    assert predict_rows([Sign(1)], X, slice(0, len(X)), None).all()
