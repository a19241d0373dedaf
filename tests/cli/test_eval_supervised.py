"""The purely supervised row, from the command line, on built-in images."""

import json

import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.evaluation import Results

VERB = ["eval-supervised", "--dataset", "glyphs:100", "--labels", "10", "--preset", "demo", "--settings", "2"]
VERB += ["--draws", "2", "--device", "cpu", "--workers", "1"]


@pytest.fixture
def here(tmp_path, monkeypatch, narrow_presets):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    narrow_presets(monkeypatch, "demo")
    return tmp_path


def invoke(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def test_a_search_is_recorded_shown_and_not_repeated(here):
    first = invoke(*VERB)
    assert "supervised CNN demo" in first.stdout
    assert "setting " in first.stdout
    assert "solver's tolerance" not in first.stdout
    kept = {path: path.stat().st_mtime_ns for path in here.glob("runs/supervised/*/*.npz")}
    assert len(kept) == 2 + 2
    again = invoke(*VERB, "--json")
    (summary,) = json.loads(again.stdout)
    assert f"glyphs-10 supervised: complete since {summary['date']} (evaluation" in again.stderr
    assert {path: path.stat().st_mtime_ns for path in here.glob("runs/supervised/*/*.npz")} == kept
    assert (summary["features"], summary["draws"], summary["labels"]) == ("supervised", 2, 10)
    records = Results("results").read()
    assert records["stage"].tolist() == ["select", "select", "report", "report"]
    assert records["command"][0] == " ".join(["dcgan-probe", *VERB[:-4], "--workers", "1", "--device", "cpu"])
    assert f"{100 * summary['accuracy']:.2f}" in invoke("table").stdout
    assert (here / "results" / "predictions" / f"{summary['evaluation']}.npz").exists()


def test_a_dry_run_prints_ranges_and_cost_and_writes_nothing(here):
    plan = json.loads(invoke(*VERB, "--dry-run").stdout)
    assert plan["trainings"] == 4
    assert plan["ranges"]["learning rate"] == "0.0001 to 0.01, log-uniform; falls to 0 linearly"
    assert plan["seconds"] >= 0
    assert plan["chooses_on"] == "undrawn"
    assert not (here / "runs").exists()
    assert not (here / "results").exists()


def test_workers_are_no_more_than_trainings_at_once(here):
    plan = json.loads(invoke(*VERB[:-2], "--workers", 100_000, "--dry-run").stdout)
    assert plan["workers"] == 2
    assert json.loads(invoke(*VERB[:-2], "--workers", 100_000, "--draws", 3, "--dry-run").stdout)["workers"] == 3


def test_a_search_that_cannot_fit_in_memory_is_refused_before_it_begins(here, monkeypatch):
    for name in ("available_memory", "memory_in_use"):
        monkeypatch.setattr(f"dcgan_probe.evaluation.supervised.search.{name}", lambda: 10**9)
    # Three processes of 1 GB beside a few images, where one has 2 GB.
    refused = " ".join(invoke(*VERB[:-2], "--workers", 2, status=2).stderr.split())
    assert (
        "Invalid value for --workers: glyphs-10 supervised with 2 workers needs about 3.0 GB of memory, but" in refused
    )
    assert "2.0 GB are available; use fewer workers, or another machine" in refused
    assert not (here / "runs").exists()
    assert not (here / "results").exists()


def test_usage_errors_name_the_flag(here):
    assert "Invalid value for --labels: got 15 labels for glyphs" in invoke(*VERB, "--labels", 15, status=2).stderr
    wrong = invoke(*VERB, "--preset", "faces64", status=2).stderr
    assert "Invalid value for --dataset: glyphs (train) has images of (3, 32, 32)" in wrong
    assert "faces64 network expects (3, 64, 64)" in " ".join(wrong.split())
    assert "--settings" in invoke(*VERB, "--settings", 100_000_000, "--dry-run", status=2).stderr
