"""``dedup`` on the command line: a set with hidden copies, and usage errors."""

import csv
import json

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from dcgan_probe.cli import main
from dcgan_probe.images import load_images
from dcgan_probe.storage import write_image_file

QUICK = ["--images", 256, "--plants", 10, "--quiet"]
NAMES = ("even", "odd")


def invoke(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def write(path, images, split):
    labels = np.arange(len(images)) % 2
    about = {"name": "hidden", "split": split, "source": "made by a test", "class_names": NAMES}
    about["attributes"] = {"row": np.arange(len(images))}
    write_image_file(path, [(images, labels)], rows=len(images), **about)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Return a folder with 40 training images, two of them mirrored copies, and 20 test images, one of them a copy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DCGAN_PROBE_DATA", "data")
    drawn = load_images("glyphs:60", "train").images[:]
    train, test = drawn[:40].copy(), drawn[40:].copy()
    train[[30, 35]], test[7] = train[[3, 4], :, :, ::-1], train[10]
    write(tmp_path / "data" / "hidden_train.h5", train, "train")
    write(tmp_path / "data" / "hidden_test.h5", test, "test")
    return tmp_path


@pytest.mark.slow
def test_copies_are_removed_shown_and_counted(here):
    output = invoke("dedup", "hidden", "--out", "data/clean_train.h5", *QUICK)
    assert "2 pairs in 2 groups, 2 images removed" in output
    assert "data/clean_train.h5: 38 images" in output
    assert (
        "Inspect data/clean_train-pairs.png: a --distance of 0.4 suits photographs; for digits and drawings" in output
    )
    rest = np.delete(np.arange(40), [30, 35])
    before, after = (load_images(name, "train") for name in ("hidden", "clean"))
    np.testing.assert_array_equal(after.images[:], before.images[rest])
    np.testing.assert_array_equal(after.labels, rest % 2)
    assert after.class_names == NAMES
    np.testing.assert_array_equal(after.attributes["row"], rest)
    np.testing.assert_array_equal(after.attributes["source_row"], rest)
    assert (here / "data" / "clean_train-removed.csv").read_text() == "row,kept\n30,3\n35,4\n"
    with h5py.File("data/clean_train.h5") as file:
        assert (file.attrs["name"], file.attrs["split"]) == ("clean", "train")
    told = json.loads((here / "data" / "clean_train-dedup.json").read_text())
    assert told["command"].startswith("dcgan-probe dedup hidden --out")
    assert {"date", "device", "versions"} < set(told)
    assert told["seconds"] >= sum(told["seconds_by_phase"].values()) - 0.5
    assert (told["pairs"], told["group_sizes"], told["removed"]) == (2, {"2": 2}, 2)
    assert set(told["planted"]) == {"re-encoded", "brightness", "noise", "shift 1", "shift 2", "flip"}
    assert told["planted"]["flip"] == {"planted": 10, "found": 1.0, "paper": told["planted"]["flip"]["paper"]}
    with Image.open("data/clean_train-pairs.png") as picture:
        assert picture.width > 2 * 134


@pytest.mark.slow
def test_digits_of_one_shape_are_distinct_at_the_distance_for_drawings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["dedup", "glyphs:400", "--out", "clean.h5", *QUICK, "--distance", 0.15]
    output = invoke(*arguments)
    assert "0 pairs in 0 groups, 0 images removed" in output
    assert "for photographs" not in output


@pytest.mark.slow
def test_a_second_run_trains_nothing(here, monkeypatch):
    arguments = ["dedup", "hidden", "--out", "clean.h5", *QUICK]
    invoke(*arguments)
    kept = sorted((here / "runs" / "dedup").glob("*.npz"))
    assert len(kept) == 2
    monkeypatch.setattr("dcgan_probe.deduplication.autoencoder.train_encoder", None)
    invoke(*arguments)


@pytest.mark.slow
def test_judgments_give_the_share_of_false_pairs(here):
    invoke("dedup", "hidden", "--out", "clean.h5", "--figures", "figures", *QUICK)
    path = here / "figures" / "clean-pairs.csv"
    with open(path) as file:
        lines = list(csv.DictReader(file))
    assert {(line["row"], line["other"]) for line in lines} == {("30", "3"), ("35", "4")}
    answers = {("30", "3"): "yes", ("35", "4"): "no"}
    path.write_text("row,other,same\n" + "".join(f"{','.join(pair)},{same}\n" for pair, same in answers.items()))
    arguments = ["dedup", "hidden", "--out", "clean.h5", "--figures", "figures", *QUICK]
    assert "Invalid value for --judged: figures/clean-pairs.csv holds judgments" in invoke(*arguments, status=2)
    output = invoke(*arguments, "--judged", path)
    with open(path) as file:
        assert {(line["row"], line["other"]): line["same"] for line in csv.DictReader(file)} == answers
    assert "False: 1 of 2 judged, 1.3% to 98.7% with 95 % confidence" in output
    assert json.loads((here / "figures" / "clean-dedup.json").read_text())["false_positives"]["false"] == 1


def test_images_of_the_test_set_are_removed_from_the_training_set(here):
    output = invoke("dedup", "hidden", "--against", "hidden", "--split", "test", "--out", "fair_train.h5", *QUICK)
    assert "1 pairs, 1 images removed" in output
    lines = (here / "fair_train-pairs.csv").read_text().splitlines()
    assert lines[1].startswith("1,10,7,0.0000")
    assert (here / "fair_train-removed.csv").read_text() == "row,kept\n10,7\n"
    assert load_images("fair_train.h5", "train").images.shape[0] == 39


def test_a_set_without_copies_is_written_whole(here):
    (here / "clean-pairs.png").write_text("an earlier search's")
    output = invoke("dedup", "hidden", "--split", "test", "--out", "clean.h5", *QUICK)
    assert "0 pairs in 0 groups, 0 images removed" in output
    assert "clean.h5: 20 images" in output
    assert not (here / "clean-pairs.png").exists()


def test_judgments_of_other_pairs_are_refused_before_anything_is_written(here):
    judged = here / "judged.csv"
    arguments = ["dedup", "hidden", "--out", "clean.h5", "--judged", judged, *QUICK]
    judged.write_text("row,other,same\n40,3,yes\n")
    assert "Invalid value for --judged: got judgments of row 40" in invoke(*arguments, status=2)
    assert not (here / "runs").exists()
    judged.write_text("row,other,same\n31,3,yes\n")
    assert "Invalid value for --judged: got judgments of other pairs" in invoke(*arguments, status=2)
    assert not list(here.glob("clean*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["hidden", "--out", "clean.png"], "Invalid value for --out: got the file name clean.png, expected one that"),
        (
            ["hidden", "--out", "data/hidden_train.h5"],
            "Invalid value for --out: data/hidden_train.h5 is the set itself",
        ),
        (["nowhere", "--out", "clean.h5"], "unknown image set 'nowhere'"),
        (["hidden", "--out", "clean.h5", "--against", "nowhere"], "unknown image set 'nowhere'"),
        (
            ["hidden", "--out", "clean.h5", "--judged", "none.csv"],
            "Invalid value for '--judged': File 'none.csv' does not exist",
        ),
        (
            ["hidden", "--out", "clean.h5", "--against", "hidden", "--split", "train"],
            "Invalid value for --against: hidden, train split, is the set itself",
        ),
        (["hidden", "--out", "/proc/none/clean.h5"], "Invalid value for --out: /proc/none cannot be created"),
        (
            ["hidden", "--out", "clean.h5", "--figures", "/proc/none"],
            "Invalid value for --figures: /proc/none cannot be created",
        ),
        (["hidden", "--out", "clean.h5", "--bits", 30], "Invalid value for '--bits'"),
        (["hidden", "--out", "clean.h5", "--distance", 2], "Invalid value for '--distance'"),
        (["hidden"], "Missing option '--out'"),
    ],
)
def test_usage_errors(here, arguments, message):
    assert message in invoke("dedup", *arguments, *QUICK, status=2)
    assert not (here / "clean.h5").exists()
    assert not (here / "runs").exists()
