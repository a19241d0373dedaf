import builtins
import io
import os

import numpy as np
import pytest
from PIL import Image

from dcgan_probe.images import load_images
from dcgan_probe.images.sources import open_source
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import ChangedFileError

lmdb = pytest.importorskip("lmdb")


def store(folder, contents):
    folder.parent.mkdir(parents=True, exist_ok=True)
    with lmdb.open(str(folder), map_size=1 << 22) as records, records.begin(write=True) as transaction:
        for key, content in contents.items():
            transaction.put(key, content)


def webp(seed, size=(9, 8), mode="RGB"):
    """Encode a picture of noise like a record of LSUN."""
    shape = (size[1], size[0], 3) if mode == "RGB" else (size[1], size[0])
    noise = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, format="WEBP", lossless=True)
    return stream.getvalue()


@pytest.mark.filterwarnings("ignore:Exception ignored")  # torchvision leaves its list of keys open
def test_the_rows_are_those_of_torchvision(tmp_path, monkeypatch):
    store(tmp_path / "bedroom_train_lmdb", {b"b": webp(1), b"a": webp(2), b"c": webp(3, mode="L")})
    images = load_images("lsun:bedroom", "train", data_dir=tmp_path)
    monkeypatch.chdir(tmp_path)  # torchvision leaves a file in the current folder
    from torchvision.datasets import LSUN

    dataset = LSUN(str(tmp_path), classes=["bedroom_train"])
    expected = [np.asarray(picture).transpose(2, 0, 1) for picture, _ in dataset]
    dataset.dbs[0].env.close()
    np.testing.assert_array_equal(images.images, expected)
    assert (images.name, images.labels, images.split) == ("lsun_bedroom", None, "train")


def test_the_test_split_is_the_published_val(tmp_path):
    store(tmp_path / "tower_val_lmdb", {b"a": webp(1)})
    images = load_images("lsun:tower", "test", data_dir=tmp_path)
    assert (len(images), images.split) == (1, "test")


def test_images_are_decoded_only_when_asked_for(tmp_path):
    store(tmp_path / "tower_train_lmdb", {b"a": webp(1), b"b": b"broken"})
    stream = open_source("lsun:tower", "train", data_dir=tmp_path)
    assert stream.pixels(0, 3).shape == (3, 8, 9)
    with pytest.raises(UserError, match=r"tower_train_lmdb: image 1 cannot be read"):
        stream.pixels(1, 3)


def test_images_of_different_sizes_name_the_way_out(tmp_path):
    store(tmp_path / "tower_train_lmdb", {b"a": webp(1), b"b": webp(1, size=(9, 9))})
    with pytest.raises(
        UserError, match=r"\(9x8 image 0, 9x9 image 1\).* with: dcgan-probe prepare lsun:tower --size 32"
    ):
        load_images("lsun:tower", "train", data_dir=tmp_path)


def test_a_missing_lmdb_is_named(tmp_path):
    with pytest.raises(UserError, match=r"tower_train_lmdb does not exist, expected the LMDB of lsun:tower there"):
        load_images("lsun:tower", "train", data_dir=tmp_path)


def test_a_foreign_lmdb_is_named(tmp_path):
    (tmp_path / "tower_train_lmdb").mkdir()
    (tmp_path / "tower_train_lmdb" / "data.mdb").write_bytes(b"no LMDB" * 1000)
    with pytest.raises(UserError, match=r"tower_train_lmdb cannot be read as an LMDB"):
        load_images("lsun:tower", "train", data_dir=tmp_path)


def test_an_empty_lmdb_is_refused(tmp_path):
    store(tmp_path / "tower_train_lmdb", {})
    with pytest.raises(UserError, match="tower_train_lmdb contains no images"):
        load_images("lsun:tower", "train", data_dir=tmp_path)


def test_the_missing_package_is_named(tmp_path, monkeypatch):
    store(tmp_path / "tower_train_lmdb", {b"a": webp(1)})
    real = builtins.__import__

    def without_lmdb(name, *rest):
        if name == "lmdb":
            raise ImportError("No module named 'lmdb'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_lmdb)
    with pytest.raises(UserError, match=r"lsun needs the package lmdb: pip install 'dcgan-probe\[lsun\]'"):
        load_images("lsun:tower", "train", data_dir=tmp_path)


def test_a_database_that_changes_while_it_is_read_is_refused(tmp_path):
    store(tmp_path / "tower_train_lmdb", {b"a": webp(1)})
    stream = open_source("lsun:tower", "train", data_dir=tmp_path)
    assert stream.pixels(0, 3).shape == (3, 8, 9)
    stream.require_unchanged()
    os.utime(tmp_path / "tower_train_lmdb" / "data.mdb", ns=(1, 1))
    with pytest.raises(ChangedFileError, match=r"data.mdb changed while it was read"):
        stream.require_unchanged()
