import json

import h5py
import numpy as np
import pytest

from dcgan_probe.images import load_images
from dcgan_probe.runtime import Notice, UserError
from dcgan_probe.storage import StoredImages


def unpack(path, value=0, rows=6, split=None, class_names=None):
    """Write an image-array file without the code under test; every pixel is ``value``."""
    images = np.full((rows, 8, 8, 3), value, np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=images, chunks=(min(1024, rows), 8, 8, 3))
        file.create_dataset("labels", data=np.arange(rows) % 2)
        file.create_dataset("age", data=np.arange(rows))
        base, _, last = path.stem.rpartition("_")
        file.attrs["name"], file.attrs["split"] = base or path.stem, split or (last if base else "train")
        file.attrs["source"] = "packs/x.npz"
        if class_names:
            file.attrs["class_names"] = json.dumps(class_names)
    return path


def load(dataset, split, data_dir):
    return load_images(dataset, split, data_dir=data_dir, download=False)


def test_a_name_finds_its_two_files(tmp_path):
    unpack(tmp_path / "svhn_train.h5", 1, class_names=["no", "yes"])
    unpack(tmp_path / "svhn_test.h5", 2, rows=4, class_names=["no", "yes"])
    train, test = load("svhn", "train", tmp_path), load("svhn", "test", tmp_path)
    assert (len(train), len(test), train.images[:1].max(), test.images[:1].max()) == (6, 4, 1, 2)
    assert (train.name, train.split, test.split, train.class_names) == ("svhn", "train", "test", ("no", "yes"))
    assert train.source == f"{tmp_path / 'svhn_train.h5'} (packs/x.npz)"
    assert isinstance(train.images, StoredImages)


def test_any_name_is_found(tmp_path):
    unpack(tmp_path / "tiny_imagenet32_train.h5", 3)
    assert load("tiny_imagenet32", "train", tmp_path).images[:].max() == 3


def test_a_single_file_serves_train_and_not_test(tmp_path):
    unpack(tmp_path / "faces64.h5", 3)
    assert load("faces64", "train", tmp_path).name == "faces64"
    with pytest.raises(UserError, match=r"faces64 has no test split in .*expected .*faces64_test\.h5, or faces64\.h5"):
        load("faces64", "test", tmp_path)


def test_a_single_file_that_says_test_serves_test_and_not_train(tmp_path):
    unpack(tmp_path / "faces64.h5", 3, split="test")
    assert load("faces64", "test", tmp_path).split == "test"
    with pytest.raises(UserError, match="faces64 has no train split"):
        load("faces64", "train", tmp_path)


def test_the_file_of_a_split_comes_before_the_single_file(tmp_path):
    unpack(tmp_path / "a.h5", 1)
    unpack(tmp_path / "a_train.h5", 2)
    assert load("a", "train", tmp_path).images[:].max() == 2


def test_a_file_of_the_other_split_is_refused(tmp_path):
    unpack(tmp_path / "a_train.h5", split="test")
    with pytest.raises(UserError, match=r"a_train\.h5 has the attribute split=test, expected train"):
        load("a", "train", tmp_path)


def test_a_file_that_does_not_say_its_split_is_what_its_name_says(tmp_path):
    for path in (unpack(tmp_path / "a_test.h5"), unpack(tmp_path / "b.h5")):
        with h5py.File(path, "r+") as file:
            del file.attrs["split"]
    assert load("a", "test", tmp_path).split == "test"
    assert load("b", "train", tmp_path).split == "train"


def test_the_data_folder_comes_from_the_environment(tmp_path, monkeypatch):
    unpack(tmp_path / "elsewhere" / "a_train.h5", 5)
    monkeypatch.setenv("DCGAN_PROBE_DATA", str(tmp_path / "elsewhere"))
    assert load_images("a", "train").images[:].max() == 5


def test_the_data_folder_is_data_by_default(tmp_path, monkeypatch):
    unpack(tmp_path / "data" / "a_train.h5", 6)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    assert load_images("a", "train").images[:].max() == 6


