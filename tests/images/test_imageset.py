import h5py
import numpy as np
import pytest

from dcgan_probe.images import ImageSet
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import open_image_file


def make(images=None, labels=None, **more):
    images = np.random.default_rng(0).integers(0, 256, (12, 3, 4, 5), dtype=np.uint8) if images is None else images
    return ImageSet(images, labels, "tiny", "train", "a test", **more)


def stored(path, images, labels, chunk):
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=images.transpose(0, 2, 3, 1), chunks=(chunk, 4, 5, 3))
        file["labels"] = labels
    return ImageSet(open_image_file(path).images, labels, "other", "test", "a file")


def test_sizes_are_those_of_the_array():
    images = make(labels=np.arange(12) % 4)
    assert (len(images), images.channels, images.height, images.width, images.classes) == (12, 3, 4, 5, 4)


def test_classes_without_images_count_where_they_have_names():
    assert make(labels=np.zeros(12, np.int64), class_names=("a", "b", "c")).classes == 3


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 2] * 6, r"got 2 different labels from 1 to 2 without .*, and no label is 0; expected labels 0 to K-1"),
        (
            [0, 1, 10**9] * 4,
            r"got 3 different labels from 0 to 1000000000 .* no label is 2; .*`dcgan-probe prepare` renumbers",
        ),
    ],
)
def test_training_labels_with_gaps_are_refused_where_classes_are_counted(labels, message):
    with pytest.raises(UserError, match=message):
        _ = make(labels=np.array(labels)).classes


def test_the_fingerprint_depends_on_content_alone(tmp_path, monkeypatch):
    labels = np.arange(12) % 3
    images = make(labels=labels)
    expected = images.fingerprint
    for block in (1, 5, 12):
        monkeypatch.setattr("dcgan_probe.images.imageset.BLOCK_ROWS", block)
        assert make(labels=labels).fingerprint == expected
    for chunk in (1, 5):
        assert stored(tmp_path / f"{chunk}.h5", images.images, labels, chunk).fingerprint == expected


def test_the_fingerprint_of_a_file_is_read_in_blocks(tmp_path, monkeypatch):
    images = stored(tmp_path / "a.h5", make().images, np.arange(12), 4)
    largest = []
    read = type(images.images).__getitem__
    monkeypatch.setattr(
        type(images.images),
        "__getitem__",
        lambda self, rows: largest.append(rows.stop - rows.start) or read(self, rows),
    )
    monkeypatch.setattr(ImageSet.blocks, "__defaults__", (5,))
    assert images.fingerprint == make(labels=np.arange(12)).fingerprint
    assert largest == [5, 5, 5]


@pytest.mark.parametrize("change", ["pixel", "label", "no labels", "order", "shape"])
def test_the_fingerprint_sees_every_change(change):
    images, labels = make().images.copy(), np.arange(12) % 3
    expected = make(images, labels).fingerprint
    if change == "pixel":
        images[11, 2, 3, 4] ^= 1
    elif change == "label":
        labels[11] = 0
    elif change == "no labels":
        labels = None
    elif change == "order":
        images[[0, 1]] = images[[1, 0]]
    else:
        images = images.reshape(12, 3, 5, 4)
    assert make(images, labels).fingerprint != expected


def test_a_subset_keeps_the_order_asked_for(tmp_path):
    labels = np.arange(12) % 3
    images, rows = make(labels=labels), np.array([7, 2, 2, 11])
    for one in (images, stored(tmp_path / "a.h5", images.images, labels, 5)):
        part = one.subset(rows)
        np.testing.assert_array_equal(part.images, images.images[rows])
        np.testing.assert_array_equal(part.labels, labels[rows])
        assert isinstance(part.images, np.ndarray)
        assert part.source == f"{one.source}, 4 of 12 images"
    assert make().subset(rows).labels is None


def test_a_subset_has_its_own_attributes():
    part = make(attributes={"age": np.arange(12) * 1.5}).subset(np.array([7, 2]))
    np.testing.assert_array_equal(part.attributes["age"], [10.5, 3.0])


@pytest.mark.parametrize("numbers", [np.ones(11), np.ones((12, 2)), np.array(["a"] * 12)])
def test_attributes_of_another_form_are_refused(numbers):
    with pytest.raises(UserError, match=r"tiny: got age .*, expected one number per image \(12,\)"):
        make(attributes={"age": numbers})


def test_a_subset_by_mask_counts_its_images():
    part = make(labels=np.arange(12)).subset(np.arange(12) < 5)
    assert (len(part), part.source) == (5, "a test, 5 of 12 images")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 3, 4, 4), np.float32), r"tiny: got images float32 \(2, 3, 4, 4\), expected uint8"),
        (np.zeros((2, 4, 4, 3), np.uint8), r"got images uint8 \(2, 4, 4, 3\), .* with 1 or 3 channels"),
        (np.zeros((2, 48), np.uint8), r"got images uint8 \(2, 48\)"),
        (np.zeros((0, 3, 4, 4), np.uint8), "expected at least one image"),
    ],
)
def test_images_of_another_form_are_refused(images, message):
    with pytest.raises(UserError, match=message):
        make(images)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(11), r"tiny: got labels int64 \(11,\), expected int64 \(12,\)"),
        (np.zeros(12), "got labels float64"),
        (np.arange(12) - 1, "got labels from -1 to 10, expected 0 to K-1"),
    ],
)
def test_labels_of_another_form_are_refused(labels, message):
    with pytest.raises(UserError, match=message):
        make(labels=labels)


def test_a_label_without_a_name_is_refused():
    with pytest.raises(UserError, match="got labels from 0 to 11, expected 0 to 1"):
        make(labels=np.arange(12), class_names=("a", "b"))


def test_labels_that_are_needed_and_missing_are_explained():
    with pytest.raises(UserError, match=r"tiny \(a test\) has no labels, and the L2-SVM needs them; use a labeled"):
        make().require_labels("the L2-SVM")
    with pytest.raises(UserError, match="counting the classes"):
        _ = make().classes
