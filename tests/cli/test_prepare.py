import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import dcgan_probe
from dcgan_probe.cli import main
from dcgan_probe.storage import open_image_file


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


def test_the_order_of_classes_and_skipped_files_are_printed(place, tmp_path):
    for name in ("10", "9"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        Image.fromarray(place).save(tmp_path / "tree" / name / "a.png")
    (tmp_path / "tree" / "notes.txt").touch()
    result = CliRunner().invoke(main, ["prepare", "tree", "--size", "8", "--out", "tree_train.h5", "--quiet"])
    assert result.exit_code == 0, result.output
    assert result.stdout == "tree_train.h5: 2 images of 8 x 8\nClasses in the order of the labels, from 0: 10, 9\n"
    assert result.stderr == "Note: tree: 1 entry is skipped: notes.txt (no image suffix)\n"
    with h5py.File("tree_train.h5") as file:
        assert file.attrs["class_names"] == '["10", "9"]'


def test_other_forms_need_options(place, tmp_path):
    (tmp_path / "deep").mkdir()
    Image.fromarray(np.full((8, 8), 4095, np.uint16)).save(tmp_path / "deep" / "a.png")
    (tmp_path / "deep" / "b.png").touch()
    arguments = ["prepare", "./deep", "--size", "8", "--out", "d_train.h5", "--quiet", "--skip-unreadable"]
    result = CliRunner().invoke(main, [*arguments, "--depth", "0,4095", "--background", "black", "--layout", "NHWC"])
    assert result.exit_code == 0, result.output
    assert result.stdout == "d_train.h5: 1 images of 8 x 8, unreadable images omitted: 1\n"
    with h5py.File("d_train.h5") as file:
        assert file["images"][0].min() == 255
        assert file.attrs["unreadable"] == 1
    result = CliRunner().invoke(main, [*arguments, "--depth", "all"])
    assert result.exit_code == 2
    assert "'all' is neither scale nor two numbers such as 0,4095" in result.stderr
    result = CliRunner().invoke(main, [*arguments, "--depth", "-1,1"])
    assert "expected -1 to 1; set another --depth LOW,HIGH" in result.stderr


def test_unicode_names_work_in_an_ascii_locale(tmp_path):
    folder = tmp_path / "數 ü"
    for name in ("ö", "two\nlines"):
        (folder / name).mkdir(parents=True)
        (folder / name / "é.ppm").write_bytes(b"P6 4 4 255\n" + bytes(range(48)))
    files = []
    for locale in ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"LC_ALL": "C.UTF-8"}):
        files.append(tmp_path / f"x{len(files)}_train.h5")
        done = subprocess.run(
            [sys.executable, "-m", "dcgan_probe", "prepare", str(folder), "--size", "4", "--out", str(files[-1])],
            env={**os.environ, **locale, "PYTHONPATH": str(Path(dcgan_probe.__file__).parents[1])},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert b"two lines" in done.stdout
    stored = [open_image_file(path) for path in files]
    assert [each.class_names for each in stored] == [("two\nlines", "ö")] * 2
    assert "數 ü" in stored[0].source


def test_a_limit_on_file_sizes_is_reported_and_nothing_is_left(tmp_path):
    command = f"ulimit -f 150; {sys.executable} -m dcgan_probe prepare glyphs:50 --size 32 --out x_train.h5"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(dcgan_probe.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "x_train.h5 needs 0.2 MB, but `ulimit -f` limits files to 0.1 MB; raise the limit" in done.stderr
    assert not list(tmp_path.iterdir())
