"""Caveats of unbalanced classes, and of test images that are also training images, on the command line."""

import json

import numpy as np
import pandas
import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.storage import write_image_file

QUICK = ["--features", "pixels", "--no-controls", "--C", "1e-3", "--quiet"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Write noise images with 100 test images, of which 95 are of one class and 40 are also training images."""
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (160, 3, 4, 4), dtype=np.uint8)
    labels = np.arange(100) // 95
    for split, rows in (("train", slice(0, 100)), ("test", slice(60, 160))):
        block = [(pixels[rows], labels)]
        write_image_file(tmp_path / f"x_{split}.h5", block, rows=100, name="x", split=split, source="")
    return tmp_path


def evaluate(*arguments):
    result = CliRunner().invoke(main, ["eval-svm", "--dataset", "./x_train.h5", *QUICK, *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_console_prints_caveats(here):
    text = " ".join(evaluate().split())
    assert "40 of the 100 test images are exact copies of training images; `dcgan-probe dedup` with" in text
    assert "by up to 19.0 to 1: always predicting the most frequent class has an accuracy of 95.00 %" in text
    assert "balanced" in text.split("40 of the 100")[0]


def test_json_records_and_tables_have_the_same_numbers(here):
    (found,) = json.loads(evaluate("--json"))
    assert (found["duplicates"], found["imbalance"], found["majority_accuracy"]) == (40, 19.0, 0.95)
    recorded = pandas.read_csv("results/evaluations.csv").iloc[0]
    fits = pandas.read_csv(f"results/fits/{found['evaluation']}.csv.gz")
    tidy = pandas.read_csv("results/tables/x-all.csv").iloc[0]
    names = ["duplicates", "imbalance", "majority_accuracy"]
    assert recorded[names].tolist() == [40, 19.0, 0.95]
    assert tidy[[*names, "balanced_accuracy"]].tolist() == [40, 19.0, 95.0, 100 * found["balanced_accuracy"]]
    assert fits["balanced_accuracy"].tolist() == [found["balanced_accuracy"]]
    assert "40 of the 100 test images are exact copies" in (here / "results" / "tables" / "x-all.md").read_text()


def test_held_out_images_are_compared_with_the_other_training_images(here):
    (found,) = json.loads(evaluate("--json", "--validate"))
    assert (found["dataset"], found["duplicates"]) == ("x-validation", 0)
    assert found["imbalance"] > 19.0  # one image of each class is held out
    assert found["majority_accuracy"] == 0.5
