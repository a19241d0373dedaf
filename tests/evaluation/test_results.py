import errno
import gzip
import json
import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from dcgan_probe.evaluation import Results, TestPredictions
from dcgan_probe.evaluation.records import EVALUATIONS_HEADER, FITS_HEADER
from dcgan_probe.runtime import UserError


def test_records_come_back_as_they_were(tmp_path, record):
    results = Results(tmp_path / "new" / "results")
    first = [record(), replace(record(draw=1, accuracy=1 / 3), notes='a, b | "c"')]
    second = [record(stage="select", split="validation", chosen=5e-4)]
    other = record(
        evaluation="b", largest_layer=None, given=True, run="runs/ä", options={"chosen_by": "ö", "strides": [1, 2]}
    )
    other = replace(other, options={"passes": 3, "weight_decay": 2.5e-7})
    results.append(first)
    results.append(second)
    results.append([other])
    assert results.records() == [*first, *second, other]
    assert results.evaluations() == [first[0].evaluation, other.evaluation]
    assert results.path.read_text().count("\n") == 3
    with gzip.open(results.fits_path(first[0].evaluation.id), "rt") as file:
        assert len(file.readlines()) == 4
    frame = results.read()
    assert list(frame["accuracy"]) == [0.75, 1 / 3, 0.75, 0.75]
    assert frame["largest_layer"].dtype == "Int64"
    assert list(frame["id"]) == ["20260101T000000-aa"] * 3 + ["b"]
    assert json.loads(frame["evaluation_options"][3]) == {"chosen_by": "ö", "strides": [1, 2]}
    assert json.loads(frame["options"][3]) == {"passes": 3, "weight_decay": 2.5e-7}


def test_equal_records_give_equal_files(tmp_path, record):
    for name in ("one", "two"):
        Results(tmp_path / name).append([record(), record(draw=1)])
    one, two = (Results(tmp_path / name).fits_path("20260101T000000-aa").read_bytes() for name in ("one", "two"))
    assert one == two


def test_evaluations_of_another_folder_are_merged_once(tmp_path, record):
    here, there = Results(tmp_path / "here"), Results(tmp_path / "there")
    both, only = record(evaluation="both"), [record(evaluation="only"), record(evaluation="only", draw=1)]
    here.append([both])
    there.append([only[0], replace(both, accuracy=0.5), only[1]])
    there.write_predictions(TestPredictions.of("only", np.array([[1, 0]]), np.array([1, 1]), 0.01))
    # An interrupted merge had written the fits, and not yet the evaluation's row.
    here.fits_path("only").write_bytes(b"part of something")
    assert here.merge_from(there) == ["only"]
    assert here.records() == [both, *only]
    assert here.correct("only").tolist() == [[True, False]]
    before = here.path.read_bytes()
    assert here.merge_from(there) == []
    assert here.path.read_bytes() == before
    empty = Results(tmp_path / "empty")
    assert empty.merge_from(there) == ["only", "both"]
    assert empty.records() == there.records()


def test_a_line_break_in_a_cell_does_not_split_the_row(tmp_path, record):
    results = Results(tmp_path)
    results.append([record(run="a\nb")])
    results.append([record(evaluation="b")])
    assert [r.evaluation.run for r in results.records()] == ["a b", "runs/demo"]


APPEND = """
import sys
from dataclasses import replace
from pathlib import Path
from dcgan_probe.evaluation import Results
first = Results(sys.argv[1]).records()[0]
results = Results(sys.argv[2])
Path(sys.argv[2], "ready").touch()
for number in range(50):
    evaluation = replace(first.evaluation, id=f"child-{number:02d}")
    for draw in (0, 1):
        results.append([replace(first, evaluation=evaluation, draw=draw)])
"""


