"""Messages on trainings, from invented rows of statistics."""

import json

import pytest

from dcgan_probe.cli.training_notes import describe_collapse, describe_ending, with_words
from dcgan_probe.gan import Run
from dcgan_probe.presets import TrainedRun


@pytest.fixture
def run(tmp_path, tiny_config, monkeypatch):
    """Return a function that makes a run whose last row of statistics has given values."""
    monkeypatch.setattr(Run, "position", lambda run: 1_500)

    def make(collapsed_since=None, signs=()):
        made = Run(tmp_path)
        made.config = tiny_config()
        row = {"images_seen": 1_400, "collapsed_since": collapsed_since, "collapse_signs": list(signs)}
        made.stats_path.write_text(json.dumps(row) + "\n")
        return made

    return make


def test_the_outcome_of_training_is_one_line(run, tmp_path):
    files = f"1,500 images; grids in {tmp_path / 'samples'}, curves in {tmp_path / 'curves.png'}"
    assert describe_ending(TrainedRun(run(), "finished")) == f"{tmp_path}: finished, {files}"
    late = "time limit reached; rerun the command to resume"
    assert describe_ending(TrainedRun(run(), "out of time")) == f"{tmp_path}: {late}, {files}"


def test_a_collapse_is_reported_with_its_signs(run, tmp_path):
    collapsed = run(1_200, ["alike", "dead"])
    assert describe_ending(TrainedRun(collapsed, "finished")).endswith("\nCOLLAPSED since 1,200 images (alike, dead)")
    assert describe_collapse(collapsed) == (
        f"training has collapsed since 1,200 images (alike, dead); saved in {tmp_path} at 1,400. Rerun the command "
        "without --stop-on-collapse to resume; another --seed or a lower --lr may help."
    )


def test_costs_are_also_given_as_text():
    described = with_words({"run": "x", "expects": {"seconds": 7_200, "memory_bytes": 3 << 29, "parameters": 9}})
    assert described["expects"]["time"] == "2.0 h"
    assert described["expects"]["memory"] == "1.5 GiB"
    assert described["expects"]["parameters"] == 9
