"""Custom source of features from a file: on the command line, in a plan and from Python."""

import csv
import io
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
            raise dp.UserError(f"{images.name} has {images.channels} channels, expected 3", parameter="dataset")

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
OF_RUN = """
from dataclasses import dataclass, field

import torch

import dcgan_probe as dp


@dataclass(frozen=True)
class Options:
    power: int = field(default=1, metadata={"help": "power of the means", "min": 1})


class Encoder:
    batch = 64

    def __init__(self, options, context):
        self.power, self.network = options.power, context.run.discriminator().eval()
        widths = [context.run.config.network.ndf * each for each in context.run.config.network.multipliers]
        self.origin = dp.EncoderOrigin("means")
        self.layers = {"conv1": (0, widths[0]), "rest": (widths[0], sum(widths))}
        self.settings = {}

    def check(self, images):
        pass

    @torch.no_grad()
    def encode(self, images):
        maps = self.network.activations(torch.from_numpy(images) / 127.5 - 1).values()
        return torch.cat([each.mean(dim=(2, 3)) for each in maps], dim=1).pow(self.power).numpy()


dp.register_source(dp.FeatureSource(
    "means", "means of maps", Options, Encoder, needs_run=True, default_scale="standardise",
    columns=lambda options, images, network: sum(network.ndf * each for each in network.multipliers)))
"""
OF_RUN_PLAN = """
dataset = "glyphs:200"

[[protocols]]
name = "50"
labels = 50
draws = 2
select_draws = 2

[runs.net.train]
preset = "demo"
dataset = "glyphs:200"
images = 320
batch_size = 32
ndf = 4
ngf = 4

[[rows]]
features = "means"
run = "net"
options = { power = 2 }
"""
EVALUATE = ["eval-svm", "--dataset", "glyphs:200", "--labels", "50", "--draws", "2", "--select-draws", "2"]
CODE = """
import json, sys

from click.testing import CliRunner

from dcgan_probe.cli import main

for line in json.loads(sys.stdin.read()):
    found = CliRunner().invoke(main, line)
    print(json.dumps([found.exit_code, found.stdout, found.stderr]))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "histogram.py").write_text(PLUGIN)
    (folder / "mine.toml").write_text(PLAN)
    (folder / "means.py").write_text(OF_RUN)
    (folder / "means.toml").write_text(OF_RUN_PLAN)
    return folder


@pytest.fixture
def call(place, fresh_process):
    """Return a function that runs command lines in one new process and returns the exit status and outputs of each."""

    def make(*lines):
        environment = {"PATH": "", "HOME": str(place)}
        done = fresh_process(CODE, place, environment=environment, stdin=json.dumps(lines))
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return make


@pytest.mark.slow
def test_a_custom_source_works_in_every_verb(call):
    extracted, evaluated, again, planned, made, after, helped = call(
        ["--plugin", "histogram", "extract", "--dataset", "glyphs:200", "--features", "histogram", "--bins", "4"],
        [*EVALUATE, "--plugin", "histogram", "--features", "histogram", "--bins", "4", "--no-controls", "--json"],
        [*EVALUATE, "--plugin=histogram", "--features", "histogram", "--bins", "4"],
        ["--plugin", "histogram", "reproduce", "mine.toml", "--dry-run"],
        ["reproduce", "mine.toml", "--plugin", "histogram", "-q"],
        ["reproduce", "mine.toml", "--plugin", "histogram", "--dry-run"],
        ["eval-svm", "--plugin", "histogram", "--help-source", "histogram"],
    )
    assert [each[0] for each in (extracted, evaluated, again, planned, made, after, helped)] == [0] * 7
    assert re.search(r"histogram-glyphs-train-\w+\.h5: 200 x 12 float32, written", extracted[1])
    (summary,) = json.loads(evaluated[1])
    assert (summary["features"], summary["dimension"], summary["options"]["bins"]) == ("histogram", 12, 4)
    assert "complete since" in again[2]
    assert "mine: 2 rows, 2 of them in the records; nothing to do." in planned[1]  # those evaluations made both rows
    assert "color histogram" in made[1]
    assert "nothing to do" in after[1]
    assert re.search(r"--bins INTEGER RANGE +bins a channel +\[default: 8; x>=1\]", helped[1])
    command = shlex.split(summary["command"])
    assert command[:2] == ["dcgan-probe", "eval-svm"]
    assert command[command.index("--bins") :][:2] == ["--bins", "4"]
    assert command[command.index("--plugin") :][:2] == ["--plugin", "histogram"]
    (table,) = call(["table"])  # in a process that imports no plugin
    assert "color histogram" in table[1]


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
    assert "pixels features do not have this option; histogram do: omit it" in broken[2]


def test_a_custom_source_from_python(place, fresh_process):
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


@pytest.mark.slow
def test_a_source_of_a_run_has_options_of_any_name(call):
    reproduce = ["reproduce", "means.toml", "--plugin", "means.py"]
    planned, made, after, estimated = call(
        [*reproduce, "--dry-run"],
        [*reproduce, "-q"],
        [*reproduce, "--dry-run"],
        [*EVALUATE, "--plugin", "means", "--features", "means", "--dry-run", "--no-controls"],
    )
    assert [each[0] for each in (planned, made, after, estimated)] == [0] * 4, made[2]
    assert "To do: 1 row, a training" in planned[1]
    assert "--features means --power 2 --run runs/glyphs-200" in planned[1]
    assert "--plugin means.py" in planned[1]
    assert "means of maps demo" in made[1]
    assert "nothing to do" in after[1]
    assert json.loads(estimated[1])["means"]["columns"] == 28
    (table,) = call(["table", "--format", "csv"])
    (row,) = [each for each in csv.DictReader(io.StringIO(table[1])) if each["features"] == "means"]
    assert row["name"].startswith("means of maps demo")
    assert row["layers"] == "conv1+rest"
    assert (row["trained_on"], row["trained_on_images"]) == ("glyphs (200)", "200")  # of the run
    assert int(row["images_seen"]) >= 320


def test_every_verb_with_features_has_the_plugin_in_its_help(call):
    verbs = ("extract", "eval-svm", "table", "reproduce", "compare")
    helped = call(*([verb, "--help"] for verb in verbs), ["--plugin", "means", "eval-svm", "--help"], ["--help"])
    assert [each[0] for each in helped] == [0] * 7
    for each in helped:
        assert "--plugin MODULE|FILE.py" in each[1]
    words = [" ".join(each[1].split()) for each in helped]
    assert "Encode labeled images as features, such as the layers of a run's discriminator, and cac" in words[0]
    assert "[default: none; standardise+0.01 for kmeans and kmeans3]" in words[1]
    assert "[default: none; standardise+0.01 for kmeans and kmeans3; standardise for means]" in words[5]


def test_a_plugin_that_fails_ends_in_one_message(call, place):
    (place / "stops.py").write_text("raise KeyboardInterrupt")
    (place / "leaves.py").write_text("raise SystemExit(7)")
    (place / "wrong.py").write_text(PLUGIN.replace("bins: int", "labels: int"))
    (place / "broken.py").write_text(PLUGIN.replace('"histogram": (0, 3 * options.bins)', '"histogram": (1, 4)'))
    found = call(
        ["table", "--plugin", "stops"],
        ["--plugin", "leaves", "table"],
        ["--plugin", "wrong.py", "table"],
        ["--plugin", "--features", "table"],
        [*EVALUATE, "--features", "histogrm", "--plugin", "histogram"],
        [*EVALUATE, "--features", "histogram", "--plugin", "histogram.py", "--scale", "std"],
        ["--plugin", "histogram", "--plugin", "histogram", "eval-svm", "--help-source", "histogram"],
    )
    assert [each[0] for each in found] == [130, 2, 2, 2, 2, 2, 0]
    stopped, left, wrong, without, unknown, scale, twice = ("".join(each[1:]) for each in found)
    assert "Interrupted before any work was finished" in stopped
    assert "the plugin 'leaves' cannot be imported (SystemExit: 7, in" in left
    assert "registers an invalid source: histogram: option labels (--labels) has a name that" in wrong
    assert "Option '--plugin' requires an argument." in without
    assert "did you mean histogram?; to use a custom source, load its module with --plugin" in unknown
    assert "'std' is not one of 'none', 'standardise', 'standardise+0.01'" in scale
    assert "--bins" in twice
    (broken,) = call([*EVALUATE, "--plugin", "broken.py", "--features", "histogram", "--no-controls"])
    assert broken[0] == 1
    assert "Error: histogram features: got `encoder.layers` {'histogram': (1, 4)}, expected" in broken[2]
