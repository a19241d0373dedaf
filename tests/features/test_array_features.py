"""Feature sets of arrays: reading, refused inputs and evaluations."""

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


def test_arrays_memory_maps_and_data_sets_give_the_same_result(pair, tmp_path):
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


def as_object(y, row, label):
    mixed = y.astype(object)
    mixed[row] = label
    return mixed


def with_number(X, number):
    changed = X.copy()
    changed[7, 3] = number
    return changed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X, y, Z, z: ((X, y[:-1]), (Z, z)), "got 200 rows of features and 199 labels"),
        (
            lambda X, y, Z, z: ((X[:, 0], y), (Z, z)),
            r"got features float32 \(200,\), expected two dim.*pass X\[:, None\]",
        ),
        (lambda X, y, Z, z: ((X.reshape(200, 3, 4), y), (Z, z)), r"\(200, 3, 4\).*pass X.reshape\(len\(X\), -1\)"),
        (lambda X, y, Z, z: ((X[:0], y[:0]), (Z, z)), r"got features float32 \(0, 12\), expected at least one row"),
        (lambda X, y, Z, z: ((X, y), (Z[:, :0], z)), r"arrays \(test\): got features float32 \(100, 0\)"),
        (
            lambda X, y, Z, z: ((X, y), (Z.astype(str), z)),
            r"arrays \(test\): got features of dtype <U\d+, expected real",
        ),
        (lambda X, y, Z, z: ((X.astype(object), y), (Z, z)), "got features of dtype object, expected real numbers"),
        (
            lambda X, y, Z, z: ((X.astype(complex), y), (Z, z)),
            "got features of dtype complex128, expected real numbers",
        ),
        (lambda X, y, Z, z: (([[1.0], [1.0, 2.0]], y), (Z, z)), "got features of type list, which cannot be converted"),
        (lambda X, y, Z, z: ((np.ma.masked_greater(X, 1), y), (Z, z)), "got features with masked values"),
        (lambda X, y, Z, z: ((X, y), (Z.astype(float), z)), "training features float32, test features float64"),
        (
            lambda X, y, Z, z: ((X, y * 0.5), (Z, z)),
            "train.*: got labels of dtype float64, expected integers or strings",
        ),
        (lambda X, y, Z, z: ((X, y.astype(str)), (Z, z)), "labels <U21 for training and int64 for test"),
        (lambda X, y, Z, z: ((X, np.eye(3)[y]), (Z, z)), r"labels float64 \(200, 3\).*pass y.argmax"),
        (lambda X, y, Z, z: ((X, y[:, None]), (Z, z)), r"labels int64 \(200, 1\).*pass y.ravel"),
        (lambda X, y, Z, z: ((X, as_object(y, 5, None)), (Z, z)), "got label None in row 5 .NoneType., expected all"),
        (lambda X, y, Z, z: ((X, y * 0), (Z, z * 0)), "got only the label 0, expected at least two classes"),
        (lambda X, y, Z, z: ((X, y), (Z[:, :5], z)), "got 12 training and 5 test columns"),
        (lambda X, y, Z, z: ((X, y), (Z, z + 1)), "got test labels 3, expected only labels of the training set"),
        (lambda X, y, Z, z: ((X, y), (X, y)), "are the same images"),
        (lambda X, y, Z, z: (X, Z), "got ndarray, expected a FeatureSet or a pair"),
        (lambda X, y, Z, z: ((with_number(X, np.nan), y), (Z, z)), r"arrays \(train\): got nan in row 7, column 3"),
        (
            lambda X, y, Z, z: ((X, y), (with_number(Z, np.inf), z)),
            r"arrays \(test\): got inf in row 7, column 3 .*fill",
        ),
    ],
)
def test_invalid_arrays_are_refused(pair, change, words):
    with pytest.raises(dp.UserError, match=words):
        dp.evaluate(*change(*pair[0], *pair[1]))


def test_a_number_that_is_not_finite_is_named_by_the_set_of_the_protocol(pair):
    (X, y), test = pair
    with pytest.raises(dp.UserError, match=r"^mine \(train\): got -inf in row 7, column 3 of the features"):
        dp.evaluate((with_number(X, -np.inf), y), test, dp.protocol_for("mine", 200, 3))


def test_lists_and_labels_as_objects_are_read(pair):
    (X, y), (Z, z) = pair
    first = dp.evaluate((X.astype(float), y), (Z.astype(float), z))
    again = dp.evaluate((X.tolist(), y.astype(object)), (Z.tolist(), z.tolist()))
    assert again.accuracy == first.accuracy
