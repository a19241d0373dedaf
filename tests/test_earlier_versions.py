"""Run, cached features and records of an earlier version (``data/before``), readable by this one."""

import shutil
from pathlib import Path

import pandas
import pytest
import torch

import dcgan_probe as dp
from dcgan_probe.features import extract, find_run

BEFORE = Path(__file__).parent / "data" / "before"
CONFIG = dp.EvalConfig(run=Path("before"), dataset="glyphs:60", labels=20, draws=2, select_draws=2)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Copy the folders, since reading a run creates lock files."""
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


KMEANS = {"centroids": 4, "patches": 300, "iterations": 2}
FIELDS = {"fields": 2, "field_maps": 2, "field_centroids": 2, "field_components": 2, "field_windows": 200}
FILES = {
    "random": ({"network_seed": 1}, "before/features/random-glyphs-train-34a1e9fbc94c151c.h5"),
    "kmeans": (KMEANS, "features/kmeans-glyphs-train-af7ace1cdb5adfa0.h5"),
    "kmeans3": (KMEANS | FIELDS, "features/kmeans3-glyphs-train-30bf377806040655.h5"),
    "pca": ({"components": 4}, "features/pca-glyphs-train-7a6d9f7551e32fb8.h5"),
    "whitened": ({}, "features/whitened-glyphs-train-3596a7828c85c746.h5"),
}
LEARNED = {
    "axes-305466f61729b85c.pt",
    "dictionary-a67028486d13d5e9.pt",
    "layer2-27b9f921b20abe72.pt",
    "layer3-b6b88e30c2a4db05.pt",
}


@pytest.mark.slow
def test_files_of_features_have_the_names_of_before(place):
    for features, (options, expected) in FILES.items():
        run = Path("before") if features == "random" else None
        extract(dp.ExtractConfig(features=features, run=run, dataset="glyphs:60", options=options), place)
        assert Path("runs", expected).exists()
    assert {path.name for path in Path("runs/features").glob("*.pt")} == LEARNED


def test_draws_are_those_of_before(place):
    config = dp.EvalConfig(features="pixels", dataset="glyphs:60", labels=20, draws=3, select_draws=3)
    summary = dp.run_evaluation(config, dp.Workspace(device="cpu", results=Path("other")))
    (fits,) = Path("other/fits").iterdir()
    rows = pandas.read_csv(fits)
    assert (rows.accuracy[rows.stage == "report"] * 12).round().tolist() == [1, 2, 2]
    selected = (rows.accuracy[rows.stage == "select"] * 40).round().tolist()
    assert selected == [6, 6, 6, 6, 6, 5, 4, 4, 4, 5, 7, 7, 7, 7, 8, 11, 13, 13, 15, 15, 15]
    assert summary.images_fingerprint_train == "119c06edddd1220d"


def test_trials_of_a_supervised_search_are_those_of_before(place):
    config = dp.SupervisedConfig(dataset="glyphs:60", labels=20, preset="demo", settings=2, draws=2, workers=1)
    dp.run_supervised(config, dp.Workspace(device="cpu", results=Path("other")))
    (trials,) = Path("runs/supervised").iterdir()
    assert trials.name == "ee0cd5271ce198cc"
    (fits,) = Path("other/fits").iterdir()
    assert (pandas.read_csv(fits).accuracy * 120).round().tolist() == [33, 21, 0, 30]


def test_files_of_investigations_have_the_names_of_before(place):
    run = dp.Run("runs/before")
    samples = dp.sample(run, dp.SampleConfig(count=9), workspace=place)
    assert {path.name for path in samples.save()} == {"sample-n9-s0-206f4b.npz", "sample-n9-s0-206f4b.png"}
    walk = dp.walk(run, dp.WalkConfig(points=3, steps=3), workspace=place)
    assert {path.stem[-6:] for path in walk.save() if path.suffix == ".json"} == {"de40d8"}


def test_a_run_is_found_by_its_name(place):
    assert find_run(CONFIG, place).folder == Path("runs/before")
    assert torch.isfinite(next(iter(dp.Run("runs/before").load()["discriminator"].values()))).all()
