"""Custom table by one command: its plan, published figures, errors and copy in the records."""

import re
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.evaluation import Results, run_evaluation
from dcgan_probe.features import sources
from dcgan_probe.reproduce import table_runs
from dcgan_probe.runtime import UserError

PLUGIN = """
from dataclasses import dataclass

import numpy as np

import dcgan_probe as dp


@dataclass(frozen=True)
class Options:
    norm: bool = False


class Encoder:
    batch, layers, settings = 64, {"mean": (0, 3)}, {"norm": False}
    origin = dp.EncoderOrigin("mean_color")

    def check(self, images):
        pass

    def encode(self, images):
        return images.mean(axis=(2, 3)).astype(np.float32)


dp.register_source(dp.FeatureSource("mean_color", "mean color", Options, lambda *_: Encoder(), lambda *_: 3))
"""
PLAN = """
dataset = "glyphs:60"
plugins = ["mean_color_plugin"]

[[protocols]]
name = "20"
labels = 20
draws = 1
select_draws = 1

[[rows]]
features = "pixels"
C = 0.01

[[rows]]
features = "mean_color"
C = 0.01

[[published]]
protocol = "20"
model = "Theirs et al."
measure = "accuracy"
value = 71.5
mark = ""
features = "mean_color"
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    sources.load_sources()
    monkeypatch.setattr(sources, "_SOURCES", dict(sources._SOURCES))
    (tmp_path / "mean_color_plugin.py").write_text(PLUGIN)
    (tmp_path / "my-table.toml").write_text(PLAN)
    yield tmp_path
    sources._modules.pop("mean_color", None)
    sys.modules.pop("mean_color_plugin", None)


def invoke(*arguments, status=0):
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def test_figures_and_labels_of_a_plan_stay_with_the_records(here, monkeypatch):
    before = dict(sources._SOURCES)
    planned = invoke("reproduce", "my-table.toml", "--dry-run").stdout
    assert "--plugin mean_color_plugin" in planned
    assert not (here / "results").exists()
    made = invoke("reproduce", "my-table.toml").stdout
    monkeypatch.setattr(sources, "_SOURCES", before)  # as in a new process, which has not read the plan
    for text in (made, invoke("table").stdout, invoke("table", "--format", "csv").stdout):
        assert "Theirs et al." in text
        assert "71.5" in text
        assert "mean color" in text
    other = ["import-results", "results", "--results", "joined"]
    assert "joined" in invoke(*other).output
    assert "Theirs et al." in (here / "joined" / "tables" / "glyphs-20.md").read_text()
    assert "| mean color" in (here / "joined" / "tables" / "glyphs-20.md").read_text()
    assert "mean color" in invoke("compare", "--protocol", "glyphs-20").stdout

    (here / "results" / "plans" / "my-table.toml").write_text("published = 5")
    assert "a copy that `dcgan-probe reproduce` made (rerun it, or delete the copy)" in invoke("table", status=1).stderr


def test_a_row_missing_from_the_records_is_an_error_with_both_values(here, monkeypatch):
    def another(config, workspace, on_progress, on_note):
        return run_evaluation(replace(config, seed=1), workspace)

    monkeypatch.setattr(table_runs, "run_evaluation", another)
    result = invoke("reproduce", "my-table.toml", status=1)
    assert "2 of 2 steps failed" in result.stderr
    assert (
        "the evaluation has ended, but the records of glyphs-20 do not have this row: seed is 1, expected 0"
        in result.stderr
    )


def test_one_row_that_fails_leaves_the_other_and_is_made_by_the_next_call(here, monkeypatch):
    def fail(config, workspace, on_progress, on_note):
        if config.features == "pixels":
            raise UserError("the disk is full")
        return run_evaluation(config, workspace)

    with monkeypatch.context() as patch:
        patch.setattr(table_runs, "run_evaluation", fail)
        result = invoke("reproduce", "my-table.toml", status=1)
    assert re.search(
        "1 of 2 steps failed:\ndcgan-probe eval-svm .*--features pixels .*: the disk is full", result.stderr
    )
    assert "Theirs et al." in result.stdout
    assert "2 rows, 1 of them in the records. To do: 1 row;" in invoke("reproduce", "my-table.toml").stderr
    assert [each.features for each in Results("results").evaluations()] == ["mean_color", "pixels"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            '"pixels"',
            '"pixel"',
            "my-table.toml: row 1 (`[[rows]]`, features = pixel): unknown features 'pixel'",
        ),
        ("glyphs:60", "glyph:60", "my-table.toml: dataset: unknown image set 'glyph:60'"),
        (
            "labels = 20",
            "labels = 61",
            "my-table.toml: row 1 (`[[rows]]`, features = pixels): got 61 labels for ",
        ),
        ("C = 0.01", 'options = { learn_from = "nope" }', "row 1 (`[[rows]]`, features = pixels): unknown key learn_f"),
        (
            "mean_color_plugin",
            "mean_colour_plugin",
            "my-table.toml: plugins: the plugin 'mean_colour_plugin' cannot be",
        ),
        ("[[rows]]", "[[rows]", "my-table.toml is not TOML: Expected ']]' at the end of an array declaration (at line"),
    ],
)
def test_errors_in_a_plan_name_the_file_and_the_row(here, old, new, words):
    (here / "my-table.toml").write_text(PLAN.replace(old, new, 1))
    assert words in " ".join(invoke("reproduce", "my-table.toml", "--dry-run", status=1).stderr.split())


def test_rows_of_a_learned_source_name_their_missing_images(here):
    learned = PLAN.replace('features = "pixels"', 'features = "pca"\noptions = { learn_from = "nope" }')
    (here / "my-table.toml").write_text(learned)
    message = " ".join(invoke("reproduce", "my-table.toml", status=1).stderr.split())
    assert "row 1 (`[[rows]]`, features = pca): learn_from: unknown image set 'nope'" in message