def test_a_path_finds_the_other_split_beside_it(tmp_path):
    train, test = unpack(tmp_path / "a_train.h5", 1), unpack(tmp_path / "a_test.h5", 2)
    for path in (train, test):
        assert load(str(path), "train", None).images[:].max() == 1
        assert load(str(path), "test", None).images[:].max() == 2
    assert load(str(test), "test", None).name == "a"


def test_a_path_of_a_single_file_serves_its_split(tmp_path):
    path = unpack(tmp_path / "a.h5", 1)
    assert load(str(path), "train", None).images[:].max() == 1
    with pytest.raises(UserError, match=r"a\.h5 has no test split, expected .*a_test\.h5 beside it, or a file whose"):
        load(str(path), "test", None)
    unpack(tmp_path / "a_test.h5", 2)
    assert load(str(path), "test", None).images[:].max() == 2


def test_a_path_relative_to_the_current_folder_works(tmp_path, monkeypatch):
    unpack(tmp_path / "a.h5", 4)
    monkeypatch.chdir(tmp_path)
    assert load("a.h5", "train", None).images[:].max() == 4


@pytest.mark.parametrize("suffix", ["val", "valid", "validation"])
def test_a_validation_file_serves_as_the_missing_test_split(tmp_path, suffix):
    train, test = unpack(tmp_path / "a_train.h5", 1), unpack(tmp_path / f"a_{suffix}.h5", 2)
    for dataset in ("a", str(train), str(test)):
        with pytest.warns(Notice, match=rf"a_test\.h5 is missing, so .*a_{suffix}\.h5 is the test split"):
            assert load(dataset, "test", tmp_path).images[:].max() == 2
        assert load(dataset, "train", tmp_path).images[:].max() == 1
    unpack(tmp_path / "a_test.h5", 3)
    assert load("a", "test", tmp_path).images[:].max() == 3


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.h5 does not exist, expected a folder of images or an \.h5 file"):
        load(str(tmp_path / "gone.h5"), "train", None)
    with pytest.raises(UserError, match=r"/gone does not exist, expected a folder of images or an \.h5 file"):
        load(str(tmp_path / "gone"), "train", None)


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "a.zip").touch()
    with pytest.raises(UserError, match=r"got .*a\.zip, expected a folder of images or an \.h5 file"):
        load(str(tmp_path / "a.zip"), "train", None)


def test_a_truncated_file_is_named_rather_than_passed_over(tmp_path):
    path = unpack(tmp_path / "cifar10_train.h5", rows=100)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(
        UserError, match=r"cifar10_train\.h5 is corrupt, or not an HDF5 file .*; restore it from a copy"
    ):
        load("cifar10", "train", tmp_path)


def test_an_unknown_name_lists_what_there_is(tmp_path):
    for name in ("b_train", "b_test", "a"):
        unpack(tmp_path / f"{name}.h5")
    with pytest.raises(UserError) as error:
        load("imagnet", "train", tmp_path)
    assert str(error.value) == (
        f"unknown image set 'imagnet', expected a set in {tmp_path} (a, b), a built-in set (glyphs, glyphs:N, cifar10, "
        "svhn, mnist, lsun:CATEGORY), or the path of a folder or an .h5 file"
    )
    assert error.value.parameter == "dataset"


def test_an_unknown_name_and_an_empty_data_folder(tmp_path):
    with pytest.raises(UserError, match=r"which has no \.h5 files\), a built-in set"):
        load("imagnet", "train", tmp_path / "nothing")


def test_an_unknown_split_is_refused(tmp_path):
    with pytest.raises(UserError, match="got split 'val', expected one of train, test"):
        load("glyphs:5", "val", tmp_path)


def test_a_prepared_file_comes_before_the_built_in_set(tmp_path):
    unpack(tmp_path / "glyphs_train.h5", 9)
    assert load("glyphs", "train", tmp_path).images[:].max() == 9
    assert len(load("glyphs:10", "train", tmp_path)) == 10
