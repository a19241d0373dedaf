import numpy as np
import pytest

from dcgan_probe.evaluation import validation_splits
from dcgan_probe.images import ImageSet
from dcgan_probe.runtime import UserError

CLASSES = np.repeat([0, 1, 2], [50, 20, 31])


def numbered_images(labels=CLASSES):
    """Return images whose pixels encode their row number."""
    pixels = np.arange(101, dtype=np.uint8)[:, None, None, None].repeat(3, axis=1)
    return ImageSet(pixels, labels, "tiny", "train", "made up")


def test_a_fifth_of_the_smallest_class_is_held_out_of_each():
    trains, reported = validation_splits(numbered_images())
    np.testing.assert_array_equal(np.bincount(reported.labels), [4, 4, 4])
    rows = [part.images[:, 0, 0, 0] for part in (trains, reported)]
    np.testing.assert_array_equal(np.sort(np.concatenate(rows)), np.arange(101))
    for part, row in zip((trains, reported), rows, strict=True):
        np.testing.assert_array_equal(part.labels, CLASSES[row])
        np.testing.assert_array_equal(part.part_of.rows, row)
        assert len(part.part_of.whole) == 101
    assert (trains.name, trains.split, reported.name, reported.split) == (
        *("tiny-validation", "train"),
        *("tiny-validation", "val"),
    )


def test_they_are_always_the_same_images():
    first, second = (validation_splits(numbered_images())[1] for _ in range(2))
    np.testing.assert_array_equal(first.images, second.images)


def test_labels_are_needed():
    with pytest.raises(UserError, match="has no labels, and a validation split needs them"):
        validation_splits(numbered_images(None))