@pytest.mark.slow
def test_two_processes_can_append_at_once(tmp_path, record):
    Results(tmp_path / "one").append([record()])
    results = Results(tmp_path / "both")
    results.folder.mkdir()
    child = subprocess.Popen([sys.executable, "-c", APPEND, str(tmp_path / "one"), str(results.folder)])
    while not (results.folder / "ready").exists() and child.poll() is None:
        time.sleep(0.005)
    for number in range(50):
        for draw in (0, 1):
            results.append([record(evaluation=f"parent-{number:02d}", draw=draw)])
    assert child.wait(timeout=120) == 0
    records = results.records()
    for name in ("child", "parent"):
        own = [(r.evaluation.id, r.draw) for r in records if r.evaluation.id.startswith(name)]
        assert own == [(f"{name}-{number:02d}", draw) for number in range(50) for draw in (0, 1)]


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_torn_last_row_is_left_out_when_read_and_dropped_when_appended_to(tmp_path, record, cut):
    results = Results(tmp_path)
    for name in "ab":
        results.append([record(evaluation=name)])
    os.truncate(results.path, results.path.stat().st_size - cut)
    assert [r.evaluation.id for r in results.records()] == ["a"]
    results.append([record(evaluation="c")])
    assert [r.evaluation.id for r in results.records()] == ["a", "c"]
    # Its fits are still stored: the next fits of the same evaluation restore its row.
    results.append([record(evaluation="b", draw=1)])
    assert [(r.evaluation.id, r.draw) for r in results.records()] == [("a", 0), ("c", 0), ("b", 0), ("b", 1)]


@pytest.mark.parametrize("size", [0, 5, len(EVALUATIONS_HEADER) - 1, len(EVALUATIONS_HEADER)])
def test_a_torn_header_is_written_again(tmp_path, record, size):
    results = Results(tmp_path)
    results.path.write_text(EVALUATIONS_HEADER[:size])
    assert results.records() == []
    results.append([record()])
    assert results.records() == [record()]


@pytest.mark.parametrize("content", ["name,age\nx,3\n", "something", "schema_version,evaluation\n1,x\n"])
def test_a_foreign_file_is_refused_and_left_alone(tmp_path, record, content):
    results = Results(tmp_path)
    results.path.write_text(content)
    for action in (lambda: results.append([record()]), results.read):
        with pytest.raises(UserError, match=r"is not an evaluations file of schema version 5.* move it away") as caught:
            action()
        assert caught.value.parameter == "results"
    assert results.path.read_text() == content
    assert not results.fits_path(record().evaluation.id).exists()


def test_another_schema_version_is_refused(tmp_path, record):
    results = Results(tmp_path)
    results.append([record(schema_version=6)])
    with pytest.raises(UserError, match="has schema version 6, expected one of 3, 4, 5; move it away"):
        results.append([record()])
    with pytest.raises(UserError, match="has schema version 6, expected one of 3, 4, 5"):
        results.read()


def test_records_of_schema_2_are_left_alone_and_their_conversion_named(tmp_path, record):
    results = Results(tmp_path)
    (tmp_path / "records.csv").write_text("schema_version,evaluation\n2,x\n")
    for action in (lambda: results.append([record()]), results.records):
        with pytest.raises(UserError, match=r"older schema version than 5; convert .*dcgan-probe convert-results"):
            action()
    assert os.listdir(tmp_path) == ["records.csv"]


@pytest.mark.parametrize(
    ("old", "new", "text"), [("0.75", "high", "row 3, .*could not convert"), (",True,", ",yes,", "row 3")]
)
def test_a_damaged_fit_is_named(tmp_path, record, old, new, text):
    results = Results(tmp_path)
    results.append([record(), record()])
    path = results.fits_path(record().evaluation.id)
    head, last = gzip.decompress(path.read_bytes()).decode()[:-1].rsplit("\n", 1)
    path.write_bytes(gzip.compress(f"{head}\n{last.replace(old, new, 1)}\n".encode()))
    with pytest.raises(UserError, match=text):
        results.read()


