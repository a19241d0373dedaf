"""Conversion of a folder of schema version 2, written cell by cell."""

import csv
import os
import shutil

import numpy as np
import pytest

from dcgan_probe.evaluation import Results, convert_results, results_conversion
from dcgan_probe.evaluation.results_conversion import parse_extraction
from dcgan_probe.runtime import UserError

OLD = {
    "schema_version": "2",
    "evaluation": "a",
    "command": "dcgan-probe eval-svm",
    "date": "2026-01-01T00:00:00+00:00",
    "protocol": "glyphs-30",
    "dataset": "glyphs",
    "labels": "30",
    "features": "kmeans",
    "network": "16",
    "layers": "kmeans",
    "dimension": "64",
    "largest_layer": "16",
    "extraction": "activation triangle; dtype float32; grid 2; patches 400; whiten True",
    "scale": "none",
    "classifier": "l2-svm",
    "stage": "report",
    "draw": "0",
    "draws": "2",
    "C": "0.001",
    "c_given": "False",
    "split": "test",
    "spread_definition": "standard deviation over draws",
    "rows_trained": "30",
    "rows_scored": "40",
    "train_rows": "100",
    "test_rows": "40",
    "accuracy": "0.75",
    "error": "0.25",
    "objective": "0.333",
    "gradient_norm": "1e-07",
    "gap": "1e-09",
    "converged": "True",
    "status": "converged",
    "iterations": "4",
    "seed": "0",
    "trained_on": "glyphs",
    "trained_on_images": "100",
    "images_seen": "100",
    "encoder_seed": "0",
    "run": "",
    "weights": "0123",
    "features_key_train": "k1",
    "features_key_test": "k2",
    "images_fingerprint_train": "f1",
    "images_fingerprint_test": "f2",
    "seconds": "0.5",
    "device": "cpu",
    "threads": "2",
    "versions": "torch 2",
    "notes": "draws overlap",
}
SELECT = {"stage": "select", "split": "validation", "draws": "1", "rows_scored": "70"}
SIZES = np.array([60, 20, 20])


