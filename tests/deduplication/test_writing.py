"""The file of what deduplication leaves."""

import os

import numpy as np
import pytest

from dcgan_probe.deduplication.writing import write_kept
from dcgan_probe.images import load_images
from dcgan_probe.storage import ChangedFileError, open_image_file, write_image_file

PIXELS = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((3, 4, 4), np.uint8)


@pytest.fixture
def stored(tmp_path):
    write_image_file(tmp_path / "x_train.h5", [(PIXELS, None)], rows=10, name="x", split="train", source="")
    return load_images(str(tmp_path / "x_train.h5"), "train")


def test_what_is_kept_is_written_with_its_old_rows(tmp_path, stored):
    assert write_kept(tmp_path / "clean_train.h5", stored, np.array([1, 4])) == 8
    written = open_image_file(tmp_path / "clean_train.h5")
    np.testing.assert_array_equal(written.attributes["source_row"], [0, 2, 3, 5, 6, 7, 8, 9])
    np.testing.assert_array_equal(written.images[:], np.delete(PIXELS, [1, 4], axis=0))


def test_a_set_that_changed_after_the_search_is_not_written(tmp_path, stored):
    os.truncate(tmp_path / "x_train.h5", 2200)
    with pytest.raises(ChangedFileError, match=r"x_train.h5 changed while it was read"):
        write_kept(tmp_path / "clean_train.h5", stored, np.array([1, 4]))
    assert not list(tmp_path.glob("*clean*"))