@pytest.mark.parametrize(("old", "new"), [(",12,", ",wide,"), ('"{""grid"": 2}"', "[2]"), (",False,", ",no,")])
def test_a_damaged_evaluation_is_named(tmp_path, record, old, new):
    results = Results(tmp_path)
    results.append([record()])
    text = results.path.read_text()
    assert old in text
    results.path.write_text(text.replace(old, new))
    with pytest.raises(UserError, match=r"evaluations\.csv, row 2, cannot be read"):
        results.read()


@pytest.mark.parametrize(
    "content",
    [b"", b"text", gzip.compress(b"accuracy\n0.5\n"), gzip.compress(b"a" * 99)[:-9]],
    ids=["empty", "not compressed", "other columns", "cut"],
)
def test_damaged_fits_are_an_error(tmp_path, record, content):
    results = Results(tmp_path)
    results.append([record()])
    results.fits_path(record().evaluation.id).write_bytes(content)
    with pytest.raises(UserError, match=r"20260101T000000-aa\.csv\.gz (is corrupt|cannot be read|has other columns)"):
        results.records()


def test_missing_records_and_fits_are_an_error(tmp_path, record):
    with pytest.raises(UserError, match=r"evaluations.csv is missing; run eval-svm first"):
        Results(tmp_path).read()
    results = Results(tmp_path)
    results.append([record()])
    results.fits_path(record().evaluation.id).unlink()
    with pytest.raises(UserError, match=r"the fits .* of a row of .*evaluations.csv are missing; restore that file"):
        results.records()


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, record, monkeypatch):
    results = Results(tmp_path)
    results.append([record(evaluation="a")])
    before = results.path.read_bytes()

    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"the disk is full: .* cannot be written"):
        results.append([record(evaluation="b")])
    assert results.path.read_bytes() == before


@pytest.mark.parametrize("draws", [1, 10])
@pytest.mark.parametrize(("highest", "dtype"), [(255, np.uint8), (256, np.uint16)])
def test_labels_of_up_to_ten_draws_are_kept(tmp_path, highest, dtype, draws):
    results = Results(tmp_path)
    predictions, labels = np.array([[0, highest], [3, 4]] * 5)[:draws], np.array([1, 4])
    results.write_predictions(TestPredictions.of("id", predictions, labels, 0.01))
    with np.load(tmp_path / "predictions" / "id.npz") as stored:
        assert stored["predictions"].dtype == dtype
        assert (stored["predictions"] == predictions).all()
    kept = results.read_predictions("id")
    assert (kept.predictions == predictions).all()
    assert kept.labels.tolist() == [1, 4]
    assert (kept.correct == (predictions == labels)).all()
    assert kept.chosen == 0.01
    assert [path.name for path in (tmp_path / "predictions").iterdir()] == ["id.npz"]


@pytest.mark.parametrize("draws", [11, 16, 100])
def test_correctness_and_confusions_of_more_draws_are_kept(tmp_path, draws):
    results, random = Results(tmp_path), np.random.default_rng(0)
    labels = random.integers(10, size=1003)
    predictions = np.where(random.random((draws, 1003)) < 0.7, labels, random.integers(10, size=(draws, 1003)))
    results.write_predictions(TestPredictions.of("id", predictions, labels, 0.01))
    kept = results.read_predictions("id")
    assert kept.predictions is None
    assert (kept.correct == (predictions == labels)).all()
    expected = [confusion_matrix(labels, row, labels=np.arange(10)) for row in predictions]
    assert (kept.confusion == expected).all()
    assert results.predictions_path("id").stat().st_size < 1003 * draws / 8 + 60 * draws + 2500


