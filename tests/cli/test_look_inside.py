"""Investigations of a barely trained run on the command line: files, numbers and usage errors."""

import json
import re
import shutil
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from dcgan_probe.cli import main
from dcgan_probe.investigations.result import plain


def invoke(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture(scope="module")
def workplace(tmp_path_factory, tiny_run):
    folder = tmp_path_factory.mktemp("workplace")
    shutil.copytree(tiny_run, folder / "runs/tiny")
    (folder / "broken.json").write_text('[{"sample": 1')
    return folder


@pytest.fixture(autouse=True)
def here(workplace, monkeypatch):
    monkeypatch.chdir(workplace)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    return workplace


def looked(*arguments):
    """Run a verb and return its JSON."""
    return json.loads(invoke(*arguments, "--json", "--quiet").stdout)


def size(path):
    with Image.open(path) as picture:
        return picture.size


def test_walk_writes_pictures_and_numbers():
    lines = invoke("walk", "--points", 3, "--steps", 4, "--seed", 2).stdout.splitlines()
    stem = lines[0].removesuffix(".png")
    assert re.fullmatch(r"runs/tiny/figures/walk-linear-3x4-s2-[0-9a-f]{6}", stem)
    assert lines[:4] == [f"{stem}.png", f"{stem}-animation.webp", f"{stem}-neighbours.png", f"{stem}.json"]
    width, height = size(f"{stem}.png")
    assert width > 4 * 66
    assert height > 3 * 66
    with Image.open(f"{stem}-animation.webp") as animation:
        assert (animation.format, animation.size) == ("WEBP", (260, 260))
    told = json.loads(Path(f"{stem}.json").read_text())
    assert told["command"] == "dcgan-probe walk --points 3 --steps 4 --seed 2"
    assert told["run"]["images_seen"] == 320
    numbers = told["numbers"]
    steps = np.array(numbers["steps"])
    assert steps.shape == (3, 4)
    by_leg = steps.max(axis=1) / steps.mean(axis=1)
    found = numbers["largest_step"]
    assert found["over_mean_of_leg"] == pytest.approx(by_leg.max(), rel=1e-4)
    assert steps[found["leg"], found["step"]] == steps[found["leg"]].max()
    assert found["leg"] == by_leg.argmax()
    assert len(numbers["nearest_rows"]) == len(numbers["nearest_mirrored"]) == 12


def test_the_animation_of_a_walk_has_every_image_of_the_path(monkeypatch):
    # Read before encoding: the frames of this run differ by one gray level, and WebP stores such frames as one.
    saved = []
    monkeypatch.setattr(
        "dcgan_probe.investigations.result.save_animation",
        lambda path, frames, seconds: saved.append((frames, seconds)),
    )
    grid, *_ = invoke("walk", "--points", 3, "--steps", 4, "--seed", 2).stdout.splitlines()
    ((frames, seconds),) = saved
    assert seconds == 0.08
    assert len(frames) == 12
    with Image.open(grid) as picture:
        sheet = np.asarray(picture)
    left, pitch = sheet.shape[1] - 8 - (4 * 66 + 2) + 2, 66  # the tiles end at the right margin
    for index, frame in enumerate(frames):
        top, start = 10 + index // 4 * 89, left + index % 4 * pitch
        tile = sheet[top : top + 64, start : start + 64]
        np.testing.assert_array_equal(frame[2:-2, 2:-2], tile[::2, ::2].repeat(8, axis=0).repeat(8, axis=1))


def test_an_investigation_may_be_named():
    (path, *_) = invoke("walk", "--points", 2, "--steps", 2, "--name", "my walk/2").stdout.splitlines()
    assert re.fullmatch(r"runs/tiny/figures/my-walk-2-s0-[0-9a-f]{6}\.png", path)


def test_arithmetic_of_numbered_samples():
    eye = ["--concept", "a=1,2,3", "--concept", "b=4,5,6", "--concept", "c=7,8,9"]
    result = invoke("arithmetic", *eye)
    assert "No attribute is named" in result.stderr
    told = looked("arithmetic", *eye)
    assert told["numbers"]["equation"] == "a - b + c"
    assert told["numbers"]["concepts"] == {"a": [1, 2, 3], "b": [4, 5, 6], "c": [7, 8, 9]}
    assert told["numbers"]["mean_scores"] == {}
    (picture,) = told["pictures"]
    assert re.fullmatch(r"arithmetic-a-b-c-s0-[0-9a-f]{6}\.png", picture)


def test_arithmetic_of_concepts_that_probes_choose():
    told = looked(
        *["arithmetic", "--concept", "a=neighbours>=20", "--concept", "b=neighbours<20", "--concept", "c=left<5"],
        *["--attribute", "right>=20", "--per-concept", 2, "--pool", 60],
    )["numbers"]
    assert {name: len(numbers) for name, numbers in told["concepts"].items()} == {"a": 2, "b": 2, "c": 2}
    attributes = {"neighbours>=20", "neighbours<20", "left<5", "right>=20"}
    assert set(told["probes"]) == attributes
    assert set(told["mean_scores"]) == {
        *("a", "b", "c", "result", "of single samples", "of pixels", "random samples"),
    }
    scores = told["mean_scores"]["result"]
    assert set(scores) == attributes
    assert told["mean_scores"]["a"]["neighbours>=20"] > told["mean_scores"]["b"]["neighbours>=20"]


def test_turn_scores_strips_beside_a_random_axis():
    told = looked(
        *["turn", "--from", "none=neighbours<20", "--to", "some=neighbours>=20", "--count", 5, "--steps", 4],
        *["--pool", 60, "--per-concept", 4],
    )["numbers"]
    found = told["attributes"]["neighbours>=20"]
    assert len(found["mean_scores"]) == len(told["positions"]) == 4
    assert len(found["monotonicity"]) == 5
    assert found["monotonicity_mean"] == pytest.approx(np.mean(found["monotonicity"]), abs=1e-5)
    assert len(found["random_axes_monotonicity_means"]) == told["random_axes"] == 8
    assert found["mean_rise"] == pytest.approx(found["mean_scores"][-1] - found["mean_scores"][0], abs=1e-4)
    assert len(set(found["random_axes_mean_rises"])) == 8
    opposite = told["attributes"]["neighbours<20"]
    np.testing.assert_allclose(opposite["mean_scores"], -np.array(found["mean_scores"]), rtol=0.2, atol=0.2)


def test_one_sample_makes_an_unstable_concept():
    eye = ["--concept", "a=1", "--concept", "b=4,5", "--concept", "c=7,8,9"]
    warning = "the concept a has one sample: single samples are unstable, use three or more."
    result = invoke("arithmetic", *eye, "--quiet", "--json")
    assert result.stderr == f"Warning: {warning}\n"
    assert json.loads(result.stdout)["warnings"] == [warning]


def test_selected_samples_without_the_attribute_are_reported():
    """Both concepts select the whole pool, so some samples lack the attribute."""
    sides = ["--concept", "a=neighbours>=20", "--concept", "b=neighbours<20", "--concept", "c=1,2,3"]
    stderr = invoke("arithmetic", *sides, "--pool", 4, "--per-concept", 4, "--quiet").stderr
    assert re.search(r"Warning: [1-4] of the 4 samples of the concept [ab] lack one of its attributes", stderr)


def test_scores_come_with_the_accuracy_of_the_probes_and_without_noise():
    call = ["turn", "--from", "a=1,2,3", "--to", "b=4,5,6", "--attribute", "left<5", "--count", 2, "--pool", 10]
    result = invoke("arithmetic", *["--concept", "a=1,2", "--concept", "b=3,4", "--concept", "c=5,6"], *call[5:7])
    for each in (result, invoke(*call)):
        assert re.search(r"probes of left<5: balanced accuracy \d+ % \(scores\), \d+ % \(selects\)", each.stdout)
        assert "features of samples" not in each.stderr


def test_samples_of_the_axis_are_not_turned():
    told = looked("turn", "--from", "a=1,61", "--to", "b=64,900000", "--count", 5, "--steps", 3, "--pool", 60)[
        "numbers"
    ]
    assert told["turned"] == [60, 62, 63, 65, 66]
    assert "axis_length" in told["units"]


def test_a_run_is_found_by_its_name_in_the_folder_of_runs(workplace):
    by_name, by_path = (
        invoke("sample", "--run", run, "--count", 2).stdout for run in ("tiny", workplace / "runs" / "tiny")
    )
    assert Path(by_name.split()[0]).resolve() == Path(by_path.split()[0]).resolve()


def test_an_interrupted_investigation_is_not_reported_as_resumable(monkeypatch):
    def interrupted(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("dcgan_probe.investigations.walk"), "interpolate", interrupted)
    assert (
        "Interrupted before any work was finished; rerun the command to start it." in invoke("walk", status=130).stderr
    )


def test_non_finite_numbers_are_absent_from_json():
    assert plain({"a": np.array([1.0, np.nan]), "b": float("-inf")}) == {"a": [1.0, None], "b": None}


def test_samples_are_shown_with_their_numbers():
    numbered, plain = (invoke("sample", "--count", 20, *more, "--quiet").stdout.split() for more in (["--number"], []))
    # Three rows of eight images of 32 pixels; numbered images are twice as large, with a line of text below.
    assert size(plain[0]) == (2 + 8 * 34, 2 + 3 * 34)
    assert size(numbered[0]) == (2 + 8 * 66, 2 + 3 * (66 + 13))
    np.testing.assert_array_equal(np.load(numbered[1])["z"], np.load(plain[1])["z"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["walk", "--run", "nowhere"], "nowhere is not a run folder"),
        (["walk", "--points", 1], "--points"),
        (["walk", "--points", 10**9], "Invalid value for --points: a set of 10,000,000,000 samples needs about"),
        (["walk", "--steps", 10**9], "Invalid value for --steps: a set of 9,000,000,000 samples needs about"),
        (["sample", "--count", 10**11], "Invalid value for --count: a set of 100,000,000,000 samples needs about"),
        (["sample", "--count", "1e13"], "too large: expected at most 1,000,000,000,000"),
        (["turn", "--from", "a=1", "--to", "b=2", "--count", 10**10], "Invalid value for --count: a set of 90,000,000"),
        (["turn", "--from", "a=1", "--to", "b=2", "--pool", 10**11], "Invalid value for --pool: a set of 100,000,000"),
        (["forget", "--map", 0, "--count", 10**11], "Invalid value for --count: a set of 100,000,000,000 samples"),
        (["walk", "--steps", 1], "--steps"),
        (["forget", "--boxes", "none.json"], "Invalid value for '--boxes': File 'none.json' does not exist"),
        (["arithmetic", "--concept", "a=1"], "got 1 concepts, expected three: A, B and C"),
        (
            ["arithmetic", *(["--concept", "a=1"] * 3)],
            "--concept: got the concepts a, a, a, expected distinct names",
        ),
        (["turn", "--from", "a=1", "--to", "a=2"], "--to: got the concepts a, a, expected distinct names"),
        (["arithmetic", "--concept", "a=1", "--concept", "result=1", "--concept", "c=1"], "name 'result'"),
        *(
            (
                ["turn", "--from", "a=1,2", "--to", f"b={typed}"],
                f"--to: got '{wrong}' in the concept 'b={typed}', expected",
            )
            for typed, wrong in [
                *(("4,5,-6", "-6"), ("1 2 3", "1 2 3"), ("1-5", "1-5"), ("1,2,x", "x"), ("5,1000000", "1000000")),
            ]
        ),
        (["turn", "--from", "a=<3", "--to", "b=1"], "--from: got the attribute '<3'"),
        (["turn", "--from", "a=1,2", "--to", "b=2,1"], "--to: got the samples [1, 2] at both ends"),
        *(
            (["turn", "--from", "a=1", "--to", "b=2", "--reach", reach], f"--reach: got a reach of {float(reach)}")
            for reach in ("inf", "0")
        ),
        (["turn", "--from", "a=1", "--to", "b=2", "--reach", "nan"], "--reach: got reach nan, expected float"),
        (["forget", "--boxes", "broken.json"], "--boxes: broken.json is not a JSON file"),
        (["arithmetic", "--concept", "a", "--concept", "b=1", "--concept", "c=2"], "expected NAME=3,17,42"),
        (["turn", "--from", "a=left<5"], "Missing option '--to'"),
        (["turn", "--from", "a=age<5", "--to", "b=age>=5"], "--from: glyphs has no attribute 'age'"),
        (["turn", "--from", "a=1,2", "--to", "b=3,4", "--attribute", "cat"], "--attribute: glyphs has no class 'cat'"),
        (
            ["turn", "--from", "a=left<5", "--to", "b=left>=5", "--pool", 3],
            "got 4 samples of a concept from a pool of 3",
        ),
    ],
)
def test_usage_errors_are_explained(arguments, message):
    assert message in " ".join(invoke(*arguments, status=2).output.replace("│", " ").split())


def test_labels_are_needed_for_attributes(workplace):
    from dcgan_probe.storage import write_image_file

    pixels = np.random.default_rng(0).integers(0, 256, (50, 3, 32, 32), dtype=np.uint8)
    blocks = [(pixels, None)]
    write_image_file(workplace / "plain.h5", blocks, rows=50, name="plain", split="train", source="made up")
    arguments = ["--from", "a=female", "--to", "b=male", "--dataset", "plain.h5"]
    assert "has no labels, and the attribute female needs them" in invoke("turn", *arguments, status=2).output


def test_a_stopped_investigation_leaves_no_earlier_numbers(monkeypatch):
    call = ["walk", "--points", 2, "--steps", 2, "--seed", 7]
    (*_, numbers) = [line for line in invoke(*call).stdout.splitlines() if line.endswith(".json")]
    assert Path(numbers).exists()
    with monkeypatch.context() as patch:
        patch.setattr("dcgan_probe.investigations.result.save_animation", lambda *arguments, **more: sys.exit(9))
        invoke(*call, status=9)
    assert not Path(numbers).exists()
