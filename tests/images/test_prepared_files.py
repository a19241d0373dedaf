"""Image-array files from configs: default paths, descriptions, progress, TOML and command lines."""

import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from PIL import Image

from dcgan_probe.images import PrepareConfig, prepare_file
from dcgan_probe.images.prepared_files import default_name
from dcgan_probe.runtime import UserError, Workspace


def picture(path, value=200):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8), value, np.uint8)).save(path)


def test_a_folder_is_written_where_its_name_is_found(tmp_path):
    for name in ("ant", "bee"):
        picture(tmp_path / "pets_train" / name / "a.png")
    steps = []
    written = prepare_file(
        PrepareConfig(str(tmp_path / "pets_train"), size=4), Workspace(data_dir=tmp_path / "data"), on_step=steps.append
    )
    assert written.path == tmp_path / "data" / "pets-4_train.h5"
    classes = "Classes in the order of the labels, from 0: ant, bee"
    assert written.describe() == f"{written.path}: 2 images of 4 x 4\n{classes}"
    assert [(step.title, step.done, step.total, step.unit) for step in steps] == [
        (f"prepare {written.path}", 2, 2, "images")
    ]


def test_what_could_not_be_read_is_described(tmp_path):
    picture(tmp_path / "flat" / "a.png")
    (tmp_path / "flat" / "b.png").touch()
    config = PrepareConfig(
        str(tmp_path / "flat"), size=4, skip_unreadable=True, out=tmp_path / "x_train.h5", channels=1
    )
    written = prepare_file(config)
    assert written.describe() == f"{written.path}: 1 images of 4 x 4, unreadable images omitted: 1"


@pytest.mark.parametrize(
    ("source", "name"),
    [("mnist", "mnist"), ("lsun:church", "lsun_church"), ("scans_test", "scans"), ("a/b_train.h5", "a/b_train.h5")],
)
def test_names_of_sources(tmp_path, monkeypatch, source, name):
    monkeypatch.chdir(tmp_path)
    assert default_name(source) == name
    (tmp_path / "scans_train").mkdir()
    assert default_name("scans_train") == default_name("./scans_train/") == "scans"


def test_a_config_is_kept_by_toml_and_typed():
    config = PrepareConfig("a set", 64, "test", 1, "box", (0.0, 4095.0), layout="NHWC", skip_unreadable=True)
    assert PrepareConfig.from_mapping(tomllib.loads(tomli_w.dumps(config.to_mapping()))) == config
    assert shlex.split(config.to_command(Workspace(device="cpu", data_dir=Path("d")))) == [
        *("dcgan-probe", "prepare", "a set", "--size", "64", "--split", "test", "--channels", "1", "--resample", "box"),
        *("--depth", "0.0,4095.0", "--layout", "NHWC", "--skip-unreadable", "--data-dir", "d"),
    ]
    with pytest.raises(UserError, match=r"got depth \(1.0,\), expected scale or two numbers"):
        PrepareConfig("x", depth=(1.0,))
    with pytest.raises(UserError, match="got channels 2, expected 1 or 3 or None"):
        PrepareConfig("x", channels=2)
