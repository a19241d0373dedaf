"""Names of sets are the same before and after their images are loaded."""

import h5py
import numpy as np
import pytest

from dcgan_probe.images import load_images, set_name


@pytest.mark.parametrize("dataset", ["glyphs:30", "some set", "./other_train.h5", "folder/third.h5"])
def test_a_name_is_known_without_the_images(dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DCGAN_PROBE_DATA", str(tmp_path))
    (tmp_path / "folder").mkdir()
    for path in ("some set_train.h5", "other_train.h5", "folder/third.h5"):
        with h5py.File(path, "w") as file:
            file["images"] = np.zeros((4, 8, 8, 3), np.uint8)
            file["labels"] = np.arange(4) % 2
    assert set_name(dataset) == load_images(dataset, "train", data_dir=tmp_path, download=False).name
