"""Feature sets of arrays: what is read, what is refused, and evaluations of them."""

import h5py
import numpy as np
import pytest

import dcgan_probe as dp
from dcgan_probe.features import array_pair


@pytest.fixture
def pair():
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, 300)
    features = (random.standard_normal((300, 12)) + 2 * np.eye(3, 12)[labels]).astype(np.float32)
    return (features[:200], labels[:200]), (features[200:], labels[200:])


def test_rows_and_labels_are_those_of_the_arrays(pair):
    for (X, y), found in zip(pair, array_pair(*pair), strict=True):
        assert np.array_equal(found.load(), X)
        assert np.array_equal(found.labels, y)
        assert (len(found), found.dimension, found.layers) == (len(X), 12, {"features": 12})


def test_named_labels_become_their_places_in_sorted_order(pair):
    (X, y), (Z, z) = pair
    names = np.array(["cat", "ape", "bee"])
    train, test = array_pair((X, names[y]), (Z, names[z]))
    assert np.array_equal(train.labels, np.array([2, 0, 1])[y])
    assert np.array_equal(test.labels, np.array([2, 0, 1])[z])


def test_the_same_numbers_give_the_same_result_wherever_they_lie(pair, tmp_path):
    (X, y), (Z, z) = pair
    np.save(tmp_path / "X.npy", X)
    with h5py.File(tmp_path / "X.h5", "w") as file:
        stored = file.create_dataset("X", data=X)
        first = dp.evaluate((X, y), (Z, z))
        for other in (stored, np.load(tmp_path / "X.npy", mmap_mode="r"), np.asfortranarray(X)):
            again = dp.evaluate((other, y), (Z, z))
            assert again.accuracy == first.accuracy
            assert again.images_fingerprint_train == first.images_fingerprint_train
    assert first.accuracy > 0.8
    assert (first.protocol, first.features) == ("arrays-all", "arrays")


def test_a_protocol_names_the_set_and_draws_labels(pair):
    found = dp.evaluate(*pair, dp.protocol_for("mine", 200, 3, 60, 4, 2))
    assert (found.protocol, found.dataset, found.draws) == ("mine-60", "mine", 4)


def test_whole_numbers_are_read_as_float32(pair):
    (X, y), (Z, z) = pair
    train, _ = array_pair(((10 * X).astype(np.int16), y), ((10 * Z).astype(np.int16), z))
    assert train.dtype == np.float32


def test_evaluations_of_arrays_are_recorded_and_not_made_twice(pair, tmp_path):
    results, notes = dp.Results(tmp_path), []
    dp.evaluate(*pair, results=results)
    dp.evaluate(*pair, results=results, on_note=notes.append)
    assert "complete since" in notes[0]
    assert len(results.summaries()) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X, y, Z, z: ((X, y[:-1]), (Z, z)), r"train: got labels int64 \(199,\), expected integers or strings"),
        (lambda X, y, Z, z: ((X[0], y), (Z, z)), r"train: got features float32 \(12,\), expected numbers \(N, D\)"),
        (lambda X, y, Z, z: ((X, y), (Z.astype(str), z)), "test: got features"),
        (lambda X, y, Z, z: ((X, y * 0.5), (Z, z)), "train: got labels float64"),
        (lambda X, y, Z, z: ((X, y), (Z[:, :5], z)), "got 12 training and 5 test columns"),
        (lambda X, y, Z, z: ((X, y), (Z, z + 1)), "test labels have 3, which no training label has"),
        (lambda X, y, Z, z: ((X, y), (X, y)), "are the same images"),
        (lambda X, y, Z, z: (X, Z), "got ndarray, expected a FeatureSet or a pair"),
        (lambda X, y, Z, z: ((X * np.nan, y), (Z, z)), "feature nan at image 0 of arrays"),
    ],
)
def test_what_cannot_be_evaluated(pair, change, words):
    with pytest.raises(dp.UserError, match=words):
        dp.evaluate(*change(*pair[0], *pair[1]))
