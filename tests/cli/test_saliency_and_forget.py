"""Saliency of D's features and forgetting by G, on the command line, for a barely trained run."""

import json
import re
import shutil
from importlib import import_module

import h5py
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from dcgan_probe.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_run):
    folder = tmp_path_factory.mktemp("workplace")
    shutil.copytree(tiny_run, folder / "run")
    return folder


@pytest.fixture
def look(folder, monkeypatch):
    """Return a function that runs a verb on the run and returns its numbers, or the text of its error."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)

    def invoke(*arguments, status=0):
        typed = [*map(str, arguments), "--run", "run", "--device", "cpu", "--quiet", "--json"]
        result = CliRunner().invoke(main, typed)
        assert result.exit_code == status, result.output
        return json.loads(result.stdout) if status == 0 else " ".join(result.output.split())

    return invoke


def write_boxes(folder, *boxes):
    path = folder / "strips.json"
    path.write_text(json.dumps([{"sample": sample, "box": box} for sample, *box in boxes]))
    return path


@pytest.mark.slow
def test_saliency_of_both_networks(look, folder):
    told = look("saliency", "--scan", "200", "--count", "3")
    numbers = told["numbers"]
    (picture,) = told["pictures"]
    assert re.fullmatch(r"saliency-last-first6-guided-s0-[0-9a-f]{6}\.png", picture)
    assert (numbers["layer"], numbers["scanned"], numbers["rule"]) == ("conv3", 200, "guided")
    assert [each["feature"] for each in numbers["features"]] == [0, 1, 2, 3, 4, 5]
    for each in numbers["features"]:
        assert len(set(each["rows"])) == 3
        assert each["activations"]["trained"] == sorted(each["activations"]["trained"], reverse=True)
        assert len(each["activations"]["untrained"]) == 3
        assert 0.25 <= each["best_quarter"]["trained"] <= 1
    # A row for each feature, its images twice as large as their 32 pixels.
    with Image.open(folder / "run/figures" / told["pictures"][0]) as picture:
        assert picture.height > 6 * 64
        assert picture.width > 9 * 64


def test_the_features_that_stand_out_most(look):
    """Check the order of all 16 maps of the last layer."""
    told = look("saliency", "--top", "16", "--scan", "100", "--count", "2", "--rule", "gradient")["numbers"]
    stands_out = [each["stands_out"]["trained"] for each in told["features"]]
    assert stands_out == sorted(stands_out, reverse=True)
    assert sorted(each["feature"] for each in told["features"]) == list(range(16))


def test_saliency_of_chosen_features_of_a_layer(look):
    told = look("saliency", "--layer", "1", "--features", "3,1", "--dataset", "glyphs:50", "--name", "mine")
    (picture,) = told["pictures"]
    assert re.fullmatch(r"mine-s0-[0-9a-f]{6}\.png", picture)
    assert (told["numbers"]["layer"], told["numbers"]["scanned"]) == ("conv1", 50)
    assert [each["feature"] for each in told["numbers"]["features"]] == [3, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--layer", "conv9"], "--layer: unknown layer conv9: expected one of conv1, conv2, conv3 (or 1 to 3)"),
        (["--features", "3,16"], "--features: got features (3, 16), expected numbers from 0 to 15"),
        (["--features", "-1"], "--features: got features (-1,), expected numbers from 0 to 15"),
        (["--features", "0,2,0"], "--features: got features (0, 2, 0), expected each once"),
        (["--count", "50"], "--count: got the 50 strongest of 50 images, expected fewer than are searched"),
        (["--top", "17"], "--top: got the top 17 features, but the layer has 16"),
        (["--top", "2", "--features", "1"], "--top: got features and top, expected one of them"),
        (["--dataset", "small.h5"], "small.h5 does not exist, expected a folder of images or an .h5 file"),
    ],
)
def test_saliency_refuses_before_it_searches(look, monkeypatch, arguments, message):
    module = import_module("dcgan_probe.investigations.saliency")
    monkeypatch.setattr(module, "encode_images", lambda *arguments: pytest.fail("searched"))
    assert message in look("saliency", "--scan", "50", *arguments, status=2)


@pytest.mark.parametrize("verb", [["saliency"], ["forget", "--map", "0"]])
def test_a_missing_run_is_refused(verb, tmp_path):
    result = CliRunner().invoke(main, [*verb, "--run", str(tmp_path / "none")])
    assert result.exit_code == 2
    assert "none is not a run folder" in " ".join(result.output.split()).replace("- ", "")


def test_forget_boxes_of_a_file(look, folder):
    boxes = [(sample, left, 0, left + 8, 32) for sample in range(1, 9) for left in (0, 24)]
    told = look("forget", "--boxes", write_boxes(folder, *boxes), "--count", "20")
    numbers = told["numbers"]
    assert [re.sub("-[0-9a-f]{6}", "", name) for name in told["pictures"]] == [
        "forget-strips-s0-boxes.png",
        "forget-strips-s0.png",
    ]
    assert (numbers["layer"], numbers["maps"], numbers["boxes"], numbers["boxed_samples"]) == ("deconv2", 4, 16, 8)
    # Two of eight images are held out; half of each one's 16 x 16 positions lie in its boxes.
    assert (numbers["positions"], numbers["held_out_positions"]) == (6 * 256, 2 * 256)
    weights = np.array(numbers["weights"])
    assert sorted(numbers["dropped"]) == np.flatnonzero(weights > 0).tolist()
    assert "score" not in numbers
    for name in told["pictures"]:
        assert (folder / "run/figures" / name).exists()


def test_forget_the_largest_weight_only_and_score_it(look, folder):
    path = write_boxes(folder, *((sample, 0, 0, 12, 32) for sample in range(6)))
    told = look("forget", "--boxes", path, "--top", "1", "--layer", "deconv1", "--attribute", "left>=10")["numbers"]
    assert told["dropped"] == [int(np.argmax(told["weights"]))]
    assert 0 <= told["score"]["share_before"] <= 1
    # The highest-scoring samples are a quarter of 200.
    assert told["score_of_surest"]["samples"] == 50
    for score in (told["score"], told["score_of_surest"]):
        spread = score["share_after"]
        assert spread["without_random_least"] <= spread["without_random"] <= spread["without_random_largest"]


def test_forget_warns_of_unreliable_numbers(folder, monkeypatch):
    """Boxes at random places share nothing that a regression could find."""
    monkeypatch.chdir(folder)
    forget = ["forget", "--count", "20", "--run", "run", "--device", "cpu"]

    def said(*arguments):
        result = CliRunner().invoke(main, [*forget, *map(str, arguments)])
        assert result.exit_code == 0, result.output
        return " ".join(result.stderr.split())

    random = np.random.default_rng(0)
    corners = ((sample, *map(int, random.integers(0, 24, 2))) for sample in range(40))
    path = write_boxes(folder, *((sample, left, top, left + 8, top + 8) for sample, left, top in corners))
    chance = "and 50 % is chance: its maps may be no better than random ones"
    assert chance in said("--boxes", path)
    assert chance not in said("--map", "0")


def test_forget_boxes_from_a_probe(look, folder):
    told = look("forget", "--boxes-from", "neighbours>=20", "--window", "10", "--count", "30")
    boxes = json.loads((folder / "run/figures" / told["pictures"][0]).read_text())
    assert len(boxes) == told["numbers"]["boxes"] == 100
    assert all(right - left == bottom - top == 10 for left, top, right, bottom in (each["box"] for each in boxes))
    # The written file of boxes is valid input of the verb, with the same result.
    again = look("forget", "--boxes", folder / "run/figures" / told["pictures"][0], "--count", "30")
    assert again["numbers"]["weights"] == told["numbers"]["weights"]


def test_forget_a_single_map(look):
    told = look("forget", "--map", "2", "--count", "5")["numbers"]
    assert told["dropped"] == [2]
    assert not {"boxes", "score", "weights"} & set(told)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--boxes: got none of --boxes, --boxes-from and --map, expected one of them"),
        (["--map", "1", "--boxes-from", "left>=9"], "got boxes_from and map of --boxes, --boxes-from and --map"),
        (["--map", "4"], "--map: got map 4 of deconv2, expected 0 to 3"),
        (["--map", "0", "--layer", "conv1"], "--layer: unknown layer conv1: expected one of deconv1, deconv2"),
        (["--map", "0", "--attribute", "age>=3"], "--attribute: glyphs has no attribute 'age'"),
        (["--boxes-from", "age>=3"], "--boxes-from: glyphs has no attribute 'age'"),
        (["--boxes-from", "left>=9", "--attribute", "left>=9"], "--attribute: got attribute with boxes_from"),
        (["--map", "1", "--top", "3"], "--top: got top with map, which drops a single map"),
        (["--map", "1", "--window", "8"], "--window: got window without boxes_from"),
        (["--map", "1", "--dataset", "glyphs:50"], "--dataset: got dataset without a probe to train"),
        (["--boxes-from", "left>=9", "--window", "32"], "--window: got a window of 32 pixels, expected less than"),
    ],
)
def test_forget_refuses(look, arguments, message):
    assert message in look("forget", *arguments, status=2)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([], "strips.json holds an empty list"),
        ([(1, 0, 0, 8, 40)], "strips.json, entry 0: got the box [0, 0, 8, 40]"),
        ([(-1, 0, 0, 8, 8)], "strips.json, entry 0: got sample -1, expected a number from 0 to 999,999"),
        ([(1, 0, 0, 8, 8)], "got boxes on one sample, expected boxes on at least two"),
        (
            [(10**12, 0, 0, 8, 8), (1, 0, 0, 8, 8)],
            "entry 0: got sample 1,000,000,000,000, expected a number from 0 to 999,999",
        ),
        ([(1, 0, 0, 32, 32), (2, 0, 0, 32, 32)], "got boxes that cover all of their samples"),
    ],
)
def test_forget_refuses_boxes(look, folder, boxes, message):
    assert message in look("forget", "--boxes", write_boxes(folder, *boxes), status=2)


def test_probes_need_labels(look, folder):
    with h5py.File(folder / "bare.h5", "w") as file:
        file["images"] = np.zeros((40, 32, 32, 3), np.uint8)
        file.attrs["split"] = "train"
    said = look("forget", "--boxes-from", "label=1", "--dataset", folder / "bare.h5", status=2)
    assert "--dataset: bare" in said
    assert "has no labels" in said