def test_missing_and_damaged_predictions_are_named(tmp_path):
    results = Results(tmp_path)
    with pytest.raises(UserError, match=r"the test predictions .*id\.npz are missing; run that evaluation again"):
        results.read_predictions("id")
    results.predictions_path("id").parent.mkdir()
    for content in (b"", b"PK\x03\x04 cut off"):
        results.predictions_path("id").write_bytes(content)
        with pytest.raises(
            UserError, match=r"id\.npz cannot be read .*move it away and rerun the command that wrote it"
        ):
            results.read_predictions("id")


NUMBERS = ("duplicates", "imbalance", "majority_accuracy", "balanced_accuracy")
ADDED = {3: (*NUMBERS, "label"), 4: ("label",)}


def as_version(results, version):
    """Remove the columns of later versions, which come last and are empty here, from the files of a folder."""
    for path in [results.path, *results.folder.glob("fits/*.csv.gz")]:
        text = path.read_text() if path.suffix == ".csv" else gzip.decompress(path.read_bytes()).decode()
        header, *rows = text.splitlines()
        kept = [name for name in header.split(",") if name not in ADDED[version]]
        dropped = len(header.split(",")) - len(kept)
        if not dropped:
            continue
        assert all(row.endswith("," * dropped) for row in rows)
        text = "\n".join([",".join(kept), *(row[:-dropped] for row in rows)]) + "\n"
        path.write_bytes(text.encode() if path.suffix == ".csv" else gzip.compress(text.encode()))


@pytest.mark.parametrize("version", ADDED)
def test_records_of_an_earlier_schema_are_read_and_keep_company_with_newer_ones(tmp_path, record, version):
    results = Results(tmp_path)
    old = [
        record(schema_version=version, evaluation=name, draw=draw, notes='a, "b"') for name in "ab" for draw in (0, 1)
    ]
    results.append(old)
    as_version(results, version)
    before = results.path.read_bytes()
    assert results.records() == old
    assert [row.balanced_accuracy for row in results.summaries()] == [None]  # one experiment
    results.append([])
    assert results.path.read_bytes() == before
    new = replace(
        record(evaluation="c", schema_version=5, label="a, b", duplicates=7, imbalance=19.0, majority_accuracy=0.95),
        balanced_accuracy=1 / 3,
    )
    results.append([new])
    assert results.records() == [*old, new]
    assert results.path.read_text().splitlines()[0] + "\n" == EVALUATIONS_HEADER
    frame = results.read()
    assert frame["duplicates"].tolist()[-1] == 7
    assert frame[list(NUMBERS)].isna().all(axis=1).tolist() == [True] * 4 + [False]


@pytest.mark.parametrize("version", ADDED)
def test_fits_are_added_to_an_evaluation_of_an_earlier_schema(tmp_path, record, version):
    results = Results(tmp_path)
    first, second = (record(schema_version=version, draw=draw) for draw in (0, 1))
    results.append([first])
    as_version(results, version)
    results.append([second])
    assert results.records() == [first, second]
    text = gzip.decompress(results.fits_path(first.evaluation.id).read_bytes()).decode()
    assert text.startswith(FITS_HEADER)


@pytest.mark.parametrize("version", ADDED)
def test_a_torn_last_row_of_an_earlier_schema_is_dropped(tmp_path, record, version):
    results = Results(tmp_path)
    results.append([record(schema_version=version, evaluation=name) for name in "ab"])
    as_version(results, version)
    os.truncate(results.path, results.path.stat().st_size - 9)
    assert [row.evaluation.id for row in results.records()] == ["a"]
    results.append([record(evaluation="c")])
    assert [row.evaluation.id for row in results.records()] == ["a", "c"]


@pytest.mark.parametrize("version", ADDED)
def test_a_folder_of_an_earlier_schema_is_merged(tmp_path, record, version):
    here, there = Results(tmp_path / "here"), Results(tmp_path / "there")
    there.append([record(schema_version=version, evaluation="old")])
    as_version(there, version)
    here.append([record(evaluation="new")])
    assert here.merge_from(there) == ["old"]
    assert here.records() == [record(evaluation="new"), record(schema_version=version, evaluation="old")]
