import fcntl
import json
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from dcgan_probe.runtime import UserError
from dcgan_probe.storage import ChangedFileError, FileStamp, StoredImages, open_image_file, write_image_file


def pixels(rows=10, channels=3, height=4, width=5, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, channels, height, width), dtype=np.uint8)


def store(path, images, **more):
    """Write images (N, channels, H, W) in the documented layout, without the code under test."""
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=images.transpose(0, 2, 3, 1), chunks=more.pop("chunks", None))
        if "labels" in more:
            file["labels"] = more.pop("labels")
        file.attrs.update(more)
    return path


def write(path, images, labels=None, cut=4, rows=None, **more):
    blocks = [
        (images[start : start + cut], None if labels is None else labels[start : start + cut])
        for start in range(0, len(images), cut)
    ]
    more = {"name": "tiny", "split": "train", "source": "a test"} | more
    write_image_file(path, blocks, rows=len(images) if rows is None else rows, **more)


def test_the_written_file_has_the_published_layout(tmp_path):
    images, labels = pixels(), np.arange(10) % 3
    write(tmp_path / "a.h5", images, labels, class_names=("a", "b", "c"))
    with h5py.File(tmp_path / "a.h5") as file:
        assert set(file) == {"images", "labels"}
        assert file["images"].shape == (10, 4, 5, 3)
        assert file["images"].dtype == np.uint8
        assert file["labels"].dtype == np.int64
        np.testing.assert_array_equal(file["images"][7, :, :, 1], images[7, 1])
        assert {key: file.attrs[key] for key in ("name", "split", "source")} == {
            "name": "tiny",
            "split": "train",
            "source": "a test",
        }
        assert json.loads(file.attrs["class_names"]) == ["a", "b", "c"]


def test_what_is_written_is_read_again(tmp_path):
    images, labels = pixels(channels=1), np.arange(10)
    age = np.linspace(1.5, 90, 10)
    write(tmp_path / "a.h5", images, labels, split="test", attributes={"age": age})
    file = open_image_file(tmp_path / "a.h5")
    np.testing.assert_array_equal(file.images, images)
    np.testing.assert_array_equal(file.labels, labels)
    assert (file.name, file.split, file.source, file.class_names) == ("tiny", "test", "a test", None)
    assert set(file.attributes) == {"age"}
    np.testing.assert_array_equal(file.attributes["age"], age)


def test_the_filter_is_asked_for_after_the_last_block(tmp_path):
    written = []

    def blocks():
        for start in (0, 5):
            yield pixels()[start : start + 5], None
            written.append(start)

    def facts():
        assert written == [0, 5]
        return {"resample": "box"}

    write_image_file(tmp_path / "a.h5", blocks(), rows=10, name="", split="", source="", facts=facts)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file.attrs["resample"] == "box"
    assert open_image_file(tmp_path / "a.h5").resample == "box"


def test_a_file_without_a_filter_has_an_empty_one(tmp_path):
    assert open_image_file(store(tmp_path / "plain.h5", pixels())).resample == ""
    write(tmp_path / "a.h5", pixels())
    assert open_image_file(tmp_path / "a.h5").resample == ""


def test_only_one_number_an_image_is_an_attribute(tmp_path):
    path = store(tmp_path / "a.h5", pixels(), labels=np.arange(10))
    with h5py.File(path, "a") as file:
        file["race"], file["age"] = np.arange(10, dtype=np.uint8), np.ones(10, np.float32)
        file["boxes"], file["mean"], file["names"] = np.ones((10, 4)), np.ones(3), ["x"] * 10
    assert set(open_image_file(path).attributes) == {"race", "age"}


@pytest.mark.parametrize("chunks", [None, (3, 4, 5, 3)])
@pytest.mark.parametrize(
    "rows",
    [
        slice(2, 7),
        slice(None),
        slice(8, 99),
        slice(0, 10, 3),
        np.array([9, 0, 3, 3, 8]),
        np.array([-1, 2]),
        [4, 1],
        np.array([], np.int64),
        np.arange(10) % 3 == 0,
    ],
    ids=str,
)
def test_stored_images_are_sliced_as_an_array_is(tmp_path, chunks, rows):
    images = pixels()
    stored = open_image_file(store(tmp_path / "a.h5", images, chunks=chunks)).images
    np.testing.assert_array_equal(stored[rows], images[rows])
    assert stored[rows].flags.c_contiguous
    assert (stored.shape, len(stored), stored.dtype) == (images.shape, 10, np.uint8)


def test_a_row_number_that_is_not_there_is_an_error(tmp_path):
    stored = open_image_file(store(tmp_path / "a.h5", pixels())).images
    with pytest.raises(IndexError, match="10"):
        stored[np.array([0, 10])]


def test_rows_are_read_in_one_range_a_chunk(tmp_path):
    path = store(tmp_path / "a.h5", pixels(rows=40), chunks=(10, 4, 5, 3))
    with h5py.File(path) as file:

        class Counted:
            shape, chunks, reads = file["images"].shape, file["images"].chunks, 0

            def __getitem__(self, rows):
                Counted.reads += 1
                return file["images"][rows]

        shuffled = np.random.default_rng(1).permutation(40)
        np.testing.assert_array_equal(StoredImages(Counted(), FileStamp.of(path))[shuffled], pixels(rows=40)[shuffled])
    assert Counted.reads == 4


def test_a_file_that_says_nothing_is_named_after_its_path_and_has_no_split(tmp_path):
    file = open_image_file(store(tmp_path / "plain.h5", pixels()))
    assert (file.name, file.split, file.source, file.labels, file.class_names) == ("plain", "", "", None, None)


