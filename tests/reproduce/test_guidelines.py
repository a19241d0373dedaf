"""Trainings that test the guidelines, and their outcomes in run folders."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from PIL import Image

from dcgan_probe.gan import Run, TrainConfig, train
from dcgan_probe.reproduce import guideline_plan, guideline_run, images_seen, last_samples
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import TABLES, read_toml

# Each row's fields, written out: the paper's value and the one that breaks it.
BROKEN = {
    "baseline": {},
    "max-pooling": {"network.resampling": ("stride", "max-pool")},
    "no-batch-norm": {"network.norm": ("all-but-ends", "none")},
    "batch-norm-everywhere": {"network.norm": ("all-but-ends", "all")},
    "hidden-layer": {"network.hidden": (0, 256)},
    "relu": {"network.leak": (0.2, 0.0)},
    "sigmoid": {"network.output": ("tanh", "sigmoid")},
    "beta1": {"beta1": (0.5, 0.9)},
    "learning-rate": {"lr": (2e-4, 1e-3)},
}


def flat(config: TrainConfig) -> dict:
    whole = asdict(config)
    return {**whole, **{f"network.{name}": value for name, value in whole.pop("network").items()}}


def trainings_of(scale, seeds):
    return guideline_plan("guidelines", read_toml(TABLES / "guidelines.toml"), scale, seeds).trainings


@pytest.mark.parametrize("scale", ["smoke", "small"])
def test_each_training_breaks_one_guideline_and_nothing_else(scale):
    trainings = trainings_of(scale, 3)
    assert [(each.guideline.name, each.plan.seed) for each in trainings] == [(n, s) for s in range(3) for n in BROKEN]
    assert len({each.run_name for each in trainings}) == 27
    kept = flat(trainings[0].config(torch.device("cpu")))
    for training in trainings:
        own = flat(training.config(torch.device("cpu")))
        changed = {n: (kept[n], own[n]) for n in kept if n not in ("network", "preset") and kept[n] != own[n]}
        assert changed.pop("seed", (0, 0)) == (0, training.plan.seed)
        assert changed == BROKEN[training.guideline.name]


def test_commands_say_what_the_config_has():
    for training in trainings_of("small", 2):
        command = training.plan.to_command().split()
        given = dict(zip(command[2::2], command[3::2], strict=True))
        broken = {f"--{name.rpartition('.')[2]}": value for name, (_, value) in BROKEN[training.guideline.name].items()}
        assert {name: given[name] for name in broken} == {name: str(value) for name, value in broken.items()}
        assert given.get("--seed", "0") == str(training.plan.seed)
        assert given["--dataset"] == "tiny_imagenet32"
        assert training.plan.probe_dataset == "cifar10"
        assert given["--images"] == given["--probe-every"] == "120000"  # one probe, at the end


def test_there_is_no_published_scale():
    with pytest.raises(UserError, match="got scale 'paper', expected one of smoke, small") as caught:
        trainings_of("paper", 3)
    assert caught.value.parameter == "scale"


SESSION = {
    "started": "2026-11-22T10:00:00+00:00",
    "device": "cpu (2 threads, x86_64)",
    "versions": {"python": "3.12", "torch": "2.15"},
    "command": ["dcgan-probe", "train", "--preset", "demo", "--dataset", "a b"],
    "probe": {"every": 1280, "untrained_accuracy": 0.125},
}
ROW = {"images_per_second": 100.0, "d_loss": 1.0, "diversity": 0.5, "collapsed_since": None, "collapse_signs": []}


def make_run(folder, rows):
    (folder / "samples").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"config": {}, "trained_on": {}, "sessions": [SESSION]}))
    (folder / "stats.jsonl").write_text("".join(json.dumps({**ROW, **row}) + "\n" for row in rows))
    return Run(folder)


def test_a_run_is_read_from_its_statistics(tmp_path):
    rows = [
        {"images_seen": 500, "collapsed_since": 300, "collapse_signs": ["samples alike"]},
        {"images_seen": 700, "d_loss": 2.0, "images_per_second": 50.0},
        {"images_seen": 1280, "probe_accuracy": 0.25, "diversity": 0.75, "oscillating_filters": None},
    ]
    training = trainings_of("smoke", 2)[11]
    found = guideline_run(training, make_run(tmp_path / "run", rows))
    assert (found.guideline, found.setting) == ("no batch norm", "norm none")
    expected = {"seed": 1, "images": 1280, "images_seen": 1280, "first_alarm": 300, "collapsed_since": None}
    expected |= {
        "d_loss": 1.0,
        "diversity": 0.75,
        "probe_accuracy": 0.25,
        "oscillating_filters": None,
        "untrained_accuracy": 0.125,
    }
    expected |= {"seconds": 5.0 + 4.0 + 5.8, "command": "dcgan-probe train --preset demo --dataset 'a b'"}
    expected |= {"versions": "python 3.12, torch 2.15", "collapse_signs": None}
    assert {name: found[name] for name in expected} == expected


def test_a_collapse_at_the_end_has_its_signs(tmp_path):
    signs = ["samples alike", "filters dead"]
    run = make_run(tmp_path / "run", [{"images_seen": 1280, "collapsed_since": 640, "collapse_signs": signs}])
    found = guideline_run(trainings_of("smoke", 1)[0], run)
    assert (found["first_alarm"], found["collapsed_since"]) == (640, 640)
    assert found["collapse_signs"] == "samples alike, filters dead"
    assert found["probe_accuracy"] is None


def test_a_run_that_was_never_begun_is_none(tmp_path):
    run = Run(tmp_path / "nothing")
    assert guideline_run(trainings_of("smoke", 1)[0], run) is None
    assert images_seen(run) == 0


def test_samples_are_two_rows_of_the_last_grid(tmp_path, tiny_config, tiny_images):
    train(tiny_config(images=16), tiny_images(), tmp_path, device=torch.device("cpu"))
    found = last_samples(Run(tmp_path))
    with Image.open(tmp_path / "samples" / "fixed-noise-0000000016.png") as picture:
        whole = np.asarray(picture)
    assert found.shape == (2 + 2 * 10, 2 + 8 * 10, 3)
    assert np.array_equal(found, whole[:22])


def test_every_guideline_of_the_table_has_a_name_of_its_own():
    assert [each.guideline.name for each in trainings_of("small", 1)] == list(BROKEN)
    assert len({each.guideline.shown for each in trainings_of("small", 1)}) == len(BROKEN)
