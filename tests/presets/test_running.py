"""Trainings of plans without a command line: run, resumed, described and stopped."""

import json
import shlex

import numpy as np
import pytest

from dcgan_probe.gan import Run
from dcgan_probe.presets import TrainingPlan, describe_training, run_training
from dcgan_probe.presets.running import TrainingSteps
from dcgan_probe.runtime import UserError, Workspace
from dcgan_probe.storage import write_image_file

TINY = {"image_size": 16, "multipliers": (1, 2), "strides": (2, 2), "ndf": 4, "ngf": 4, "batch_size": 8}
PLAN = TrainingPlan(preset="demo", dataset="squares", images=80, **TINY)


@pytest.fixture
def place(tmp_path):
    """Return a workspace with a labeled training split of gray images, and no test split."""
    labels = np.arange(80) % 2
    pixels = np.random.default_rng(0).integers(0, 200, (80, 1, 16, 16)).astype(np.uint8)
    write_image_file(
        tmp_path / "squares_train.h5", [(pixels, labels)], rows=80, name="squares", split="train", source="a test"
    )
    return Workspace(tmp_path / "runs", data_dir=tmp_path, download=False, device="cpu")


def test_a_plan_is_trained_described_and_resumed(place):
    described = describe_training(PLAN, place)
    folder = place.runs / "squares-demo-ndf4-ngf4-imagesize16-multipliers1.2-strides2.2-batchsize8-s0"
    assert (described["run"], described["exists"]) == (str(folder), False)
    assert described["config"]["network"]["nc"] == 1  # that of the images
    assert described["source"].startswith("[own]")
    assert described["expects"].keys() == {"images_per_second", "seconds", "memory_bytes", "parameters"}
    assert not folder.exists()

    steps, rows, notes = [], [], []
    trained = run_training(PLAN, place, on_step=steps.append, on_tick=rows.append, on_note=notes.append)
    assert (trained.outcome, trained.run.folder) == ("finished", folder)
    assert trained.run.config.to_dict() == described["config"]
    assert rows[-1]["images_seen"] == 80
    titles = list(dict.fromkeys(step.title for step in steps))
    assert titles == [f"train {folder}", *(f"batch-norm statistics of {name}" for name in ("dcgan", "random"))]
    assert all(step.done == step.total == 80 for step in {step.title: step for step in steps}.values())
    assert notes == []
    session = json.loads(trained.run.config_path.read_text())["sessions"][0]
    assert session["command"] == shlex.split(PLAN.to_command(place, folder))

    longer = run_training(TrainingPlan(**{**PLAN.to_mapping(), **TINY, "images": 120}), place, on_note=notes.append)
    assert longer.run.position() == 120
    assert notes == [f"{folder}: resuming at 80 of 120 images"]
    assert describe_training(PLAN, place)["exists"]


def test_a_run_object_has_the_config_of_its_last_session(place):
    run = run_training(PLAN, place).run
    again = Run(run.folder)
    assert (again.config, again.trained_on) == (run.config, run.trained_on)
    run.config_path.unlink()
    assert again.config == run.config  # read once
    with pytest.raises(UserError, match="is not a run folder"):
        Run(run.folder).config  # noqa: B018


def test_a_training_is_interrupted_between_its_steps(place):
    asked = iter([False, False, True])
    trained = run_training(PLAN, place, should_stop=lambda: next(asked))
    assert (trained.outcome, trained.run.position()) == ("interrupted", 24)
    assert not (trained.run.folder / "batchnorm").exists()
    assert run_training(PLAN, place).outcome == "finished"


def test_statistics_are_interrupted_and_made_by_the_next_call(place):
    seen = []
    stopped = run_training(
        PLAN, place, on_step=lambda step: seen.append(step.title), should_stop=lambda: seen[-1:] == [STATISTICS]
    )
    assert (stopped.outcome, stopped.run.position()) == ("interrupted", 80)
    assert not list(stopped.run.folder.glob("batchnorm/*"))
    assert run_training(PLAN, place).outcome == "already finished"
    assert len(list(stopped.run.folder.glob("batchnorm/*.pt"))) == 2


STATISTICS = "batch-norm statistics of dcgan"


@pytest.mark.parametrize(
    ("changes", "words", "option"),
    [
        ({"dataset": "no-set"}, "unknown image set 'no-set'", "dataset"),
        ({"nc": 3}, "squares has images of 1 x 16 x 16", "dataset"),
        ({"probe_every": 8, "probe_dataset": "no-set"}, "unknown image set 'no-set'", "probe_dataset"),
        ({"probe_every": 8, "probe_dataset": "squares", "probe_labels": 39}, "got 39 labels", "probe_labels"),
        ({"keep": "best"}, "got `keep=best` without a probe", "keep"),
        ({"window": 100}, "got a window of 100 images, expected a multiple of 256", "window"),
        ({"preset": "conditional", "classes": 3}, "squares has 2 classes", "classes"),
    ],
)
def test_plans_that_do_not_fit_are_refused_before_the_run_is_made(place, changes, words, option):
    plan = TrainingPlan(**{"preset": "demo", "dataset": "squares", "images": 80, **TINY, **changes})
    for call in (run_training, describe_training):
        with pytest.raises(UserError) as caught:
            call(plan, place)
        assert str(caught.value).startswith(words)
        assert caught.value.parameter == option
    assert not place.runs.exists()


def test_a_conditional_network_has_the_classes_of_the_images_and_no_statistics(place):
    plan = TrainingPlan(**{"preset": "conditional", "dataset": "squares", "images": 16, **TINY, "hidden": 8})
    run = run_training(plan, place).run
    assert (run.config.network.classes, run.config.network.nc) == (2, 1)
    assert not (run.folder / "batchnorm").exists()


def test_the_progress_shows_the_last_probe_and_the_alarm(tmp_path):
    steps, notes = [], []
    shown = TrainingSteps(Run(tmp_path / "x"), 200, steps.append, notes.append)
    shown.resume(50)
    row = {
        "d_loss": 1.0,
        "g_loss": 2.0,
        "d_real": 0.5,
        "images_seen": 100,
        "probe_accuracy": 0.456,
        "collapsed_since": None,
    }
    shown.tick(row)
    shown.tick({**row, "images_seen": 150, "probe_accuracy": None, "collapsed_since": 1200})
    assert notes == [f"{tmp_path / 'x'}: resuming at 50 of 200 images"]
    assert [(step.done, step.before, step.note) for step in steps] == [
        (50, 50, ""),
        (100, 50, "D 1.00 G 2.00 D(x) 0.50 probe 45.6%"),
        (150, 50, "D 1.00 G 2.00 D(x) 0.50 probe 45.6% COLLAPSED since 1,200"),
    ]
