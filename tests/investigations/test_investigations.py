"""Every investigation from Python alone, on a run that has learned next to nothing."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dcgan_probe as dp
from dcgan_probe.gan import train
from dcgan_probe.images import load_images
from dcgan_probe.runtime import Notice, resolve_device

CPU = dp.Workspace(device="cpu", download=False)
EYE = {"concepts": ("a=1,2", "b=3,4", "c=5,6")}


def trained(folder, preset, images, **changes):
    config = dp.preset_config(preset, dataset=images.name, ndf=4, ngf=4, batch_size=20, images=40, **changes)
    train(config, images, folder, device=resolve_device("cpu"))
    return dp.Run(folder)


@pytest.fixture(scope="module")
def glyphs():
    return replace(load_images("glyphs:300", "train"), name="glyphs:300")


@pytest.fixture(scope="module")
def run(glyphs, tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs") / "tiny", "demo", glyphs, nz=8)


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    digits = replace(load_images("glyphs:400", "train"), name="glyphs:400")
    return trained(tmp_path_factory.mktemp("runs") / "digits", "conditional", digits, hidden=8)


def sizes(paths):
    found = []
    for path in paths:
        with Image.open(path) as picture:
            found.append(picture.size)
    return found


def test_a_walk_has_its_path_numbers_and_pictures(run, tmp_path):
    steps = []
    found = dp.walk(run, dp.WalkConfig(3, 4, seed=2), workspace=CPU, on_step=steps.append)
    assert found.z.shape == (12, 8)
    assert found.images.shape == (12, 3, 32, 32)
    np.testing.assert_array_equal(found.z[0], dp.sample(run, dp.SampleConfig(3, seed=2), workspace=CPU).z[0])
    assert found.pictures["-animation.webp"].shape == (12, 260, 260, 3)
    assert found.warnings == ()
    assert "largest step over the mean step of its leg" in found.summary[0]
    assert [(each.done, each.total) for each in steps if each.title == "features of samples"] == [(12, 12)]
    written = found.save(tmp_path / "mine", "my walk/2")
    stem = f"my-walk-2-s2-{found.digits}"
    assert [path.name for path in written] == [
        f"{stem}.png",
        f"{stem}-animation.webp",
        f"{stem}-neighbours.png",
        f"{stem}.json",
    ]
    assert sizes([written[0]]) == [found.pictures[".png"].shape[1::-1]]
    told = json.loads(written[-1].read_text())
    assert told["pictures"] == [path.name for path in written[:-1]]
    assert (
        told["command"]
        == f"dcgan-probe walk --seed 2 --points 3 --steps 4 --no-download --device cpu --run {run.folder}"
    )
    assert told["numbers"] == found.record()["numbers"]
    assert (told["run"]["images_seen"], told["seed"]) == (40, 2)


def test_the_usual_folder_and_name_are_those_of_the_run_and_the_settings(run):
    *_, numbers = dp.arithmetic(run, dp.ArithmeticConfig(**EYE), workspace=CPU).save()
    assert numbers.parent == run.folder / "figures"
    assert numbers.name.startswith("arithmetic-a-b-c-s0-")


def test_a_walk_without_training_images_says_so_and_leaves_their_neighbors_out(run, monkeypatch):
    dp.walk(run, dp.WalkConfig(2, 2), workspace=CPU)  # the batch-norm statistics are in the run from now on
    monkeypatch.setattr("dcgan_probe.investigations.investigation.load_images", refuse)
    with pytest.warns(Notice, match="nearest training images left out, since .* missing: no such images"):
        found = dp.walk(run, dp.WalkConfig(2, 2), workspace=CPU)
    assert set(found.pictures) == {".png", "-animation.webp"}
    assert "nearest_rows" not in found.numbers


def refuse(*arguments, **more):
    raise dp.UserError("no such images")


def test_arithmetic_warns_of_single_samples_and_notes_the_lack_of_scores(run):
    notes = []
    config = dp.ArithmeticConfig(concepts=("a=1", "b=3,4", "c=5,6"))
    found = dp.arithmetic(run, config, workspace=CPU, on_note=notes.append)
    assert found.warnings == ("the concept a has one sample: single samples are unstable, use three or more.",)
    assert found.record()["warnings"] == list(found.warnings)
    assert len(notes) == 1
    assert "No attribute is named" in notes[0]
    assert found.z.shape == (9, 8)
    assert found.images.shape == (9, 3, 32, 32)
    np.testing.assert_array_equal(found.images, dp.arithmetic(run, config, workspace=CPU).images)


def test_a_turn_measures_scores_along_its_axis(run):
    config = dp.TurnConfig(start="a=1,2", end="b=3,4", attributes=("left<5",), count=2, steps=3, pool=10)
    found = dp.turn(run, config, workspace=CPU)
    assert found.axis.shape == (8,)
    assert found.positions.tolist() == [-1.0, 0.0, 1.0]
    assert found.images.shape == (2, 3, 3, 32, 32)
    assert set(found.numbers["attributes"]) == {"left<5"}
    assert any("rank correlation with the position" in line for line in found.summary)
    turned = found.numbers["turned"]
    alone = dp.sample(run, dp.SampleConfig(max(turned) + 1), workspace=CPU).images[turned]
    assert np.abs(found.images[:, 1].astype(int) - alone).max() <= 1  # rounding of a differently blocked product


def test_both_ends_of_a_turn_have_to_differ(run):
    with pytest.raises(dp.UserError, match="at both ends") as error:
        dp.turn(run, dp.TurnConfig(start="a=1,2", end="b=2,1"), workspace=CPU)
    assert error.value.parameter == "end"


def test_saliency_of_both_networks_comes_as_arrays(run, glyphs):
    found = dp.saliency(run, dp.SaliencyConfig(features=(3, 1), scan=60, count=2), workspace=CPU)
    assert found.features.tolist() == [3, 1]
    assert found.rows.shape == (2, 2)
    np.testing.assert_array_equal(found.images, glyphs.images[:][found.rows])
    assert set(found.saliencies) == {"trained", "untrained"}
    assert found.saliencies["trained"].shape == (2, 2, 3, 32, 32)


def test_features_that_a_layer_lacks_are_refused(run):
    with pytest.raises(dp.UserError, match=r"got features \(99,\), expected numbers from 0 to 15"):
        dp.saliency(run, dp.SaliencyConfig(features=(99,), scan=60), workspace=CPU)


def test_forgetting_gives_the_generator_without_the_map(run):
    found = dp.forget(run, dp.ForgetConfig(map=2, count=5), workspace=CPU)
    assert found.numbers["dropped"].tolist() == [2]
    assert found.boxes == ()
    assert found.attachments == {}
    assert set(found.pictures) == {".png"}
    assert type(found.generator) is type(run.generator())


def test_boxes_of_a_probe_are_saved_and_lead_to_the_same(run, tmp_path):
    config = dp.ForgetConfig(boxes_from="neighbours>=20", window=10, count=20)
    found = dp.forget(run, config, workspace=CPU)
    boxes, *_ = found.save(tmp_path)
    assert boxes.name.endswith("-boxes.json")
    assert len(found.boxes) == len(json.loads(boxes.read_text())) == 100
    again = dp.forget(run, dp.ForgetConfig(boxes=boxes, count=20), workspace=CPU)
    assert again.boxes == found.boxes
    np.testing.assert_array_equal(again.numbers["weights"], found.numbers["weights"])
    assert again.attachments == {}


def test_an_attribute_that_a_set_lacks_is_told_by_the_field_that_has_it(run):
    for config, option in (
        (dp.ForgetConfig(boxes_from="age>=3"), "boxes_from"),
        (dp.ForgetConfig(map=1, attribute="age>=3"), "attribute"),
    ):
        with pytest.raises(dp.UserError, match="has no attribute 'age'") as error:
            dp.forget(run, config, workspace=CPU)
        assert error.value.parameter == option
    config = dp.ArithmeticConfig(**EYE, attributes=("age>=3",))
    with pytest.raises(dp.UserError, match="has no attribute 'age'") as error:
        dp.arithmetic(run, config, workspace=CPU)
    assert error.value.parameter == "attributes"


def test_samples_are_saved_as_a_grid_and_arrays(run, conditional, tmp_path):
    found = dp.sample(run, dp.SampleConfig(10, numbered=True), workspace=CPU)
    assert found.labels is None
    grid, arrays = found.save(tmp_path, "mine")
    assert grid.name.startswith("mine-s0-")
    assert sizes([grid]) == [(2 + 8 * 66, 2 + 2 * (66 + 13))]
    with np.load(arrays) as stored:
        np.testing.assert_array_equal(stored["images"], found.images)
    sevens = dp.sample(conditional, dp.SampleConfig(4, label="7"), workspace=CPU)
    assert sevens.labels.tolist() == [7] * 4
    assert "sample-n4-class7-s0-" in sevens.save()[0].name


def test_generated_images_are_tested_beside_real_ones(conditional, tmp_path):
    found = dp.evaluate_generated(conditional, dp.GeneratedConfig(counts=(20, 50)), workspace=CPU)
    assert [(each.fitted_on, each.count) for each in found.errors] == [
        *(("generated", 20), ("generated", 50)),
        *(("real", 20), ("real", 50), ("real", 400)),
    ]
    assert found.errors[-1].tested == 80
    picture, numbers = found.save(tmp_path)
    assert sizes([picture]) == [(770, 495)]
    assert [each["count"] for each in json.loads(numbers.read_text())["numbers"]["errors"]] == [20, 50, 20, 50, 400]


def test_a_folder_is_no_run(run, tmp_path):
    for none in (dp.Run(tmp_path / "none"), str(tmp_path / "none")):
        with pytest.raises(dp.UserError, match="is not a run folder"):
            dp.walk(none, workspace=CPU)
    with pytest.raises(dp.UserError, match="got 3 as `run`, expected Run"):
        dp.walk(3, workspace=CPU)


def test_a_conditional_run_has_no_walk_and_another_no_class(run, conditional):
    with pytest.raises(dp.UserError, match="walk needs networks without labels; give another run"):
        dp.walk(conditional, workspace=CPU)
    with pytest.raises(dp.UserError, match="is not conditional"):
        dp.evaluate_generated(run, workspace=CPU)
    with pytest.raises(dp.UserError, match="is not conditional"):
        dp.sample(run, dp.SampleConfig(label="7"), workspace=CPU)


ALONE = """
import sys

