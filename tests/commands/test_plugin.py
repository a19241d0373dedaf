"""A source of features from a user's own file: from the command line, in a plan and from Python."""

import json
import re
import shlex

import pytest

PLUGIN = """
from dataclasses import dataclass, field

import numpy as np

import dcgan_probe as dp


@dataclass(frozen=True)
class Options:
    bins: int = field(default=8, metadata={"help": "bins a channel", "min": 1})


class Encoder:
    batch = 64

    def __init__(self, options, images):
        self.bins = options.bins
        self.origin = dp.EncoderOrigin("histogram")
        self.layers = {"histogram": (0, 3 * options.bins)}
        self.settings = {"bins": options.bins, "layers": ["histogram"]}

    def check(self, images):
        if images.channels != 3:
            raise dp.UserError(f"{images.name} has {images.channels} channels, expected 3", option="dataset")

    def encode(self, images):
        places = images.astype(int) * self.bins // 256
        counts = [(places == number).mean(axis=(2, 3)) for number in range(self.bins)]
        return np.stack(counts, axis=2).reshape(len(images), -1).astype(np.float32)


dp.register_source(dp.FeatureSource(name="histogram", label="color histogram", options=Options, needs_run=False,
                                    default_scale="none", columns=lambda options, images: 3 * options.bins,
                                    make=lambda options, context: Encoder(options, context.images)))
"""
PLAN = """
dataset = "glyphs:200"

[[protocols]]
name = "50"
labels = 50
draws = 2
select_draws = 2

[[rows]]
features = "histogram"
options = { bins = 4 }

[[rows]]
features = "pixels"
"""
EVALUATE = ["eval-svm", "--dataset", "glyphs:200", "--labels", "50", "--draws", "2", "--select-draws", "2"]
CODE = """
import json, sys

from click.testing import CliRunner

from dcgan_probe.commands import main

for line in json.loads(sys.stdin.read()):
    found = CliRunner().invoke(main, line)
    print(json.dumps([found.exit_code, found.stdout, found.stderr]))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "histogram.py").write_text(PLUGIN)
    (folder / "mine.toml").write_text(PLAN)
    return folder


@pytest.fixture
def call(place, fresh_process):
    """Give a function that makes calls of the command line in one new process: exit status and outputs of each."""

    def make(*lines):
        environment = {"PATH": "", "HOME": str(place)}
        done = fresh_process(CODE, place, environment=environment, stdin=json.dumps(lines))
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return make


@pytest.mark.slow
def test_a_source_of_ones_own_goes_through_every_verb(call):
    extracted, evaluated, again, table, planned, made, after, helped = call(
        ["--plugin", "histogram", "extract", "--dataset", "glyphs:200", "--features", "histogram", "--bins", "4"],
        [*EVALUATE, "--plugin", "histogram", "--features", "histogram", "--bins", "4", "--no-controls", "--json"],
        [*EVALUATE, "--plugin=histogram", "--features", "histogram", "--bins", "4"],
        ["table"],
        ["--plugin", "histogram", "reproduce", "mine.toml", "--dry-run"],
        ["reproduce", "mine.toml", "--plugin", "histogram", "-q"],
        ["reproduce", "mine.toml", "--plugin", "histogram", "--dry-run"],
        ["eval-svm", "--plugin", "histogram", "--help-source", "histogram"],
    )
    assert [each[0] for each in (extracted, evaluated, again, table, planned, made, after, helped)] == [0] * 8
    assert re.search(r"histogram-glyphs-train-\w+\.h5: 200 x 12 float32, written", extracted[1])
    (summary,) = json.loads(evaluated[1])
    assert (summary["features"], summary["dimension"], summary["options"]["bins"]) == ("histogram", 12, 4)
    assert "complete since" in again[2]
    assert "color histogram" in table[1]
    assert "mine: 2 rows, 2 of them in the records; nothing to do." in planned[1]  # those evaluations made both rows
    assert "color histogram" in made[1]
    assert "nothing to do" in after[1]
    assert re.search(r"--bins INTEGER RANGE +bins a channel +\[default: 8; x>=1\]", helped[1])
    command = shlex.split(summary["command"])
    assert command[:2] == ["dcgan-probe", "eval-svm"]
    assert command[command.index("--bins") :][:2] == ["--bins", "4"]
    assert command[command.index("--plugin") :][:2] == ["--plugin", "histogram"]


def test_refusals_around_a_plugin(call):
    unknown, missing, bad, without, broken = call(
        [*EVALUATE, "--features", "histogram"],
        [*EVALUATE, "--plugin", "nowhere", "--features", "pixels"],
        [*EVALUATE, "--plugin", "histogram", "--features", "histogram", "--bins", "0"],
        ["eval-svm", "--plugin"],
        ["--plugin", "histogram", "eval-svm", "--features", "pixels", "--bins", "3"],
    )
    assert [each[0] for each in (unknown, missing, bad, without, broken)] == [2] * 5
    assert "unknown features 'histogram': expected one of dcgan, random, pixels" in unknown[2]
    assert "the plugin 'nowhere' cannot be imported (ModuleNotFoundError" in missing[2]
    assert "0 is not in the range x>=1" in bad[2]
    assert "Option '--plugin' requires an argument." in without[2]
    assert "pixels features do not take this option; histogram do: leave it out" in broken[2]


@pytest.mark.slow
def test_a_source_of_ones_own_from_python(place, fresh_process):
    code = f"""
import sys; sys.path.insert(0, {str(place)!r})
import histogram, dcgan_probe as dp
config = dp.EvalConfig(features="histogram", options=histogram.Options(bins=2), dataset="glyphs:200", labels=50,
                       draws=2, select_draws=1)
summary = dp.run_evaluation(config, dp.Workspace(results="python"))
print(summary.features, summary.dimension)
print(dp.result_table([summary]))
features, present = dp.extract(dp.ExtractConfig(features="histogram", options=histogram.Options(bins=2),
                                                dataset="glyphs:200"))
print(present, features.load().shape)
"""
    done = fresh_process(code, place, environment={"PATH": "", "HOME": str(place)})
    assert done.returncode == 0, done.stderr
    assert "histogram 6" in done.stdout
    assert "color histogram" in done.stdout
    assert "True (200, 6)" in done.stdout
