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


def test_the_order_of_classes_is_printed_and_what_is_skipped_is_noted(place, tmp_path):
    for name in ("10", "9"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        Image.fromarray(place).save(tmp_path / "tree" / name / "a.png")
    (tmp_path / "tree" / "notes.txt").touch()
    result = CliRunner().invoke(main, ["prepare", "tree", "--size", "8", "--out", "tree_train.h5", "--quiet"])
    assert result.exit_code == 0, result.output
    assert result.stdout == "tree_train.h5: 2 images of 8 x 8\nClasses, from label 0 on: 10, 9\n"
    assert result.stderr == "Note: tree: 1 entry is skipped: notes.txt (without the ending of an image)\n"
    with h5py.File("tree_train.h5") as file:
        assert file.attrs["class_names"] == '["10", "9"]'


def test_what_other_forms_need_are_options(place, tmp_path):
    (tmp_path / "deep").mkdir()
    Image.fromarray(np.full((8, 8), 4095, np.uint16)).save(tmp_path / "deep" / "a.png")
    (tmp_path / "deep" / "b.png").touch()
    arguments = ["prepare", "./deep", "--size", "8", "--out", "d_train.h5", "--quiet", "--skip-unreadable"]
    result = CliRunner().invoke(main, [*arguments, "--depth", "0,4095", "--background", "black", "--layout", "NHWC"])
    assert result.exit_code == 0, result.output
    assert result.stdout == "d_train.h5: 1 images of 8 x 8, 1 that could not be read left out\n"
    with h5py.File("d_train.h5") as file:
        assert file["images"][0].min() == 255
        assert file.attrs["unreadable"] == 1
    result = CliRunner().invoke(main, [*arguments, "--depth", "all"])
    assert result.exit_code == 2
    assert "'all' is neither scale nor two numbers such as 0,4095" in result.stderr
    result = CliRunner().invoke(main, [*arguments, "--depth", "-1,1"])
    assert "expected -1 to 1; set another --depth LOW,HIGH" in result.stderr