import dcgan_probe as dp

run, place = dp.Run(sys.argv[1]), dp.Workspace(device="cpu", download=False)
found = [
    dp.walk(run, dp.WalkConfig(2, 2), workspace=place),
    dp.arithmetic(run, dp.ArithmeticConfig(concepts=("a=1,2", "b=3,4", "c=5,6")), workspace=place),
    dp.turn(run, dp.TurnConfig(start="a=1,2", end="b=3,4", count=2, steps=2), workspace=place),
    dp.saliency(run, dp.SaliencyConfig(features=(1,), scan=20, count=2), workspace=place),
    dp.forget(run, dp.ForgetConfig(map=1, count=3), workspace=place),
    dp.sample(run, dp.SampleConfig(3), workspace=place),
    dp.evaluate_generated(dp.Run(sys.argv[2]), dp.GeneratedConfig(counts=(5,)), workspace=place),
]
print(*(path for each in found for path in each.save(sys.argv[3])), sep="\\n")
"""


def test_every_investigation_runs_where_click_is_missing(run, conditional, tmp_path, fresh_process):
    arguments = (run.folder, conditional.folder, tmp_path)
    done = fresh_process(ALONE, tmp_path, lacking=("click",), arguments=arguments)
    assert done.returncode == 0, done.stderr
    written = [Path(line) for line in done.stdout.splitlines()]
    assert {path.name.partition("-")[0] for path in written} == {
        *("walk", "arithmetic", "turn", "saliency", "forget", "sample", "eval"),
    }
    assert all(path.stat().st_size for path in written)
