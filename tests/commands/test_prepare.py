import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from dcgan_probe.commands import main


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "pictures" / "a.png")
    return noise


def test_the_filter_is_an_option(place):
    arguments = ["prepare", "pictures", "--size", "8", "--resample", "box", "--out", "small_train.h5", "--quiet"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    with h5py.File("small_train.h5") as file:
        assert file.attrs["resample"] == "box"
        means = place.reshape(8, 2, 8, 2).mean(axis=(1, 3))
        np.testing.assert_array_equal(file["images"][0, :, :, 0], np.floor(means + 0.5))


def test_another_filter_is_refused_with_the_choices(place):
    result = CliRunner().invoke(main, ["prepare", "pictures", "--resample", "nearest"])
    assert result.exit_code == 2
    message = " ".join(result.stderr.split())
    assert "Invalid value for '--resample': 'nearest' is not one of 'lanczos', 'box', 'bicubic'" in message
