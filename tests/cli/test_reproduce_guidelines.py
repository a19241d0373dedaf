"""Table of the guidelines by one command: its plan, trainings, finished trainings and failures."""

import pandas
import pytest
from click.testing import CliRunner
from PIL import Image

from dcgan_probe.cli import main
from dcgan_probe.presets import running
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import TABLES, read_toml, write_toml

SIZES = {"preset": "demo", "dataset": "glyphs:300", "images": 128, "probe_dataset": "glyphs:300", "probe_labels": 40}


@pytest.fixture
def place(tmp_path, monkeypatch, narrow_presets):
    """Return a folder without data, and the settings of a tiny table of three rows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    rows = read_toml(TABLES / "guidelines.toml")["guidelines"]
    three = [rows[0], rows[2], rows[4]]  # the baseline, no batch norm, a hidden layer
    write_toml("guidelines.toml", {"scales": {"smoke": "tiny"}, "train": SIZES, "guidelines": three})
    monkeypatch.setattr("dcgan_probe.gan.rehearsal.STEPS", 1)
    narrow_presets(monkeypatch, "demo")
    return tmp_path


def reproduce(*arguments, table="guidelines.toml", scale="smoke", status=0):
    result = CliRunner().invoke(main, ["reproduce", table, "--scale", scale, "--no-download", *arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


@pytest.mark.slow
def test_the_table_is_planned_and_made_once(place):
    plan = reproduce("--seeds", "2", "--dry-run").stdout
    assert "guidelines at scale smoke: 6 trainings, 0 of them done. To do: 6 trainings, in about" in plan
    assert plan.count("dcgan-probe train ") == 6
    assert not (place / "runs").exists()

    made = reproduce("--seeds", "1")
    assert "3 trainings, 0 of them done" in made.stderr
    for name in ("all guidelines followed", "no batch norm", "fully connected hidden layers"):
        assert name in made.stdout
    folder = place / "runs" / "smoke" / "results" / "guidelines"
    runs = pandas.read_csv(folder / "guidelines.csv", keep_default_na=False, na_values=[""])
    assert runs["setting"].fillna("").tolist() == ["", "norm none", "hidden 256"]
    assert runs["images_seen"].tolist() == [128] * 3
    assert runs["probe_accuracy"].between(0, 1).all()
    assert (runs["diversity"] > 0).all()
    assert all(command.removesuffix(" --quiet") in plan for command in runs["command"])
    assert (folder / "guidelines.md").read_text().count("| norm none") == 1
    assert "\\begin{tabular}" in (folder / "guidelines.tex").read_text()
    with Image.open(folder / "samples.webp") as picture:
        assert picture.format == "WEBP"
        assert picture.height > 3 * (2 + 2 * 34)  # three rows of two rows of samples

    before = {path: path.read_bytes() for path in folder.iterdir()}
    again = reproduce("--seeds", "1")
    assert "3 trainings, 3 of them done; nothing to do." in again.stderr
    assert again.stdout == made.stdout
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    more = reproduce("--seeds", "2", "--dry-run").stdout
    assert "6 trainings, 3 of them done. To do: 3 trainings" in more


@pytest.mark.slow
def test_a_failed_training_leaves_the_others_and_is_reported_at_the_end(place, monkeypatch):
    def fail(config, *arguments, **options):
        if config.network.norm == "none":
            raise UserError("a loss is not finite")
        return working(config, *arguments, **options)

    working = running.train
    monkeypatch.setattr(running, "train", fail)
    result = reproduce("--seeds", "1", status=1)
    assert "1 of 3 steps failed:\ndcgan-probe train --preset demo" in result.stderr
    assert result.stderr.count(": a loss is not finite") == 1
    runs = pandas.read_csv(place / "runs" / "smoke" / "results" / "guidelines" / "guidelines.csv")
    assert len(runs) == 2


def test_invalid_options_are_refused(place):
    refused = reproduce("--seeds", "2", table="cifar10", scale="small", status=2)
    assert "Invalid value for --seeds: got 2 seeds for cifar10, expected none" in refused.stderr
    refused = reproduce(scale="paper", status=2)
    assert "Invalid value for --scale: got scale 'paper', expected one of smoke" in refused.stderr
    missing = reproduce("--dry-run", table="guidelines", scale="small", status=1).stderr
    assert "unknown image set 'tiny_imagenet32'" in missing
    command = "dcgan-probe prepare FOLDER --size 32 --resample box --out data/tiny_imagenet32_train.h5"
    assert f"To prepare them from a folder: {command}" in missing


def test_guidelines_can_be_broken_by_hand(place):
    options = ["--resampling", "max-pool", "--norm", "none", "--hidden", "8", "--leak", "0", "--output", "sigmoid"]
    arguments = ["train", "--preset", "demo", "--dataset", "glyphs:300", *options, "--dry-run"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    for line in ('"resampling": "max-pool"', '"norm": "none"', '"hidden": 8', '"leak": 0.0', '"output": "sigmoid"'):
        assert line in result.stdout


def test_another_training_in_the_folder_is_refused(place):
    tiny = ["--preset", "demo", "--dataset", "glyphs:300", "--images", "128", "--quiet"]
    result = CliRunner().invoke(main, ["train", *tiny, "--flips", "--run", "runs/smoke/guidelines/no-batch-norm-s0"])
    assert result.exit_code == 0, result.output
    told = " ".join(reproduce("--seeds", "1", status=2).output.split())
    assert "no-batch-norm-s0 holds another training" in told
    assert "flips: True -> False" in told
