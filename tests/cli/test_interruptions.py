"""Interrupted verbs that are rerun: they report where they resume, and repeat no finished work."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.evaluation import Results, classifiers
from dcgan_probe.evaluation.supervised import trials
from dcgan_probe.features import PrincipalEncoder

SET = "glyphs:100"
TRAIN = ["train", "--preset", "demo", "--ndf", 4, "--ngf", 4, "--nz", 8, "--batch-size", 32, "--device", "cpu"]
TRAIN += ["--dataset", SET, "--run", "runs/tiny"]
SOURCES = ["--features", "pixels", "--features", "pca", "--features", "whitened", "--components", 5, "--no-controls"]
EVALUATE = ["eval-svm", "--dataset", "./small_train.h5", "--labels", 20, "--draws", 3, "--C", 1e-3, *SOURCES]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCGAN_PROBE_DATA", raising=False)
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        labels = np.arange(60) % 2
        images = random.normal(100 + 60 * labels[:, None, None, None], 40, (60, 4, 4, 3)).clip(0, 255)
        with h5py.File(f"small_{split}.h5", "w") as file:
            file["images"], file["labels"] = images.astype(np.uint8), labels


def invoke(*arguments, status=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def stopped_at(number, function):
    """Wrap a function so that its n-th call is interrupted."""
    calls = []

    def wrapped(*arguments, **settings):
        calls.append(None)
        if len(calls) == number:
            raise KeyboardInterrupt
        return function(*arguments, **settings)

    wrapped.calls = calls
    return wrapped


def test_an_evaluation_of_three_sources_is_resumed_in_the_second(here, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(classifiers, "fit_path", stopped_at(3 + 2, classifiers.fit_path))
        told = invoke(*EVALUATE, status=130).stderr
    assert told.endswith("Interrupted. Finished work is kept; rerun the command to resume.\n")
    assert [each.features for each in Results("results").evaluations()] == ["pixels"]
    counted = stopped_at(0, classifiers.fit_path)
    with monkeypatch.context() as patch:
        patch.setattr(classifiers, "fit_path", counted)
        resumed = invoke(*EVALUATE, "--json")
    assert len(counted.calls) == 2 + 3
    assert "small_train-20 on pixels features: complete since 20" in resumed.stderr
    assert "small_train-20 on pca features: resuming at fit 1 of 3" in resumed.stderr
    assert "whitened features: resuming" not in resumed.stderr
    summaries = json.loads(resumed.stdout)
    assert [summary["features"] for summary in summaries] == ["pixels", "pca", "whitened"]
    evaluations = Results("results").evaluations()
    assert len(evaluations) == 3
    assert sorted(path.name for path in Path("results/fits").iterdir()) == sorted(f"{e.id}.csv.gz" for e in evaluations)
    assert not [path for path in Path("results/unfinished").iterdir() if path.is_dir()]
    # Without an interruption the figures are the same.
    straight = json.loads(invoke(*EVALUATE, "--json", "--results", "straight").stdout)
    for one, other in zip(summaries, straight, strict=True):
        same = ("accuracy", "chosen", "spread", "standard_error", "over_images", "largest_gap")
        assert [one[name] for name in same] == [other[name] for name in same]


def test_training_reports_where_it_resumes(here):
    first = invoke(*TRAIN, "--images", 96)
    assert "resuming" not in first.output
    assert "runs/tiny: resuming at 96 of 160 images" in invoke(*TRAIN, "--images", 160).stderr
    assert "resuming" not in invoke(*TRAIN, "--images", 160).stderr


def test_extraction_reports_where_it_resumes(here, monkeypatch):
    made = PrincipalEncoder.__init__

    def make(encoder, *arguments):
        made(encoder, *arguments)
        encoder.batch = 32

    monkeypatch.setattr(PrincipalEncoder, "__init__", make)
    extract = ["extract", "--dataset", "./small_train.h5", "--split", "train", "--features", "pca", "--components", 5]
    with monkeypatch.context() as patch:
        patch.setattr(PrincipalEncoder, "encode", stopped_at(2, PrincipalEncoder.encode))
        assert invoke(*extract, status=130).stderr.endswith("rerun the command to resume.\n")
    resumed = invoke(*extract).stderr
    assert "pca features of small_train train: resuming at 32 of 60 images" in resumed
    assert "resuming" not in invoke(*extract).stderr


def test_a_search_reports_where_it_resumes(here, monkeypatch, narrow_presets):
    narrow_presets(monkeypatch, "demo")
    verb = ["eval-supervised", "--dataset", "glyphs:100", "--labels", 10, "--preset", "demo", "--settings", 2]
    verb += ["--draws", 2, "--device", "cpu", "--workers", 1]
    with monkeypatch.context() as patch:
        patch.setattr(trials, "train_supervised", stopped_at(2, trials.train_supervised))
        invoke(*verb, status=130)
    resumed = invoke(*verb)
    assert "glyphs-10 supervised, search: resuming at training 1 of 2" in resumed.stderr
    assert len(Results("results").evaluations()) == 1


@pytest.mark.parametrize(
    ("verb", "place"),
    [
        (TRAIN, "presets.running.load_images"),
        (EVALUATE, "evaluation.running.load_images"),
        (["eval-supervised", "--dataset", SET, "--labels", 10, "--preset", "demo"], "evaluation.running.load_images"),
        (["extract", "--dataset", SET, "--features", "pca"], "cli.extract.load_images"),
        (["prepare", SET, "--size", 8], "images.prepared_files.prepare"),
        (["job", "demo32"], "reproduce.steps.run_training"),
        (["dedup", SET, "--out", "x.h5"], "deduplication.running.load_images"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_verb_reports_kept_work_before_any_is_finished(here, monkeypatch, verb, place):
    monkeypatch.setattr(f"dcgan_probe.{place}", stopped_at(1, None))
    told = invoke(*verb, status=130).stderr
    assert told.endswith("Interrupted before any work was finished; rerun the command to start it.\n")
    assert "kept" not in told
