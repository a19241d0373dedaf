"""A run, its cached features and records that an earlier version left (``data/before``) still open."""

import shutil
from pathlib import Path

import pytest
import torch

import dcgan_probe as dp
from dcgan_probe.features import extract, find_run

BEFORE = Path(__file__).parent / "data" / "before"
CONFIG = dp.EvalConfig(run=Path("before"), dataset="glyphs:60", labels=20, draws=2, select_draws=2)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Copy the folders, since a run that is read gets lock files."""
    shutil.copytree(BEFORE, tmp_path / "before")
    monkeypatch.chdir(tmp_path / "before")
    return dp.Workspace(device="cpu")


def test_the_run_is_resumed_where_it_stood(place):
    run = dp.Run("runs/before")
    assert (run.position(), run.config.preset) == (64, "demo (ndf 2, ngf 2, nz 4, batch_size 16)")
    assert [row["images_seen"] for row in run.stats()][-1] == 64
    plan = dp.TrainingPlan(preset="demo", dataset="glyphs:60", images=80, batch_size=16, ndf=2, ngf=2, nz=4)
    notes = []
    trained = dp.run_training(plan, place, "runs/before", on_note=notes.append)
    assert trained.run.position() == 80
    assert any("resuming at 64 of 80 images" in note for note in notes)


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_cached_features_are_found(place, split):
    config = dp.ExtractConfig(run=Path("before"), dataset="glyphs:60", split=split)
    features, present = extract(config, place)
    assert present
    assert features.load().shape[1] == features.dimension == 224


def test_an_evaluation_made_again_agrees_with_its_record(place):
    (recorded,) = [each for each in dp.Results("results").summaries() if each.features == "dcgan"]
    again = dp.run_evaluation(CONFIG, dp.Workspace(device="cpu", results=Path("other")))
    assert again.accuracy == pytest.approx(recorded.accuracy, abs=0.05)
    for name in ("protocol", "seed", "chosen_name", "dimension", "layers", "images_fingerprint_train", "options"):
        assert getattr(again, name) == getattr(recorded, name)


def test_the_records_make_their_table(place):
    summaries = dp.Results("results").summaries()
    assert [each.features for each in summaries] == ["dcgan", "random", "pixels"]
    assert "DCGAN demo" in dp.format_tables(summaries)


def test_a_run_is_found_by_its_name(place):
    assert find_run(CONFIG, place).folder == Path("runs/before")
    assert torch.isfinite(next(iter(dp.Run("runs/before").load()["discriminator"].values()))).all()