def write_old(folder, rows):
    folder.mkdir(exist_ok=True)
    with open(folder / "records.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(OLD), lineterminator="\n")
        writer.writeheader()
        writer.writerows({**OLD, **row} for row in rows)


def write_old_predictions(folder, evaluation, predictions, labels):
    (folder / "predictions").mkdir(exist_ok=True)
    small = {"predictions": predictions.astype(np.uint8), "labels": labels.astype(np.uint8)}
    np.savez_compressed(
        folder / "predictions" / f"{evaluation}.npz", C=0.001, draws=np.arange(len(predictions)), **small
    )


@pytest.fixture
def old(tmp_path):
    """Return a folder of two evaluations, one with predictions of two draws that are right in 30 of 40 rows."""
    draws = [{"draw": "0"}, {"draw": "1", "notes": "draws overlap | C = 1e-08 is the limit"}]
    given = {"evaluation": "b", "c_given": "True", "largest_layer": "", "classifier": "knn-cosine", "C": "5.0"}
    write_old(tmp_path, [{**SELECT, "C": "0.01"}, *draws, {**given, "draws": "1"}])
    labels = np.arange(40) % 3
    write_old_predictions(tmp_path, "a", np.where(np.arange(40) < 30, labels, labels + 1) * np.ones((2, 1)), labels)
    return tmp_path


def test_an_old_folder_is_converted(old):
    assert convert_results(old, lambda name, fingerprint: SIZES) == (2, [])
    results = Results(old)
    first, second = results.evaluations()
    assert (first.id, first.chosen_name, first.given, first.select_draws, first.draws) == ("a", "C", False, 1, 2)
    options = {"activation": "triangle", "dtype": "float32", "grid": 2, "patches": 400, "whiten": True}
    assert (first.options, first.notes, first.largest_layer) == (options, "draws overlap", 16)
    assert first.overlap == pytest.approx((10 / 60 + 10 / 20 + 10 / 20) / 3)
    assert (second.id, second.chosen_name, second.given, second.largest_layer) == ("b", "k", True, None)
    rows = results.records()
    assert [(row.stage, row.draw, row.chosen) for row in rows] == [
        ("select", 0, 0.01),
        ("report", 0, 0.001),
        ("report", 1, 0.001),
        ("report", 0, 5.0),
    ]
    assert (rows[0].rows_scored, rows[0].split, rows[1].accuracy, rows[1].seconds) == (70, "validation", 0.75, 0.5)
    assert [row.notes for row in rows[:3]] == ["", "", "C = 1e-08 is the limit"]
    kept = results.read_predictions("a")
    assert kept.predictions.shape == (2, 40)
    assert kept.correct.sum(axis=1).tolist() == [30, 30]
    assert [summary.evaluation for summary in results.summaries()] == ["a", "b"]
    assert sorted(os.listdir(old / "schema-2")) == ["predictions", "records.csv"]


def test_unknown_class_sizes_count_as_equal_and_are_named(old):
    assert convert_results(old, lambda name, fingerprint: None) == (2, ["a", "b"])
    assert Results(old).evaluations()[0].overlap == pytest.approx(30 / 100)


def test_fixed_validation_rows_are_not_drawn_from(tmp_path):
    write_old(tmp_path, [{**SELECT, "rows_scored": "20"}, {}, {"draw": "1"}])
    convert_results(tmp_path, lambda name, fingerprint: SIZES)
    assert Results(tmp_path).evaluations()[0].overlap == pytest.approx((10 / 48 + 10 / 16 + 10 / 16) / 3)


def test_all_labels_overlap_in_nothing_and_need_no_class_sizes(tmp_path):
    write_old(tmp_path, [{"labels": "all", "draws": "1", "rows_trained": "100"}])
    assert convert_results(tmp_path, lambda name, fingerprint: None) == (1, [])
    assert Results(tmp_path).evaluations()[0].overlap == 0.0


def test_correctness_is_stored_for_many_draws(tmp_path):
    write_old(tmp_path, [{"draw": f"{draw}", "draws": "12", "accuracy": "1.0"} for draw in range(12)])
    labels = np.arange(40) % 3
    write_old_predictions(tmp_path, "a", np.tile(labels, (12, 1)), labels)
    convert_results(tmp_path, lambda name, fingerprint: SIZES)
    kept = Results(tmp_path).read_predictions("a")
    assert (kept.predictions, kept.correct.all(), kept.confusion[5].tolist()) == (
        None,
        True,
        [[14, 0, 0], [0, 13, 0], [0, 0, 13]],
    )


def test_a_supervised_search_keeps_the_setting_of_each_fit(tmp_path):
    made = "lr 0.0011; weight decay 3.8e-05; dropout 0.72; 105 passes; batch 128"
    other = "lr 0.01; weight decay 0; dropout 0.10; 20 passes; batch 128"
    row = {"features": "supervised", "classifier": "softmax", "C": "1.0", "draws": "1", "objective": "nan"}
    rows = [
        {**row, **SELECT, "extraction": other, "C": "0.0"},
        {**row, **SELECT, "extraction": made},
        {**row, "extraction": f"best of 2 settings; {made}"},
    ]
    write_old(tmp_path, rows)
    convert_results(tmp_path, lambda name, fingerprint: SIZES)
    (summary,) = Results(tmp_path).summaries()
    setting = {"learning_rate": 0.0011, "weight_decay": 3.8e-05, "dropout": 0.72, "passes": 105, "batch": 128}
    assert summary.options == {"settings": 2, **setting}
    assert (summary.chosen_name, summary.chosen) == ("setting", 1.0)


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("moves", range(6))
def test_an_interrupted_conversion_is_no_results_folder_and_is_completed(old, tmp_path_factory, monkeypatch, moves):
    whole = tmp_path_factory.mktemp("whole")
    shutil.copytree(old, whole, dirs_exist_ok=True)
    convert_results(whole, lambda name, fingerprint: SIZES)
    made, move = [], results_conversion._move

    def interrupted(*arguments):
        if len(made) == moves:
            raise KeyboardInterrupt
        made.append(move(*arguments))

    monkeypatch.setattr(results_conversion, "_move", interrupted)
    if moves < 5:
        with pytest.raises(KeyboardInterrupt):
            convert_results(old, lambda name, fingerprint: SIZES)
        with pytest.raises(UserError, match="convert the folder with"):
            Results(old).records()
    monkeypatch.undo()
    convert_results(old, lambda name, fingerprint: SIZES)
    assert contents(old) == contents(whole)
    assert convert_results(old, lambda name, fingerprint: SIZES) == (0, [])


def test_a_conversion_that_was_killed_within_is_completed(old):
    part = Results(old / "converting")
    part.fits_path("a").parent.mkdir(parents=True)
    part.fits_path("a").write_bytes(b"the fits of a, and no row of it yet")
    assert convert_results(old, lambda name, fingerprint: SIZES)[0] == 2
    assert [len([r for r in Results(old).records() if r.evaluation.id == name]) for name in "ab"] == [3, 1]
    assert not (old / "converting").exists()


def test_a_resumed_conversion_reports_its_position(old, monkeypatch):
    convert, notes = results_conversion._convert, []

    def interrupted(rows, sizes, predictions, results):
        if results.path.exists():
            raise KeyboardInterrupt
        convert(rows, sizes, predictions, results)

    monkeypatch.setattr(results_conversion, "_convert", interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert_results(old, lambda name, fingerprint: SIZES, notes.append)
    assert notes == []
    monkeypatch.undo()
    convert_results(old, lambda name, fingerprint: SIZES, notes.append)
    assert notes == [f"{old}: resuming at evaluation 1 of 2"]


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"has no records\.csv of schema version 2, so there is nothing to convert"):
        convert_results(tmp_path, lambda name, fingerprint: None)
    (tmp_path / "records.csv").write_text("name,age\nx,3\n")
    with pytest.raises(UserError, match="lacks the columns schema_version, evaluation"):
        convert_results(tmp_path, lambda name, fingerprint: None)


@pytest.mark.parametrize("version", ["1", "3"])
def test_rows_of_another_version_are_refused(tmp_path, version):
    write_old(tmp_path, [{"schema_version": version}])
    with pytest.raises(UserError, match=r"records\.csv, row 2, is incomplete or not of schema version 2"):
        convert_results(tmp_path, lambda name, fingerprint: None)


def test_every_kind_of_old_cell_is_parsed():
    assert parse_extraction("components None; range -1 to 1; strides [2, 2]; eps 1e-08") == {
        "components": None,
        "range": "-1 to 1",
        "strides": [2, 2],
        "eps": 1e-8,
    }
    assert parse_extraction("grid 4; chosen by cifar10, 4000 training labels") == {
        "grid": 4,
        "chosen_by": "cifar10",
        "chosen_by_labels": 4000,
    }
    assert parse_extraction("") == {}