def test_attributes_stored_as_bytes_are_text(tmp_path):
    file = open_image_file(store(tmp_path / "a.h5", pixels(), split=np.bytes_("test"), name=np.bytes_("old")))
    assert (file.name, file.split) == ("old", "test")


def test_labels_of_other_integer_types_are_read_as_int64(tmp_path):
    labels = open_image_file(store(tmp_path / "a.h5", pixels(), labels=np.arange(10, dtype=np.uint8))).labels
    assert labels.dtype == np.int64


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.h5 does not exist, expected an image-array file"):
        open_image_file(tmp_path / "gone.h5")


def test_a_truncated_file_is_named(tmp_path):
    path = store(tmp_path / "a.h5", pixels(rows=100))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(
        UserError, match=r"a\.h5 is corrupt, or not an HDF5 file \(.*truncated.*; restore it from a copy"
    ):
        open_image_file(path)


def test_a_file_that_another_program_writes_is_not_called_damaged(tmp_path):
    path = store(tmp_path / "a.h5", pixels())
    with open(path, "rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)  # as HDF5 locks what it writes
        with pytest.raises(UserError) as caught:
            open_image_file(path)
    assert str(caught.value) == (
        f"{path} is open in another program that may be writing to it; close it there, then rerun the command"
    )


def test_a_foreign_file_is_named(tmp_path):
    (tmp_path / "a.h5").write_text("not HDF5 at all")
    with pytest.raises(UserError, match=r"a\.h5 is corrupt, or not an HDF5 file"):
        open_image_file(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (None, "no dataset 'images'"),
        (np.zeros((2, 4, 4, 3), np.float32), r"'images' float32 \(2, 4, 4, 3\)"),
        (np.zeros((2, 3, 4, 4), np.uint8), r"'images' uint8 \(2, 3, 4, 4\)"),
        (np.zeros((2, 48), np.uint8), r"'images' uint8 \(2, 48\)"),
    ],
)
def test_another_layout_is_refused(tmp_path, data, found):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        if data is not None:
            file["images"] = data
    with pytest.raises(UserError, match=rf"got {found}, expected 'images' uint8 \(N, H, W, 1 or 3\)"):
        open_image_file(tmp_path / "a.h5")


@pytest.mark.parametrize("labels", [np.arange(9), np.zeros(10), np.zeros((10, 1), int)])
def test_labels_that_do_not_fit_are_refused(tmp_path, labels):
    with pytest.raises(UserError, match=r"got labels .*, expected integers \(10,\)"):
        open_image_file(store(tmp_path / "a.h5", pixels(), labels=labels))


def test_class_names_that_are_no_json_list_are_refused(tmp_path):
    with pytest.raises(UserError, match="got class_names 'cat,dog', expected a JSON list"):
        open_image_file(store(tmp_path / "a.h5", pixels(), class_names="cat,dog"))


@pytest.mark.parametrize(("rows", "message"), [(11, "got 10 images, expected 11"), (9, "9 rows in total")])
def test_another_number_of_rows_leaves_no_file(tmp_path, rows, message):
    with pytest.raises(UserError, match=message):
        write(tmp_path / "a.h5", pixels(), rows=rows)
    assert list(tmp_path.iterdir()) == []


def test_blocks_of_different_sizes_leave_the_old_file(tmp_path):
    write(tmp_path / "a.h5", pixels(seed=1))
    blocks = [(pixels(rows=2), None), (pixels(rows=2, width=6), None)]
    with pytest.raises(UserError, match=r"got a block of images \(2, 3, 4, 6\) at row 2, expected \(4, 5, 3\)"):
        write_image_file(tmp_path / "a.h5", blocks, rows=4, name="", split="", source="")
    np.testing.assert_array_equal(open_image_file(tmp_path / "a.h5").images, pixels(seed=1))
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]


def rewritten(path):
    """Overwrite the file with the same number of other bytes."""
    with open(path, "r+b") as file:
        file.seek(-100, os.SEEK_END)
        file.write(bytes(100))


def cut_short(path):
    """Truncate the file within its images, which HDF5 then reads as zeros."""
    os.truncate(path, path.stat().st_size - 100)


def replaced(path):
    """Replace the file by a copy with the same size and modification time."""
    copy = shutil.copy2(path, path.with_name("copy"))
    os.replace(copy, path)


@pytest.mark.parametrize("change", [rewritten, cut_short, replaced, Path.unlink])
@pytest.mark.parametrize("rows", [slice(2, 5), np.array([7, 2])])
def test_images_of_a_file_that_has_changed_are_not_given(tmp_path, change, rows):
    path = store(tmp_path / "a.h5", pixels())
    os.utime(path, ns=(1, 1))  # long ago: a file system may give two writings one time
    stored = open_image_file(path).images
    np.testing.assert_array_equal(stored[rows], pixels()[rows])
    change(path)
    with pytest.raises(ChangedFileError, match=r"a.h5 (changed while it was read|can no longer be read) \(.*; rerun"):
        stored[rows]


def test_a_file_of_changed_images_does_not_get_its_name(tmp_path):
    def check():
        assert open_count == [10]  # all rows are there
        raise ChangedFileError("changed")

    def blocks():
        yield pixels(), None
        open_count.append(10)

    open_count = []
    with pytest.raises(ChangedFileError):
        write_image_file(tmp_path / "a.h5", blocks(), rows=10, name="", split="", source="", check=check)
    assert not list(tmp_path.iterdir())


def test_class_names_may_be_an_array_of_texts(tmp_path):
    with h5py.File(store(tmp_path / "a.h5", pixels()), "r+") as file:
        file.attrs["class_names"] = ["cat", "d\u00f6g"]
    assert open_image_file(tmp_path / "a.h5").class_names == ("cat", "d\u00f6g")
