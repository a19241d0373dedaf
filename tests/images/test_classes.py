import json
import tempfile
import unicodedata
from pathlib import Path

import h5py
import numpy as np
import pytest

from dcgan_probe.images import Classes, class_index, load_images, match_classes, name_numbers
from dcgan_probe.images.classes import listed
from dcgan_probe.runtime import Notice, UserError


def store(path, labels, names=None):
    """Write images whose pixels are their label in the order of the training split."""
    with h5py.File(path, "w") as file:
        file["images"], file["labels"] = np.zeros((len(labels), 2, 2, 3), np.uint8), np.array(labels)
        if names:
            file.attrs["class_names"] = json.dumps(names)


def load(folder, train, test):
    """Return the test split of two files, each given by its labels and class names."""
    folder = Path(tempfile.mkdtemp(dir=folder))
    store(folder / "x_train.h5", *train)
    store(folder / "x_test.h5", *test)
    return load_images(str(folder / "x_train.h5"), "test")


def test_labels_in_another_order_are_renumbered_by_the_names(tmp_path):
    with pytest.warns(Notice, match=r"a different order \(dog, cat, fox\) from .*x_train.h5 \(cat, dog, fox\)"):
        test = load(tmp_path, ([0, 1, 2], ["cat", "dog", "fox"]), ([0, 1, 2, 2], ["dog", "cat", "fox"]))
    np.testing.assert_array_equal(test.labels, [1, 0, 2, 2])
    assert test.labels.dtype == np.int64
    assert test.class_names == ("cat", "dog", "fox")


def test_equal_classes_need_no_word(tmp_path):
    names = ["caf\u00e9", "b"]
    test = load(tmp_path, ([0, 1], names), ([1, 0], [unicodedata.normalize("NFD", name) for name in names]))
    np.testing.assert_array_equal(test.labels, [1, 0])
    assert test.class_names == tuple(names)
    np.testing.assert_array_equal(load(tmp_path, ([0, 1], None), ([1, 1, 0], None)).labels, [1, 1, 0])


def test_missing_classes_are_said(tmp_path):
    with pytest.warns(
        Notice, match=r"x_test.h5 has no images of dog: scores cover the other 2 of 3 classes; add images"
    ):
        test = load(tmp_path, ([0, 1, 2], ["cat", "dog", "fox"]), ([0, 1], ["cat", "fox"]))
    np.testing.assert_array_equal(test.labels, [0, 2])
    with pytest.warns(Notice, match=r"x_test.h5 has no images of 1: scores cover the other 2 of 3 classes"):
        load(tmp_path, ([0, 1, 2], None), ([0, 2], None))


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (([0, 1], ["cat", "dog"]), ([0, 1], ["Cat", "dog"]), r"\(Cat, dog\), .*\(cat, dog\); Cat cannot be predicted"),
        (([0, 1], ["cat", "dog", "fox"]), ([0, 2], ["cat", "dog", "fox"]), r"no image of fox there"),
        (([0, 1], None), ([0, 2], None), r"got labels without names, .*2 classes \(0, 1\); no image of 2 there"),
        (([0, 1], None), ([0, 10**9], None), r"no image of 1000000000 there, so it cannot be predicted"),
        (([0, 1], ["a", "a"]), ([0, 1], ["a", "b"]), r"several classes have the same name"),
        (([0, 1, 2], ["0", "10", "2"]), ([0, 1, 2], None), r"the name or the position of a class; add the attribute"),
    ],
)
def test_classes_that_do_not_match_are_refused_with_both_lists(tmp_path, train, test, message):
    with pytest.raises(UserError, match=message):
        load(tmp_path, train, test)


def test_a_name_without_images_is_no_obstacle(tmp_path):
    test = load(tmp_path, ([0, 1], ["cat", "dog"]), ([1, 2], ["bird", "cat", "dog"]))
    np.testing.assert_array_equal(test.labels, [0, 1])


@pytest.mark.parametrize("unnamed", ["train", "test"])
def test_names_on_one_side_alone_are_said(tmp_path, unnamed):
    sides = {"train": ([0, 1], ["cat", "dog"]), "test": ([0, 1], ["cat", "dog"])}
    sides[unnamed] = ([0, 1], None)
    with pytest.warns(Notice, match=rf"x_{unnamed}.h5 has no class names, .* number: class 0 is cat in both"):
        load(tmp_path, sides["train"], sides["test"])


@pytest.mark.parametrize("unnamed", ["train", "test"])
@pytest.mark.parametrize(("train", "test"), [([0, 1, 2], [0, 1]), ([0, 2], [0, 1, 2]), ([0, 1], [0, 1, 2])])
def test_names_on_one_side_alone_need_the_same_labels(tmp_path, unnamed, train, test):
    names = {"train": ["cat", "dog", "eel"], "test": ["cat", "dog", "eel"], unnamed: None}
    with pytest.raises(UserError, match=rf"labels .*, expected the same labels, since \S*x_{unnamed}.h5 has no class"):
        load(tmp_path, (train, names["train"]), (test, names["test"]))


def test_names_that_are_the_numbers_need_no_word(tmp_path):
    load(tmp_path, ([0, 1], ["0", "1"]), ([0, 1], None))
    load(tmp_path, ([0, 1], None), ([0, 1], ["0", "1"]))


def test_unlabeled_splits_are_left_alone(tmp_path):
    store(tmp_path / "x_test.h5", [0, 1])
    test = load_images(str(tmp_path / "x_test.h5"), "test")  # without a training split beside it
    np.testing.assert_array_equal(test.labels, [0, 1])
    bare = Classes(("a", "b"), np.arange(2), "a run")
    assert match_classes(test.subset(np.arange(2)), Classes(None, np.arange(2), "a run")).labels is not None
    with pytest.warns(Notice, match="class 0 is a in both"):
        match_classes(test, bare)


def test_names_are_found_in_either_form():
    assert class_index(("b", "cafe\u0301"), "caf\u00e9") == 1
    assert class_index(("b",), "c") is None


@pytest.mark.parametrize(
    ("names", "numbers"), [(("0", "10", "2"), [0, 10, 2]), (("-1", "0.5"), [-1, 0.5]), (("1", "b"), None), ((), None)]
)
def test_names_that_are_all_numbers(names, numbers):
    found = name_numbers(names)
    assert (found if numbers is None else found.tolist()) == numbers


def test_long_lists_are_cut():
    assert listed(["cat"]) == "1 class (cat)"
    assert listed([str(number) for number in range(200)]).endswith("18, 19, ... 199)")
