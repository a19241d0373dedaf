import errno
import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from dcgan_probe.evaluation import Results, TestPredictions
from dcgan_probe.evaluation.records import HEADER
from dcgan_probe.runtime import UserError


def test_records_come_back_as_they_were(tmp_path, record):
    results = Results(tmp_path / "new" / "results")
    first = [record(), record(draw=1, accuracy=1 / 3, largest_layer=None, c_given=True, notes='a, b | "c"')]
    second = [record(stage="select", split="validation", C=5e-4, run="runs/ä")]
    results.append(first)
    results.append(second)
    assert results.records() == first + second
    frame = results.read()
    assert list(frame["accuracy"]) == [0.75, 1 / 3, 0.75]
    assert frame["largest_layer"].dtype == "Int64"
    assert results.path.read_text().count("schema_version") == 1


def test_evaluations_of_another_folder_are_taken_once(tmp_path, record):
    here, there = Results(tmp_path / "here"), Results(tmp_path / "there")
    both, only = record(evaluation="both"), [record(evaluation="only"), record(evaluation="only", draw=1)]
    here.append([both])
    there.append([only[0], replace(both, accuracy=0.5), only[1]])
    predictions = TestPredictions("only", np.array([[1, 0]]), np.array([1, 1]), 0.01)
    there.write_predictions(predictions)
    assert here.take(there) == ["only"]
    assert here.records() == [both, *only]
    assert here.correct("only").tolist() == [[True, False]]
    before = here.path.read_bytes()
    assert here.take(there) == []
    assert here.path.read_bytes() == before
    empty = Results(tmp_path / "empty")
    assert empty.take(there) == ["only", "both"]
    assert empty.records() == there.records()


def test_a_line_break_in_a_cell_does_not_split_the_row(tmp_path, record):
    results = Results(tmp_path)
    results.append([record(run="a\nb")])
    results.append([record()])
    assert [r.run for r in results.records()] == ["a b", "runs/demo"]


APPEND = """
import sys
from dataclasses import replace
from pathlib import Path
from dcgan_probe.evaluation import Results
first = Results(sys.argv[1]).records()[0]
results = Results(sys.argv[2])
Path(sys.argv[2], "ready").touch()
for draw in range(100):
    results.append([replace(first, evaluation="child", draw=draw, stage=stage) for stage in ("select", "report")])
"""


def test_two_processes_can_append_at_once(tmp_path, record):
    Results(tmp_path / "one").append([record()])
    results = Results(tmp_path / "both")
    results.folder.mkdir()
    child = subprocess.Popen([sys.executable, "-c", APPEND, str(tmp_path / "one"), str(results.folder)])
    while not (results.folder / "ready").exists() and child.poll() is None:
        time.sleep(0.005)
    for draw in range(100):
        results.append([record(evaluation="parent", draw=draw, stage=stage) for stage in ("select", "report")])
    assert child.wait(timeout=120) == 0
    records = results.records()
    for name in ("child", "parent"):
        own = [r for r in records if r.evaluation == name]
        assert [r.draw for r in own] == [draw for draw in range(100) for _ in range(2)]
    assert len(records) == 400


@pytest.mark.parametrize("cut", [1, 30, 300])
def test_a_torn_last_row_is_left_out_when_read_and_dropped_when_appended_to(tmp_path, record, cut):
    results = Results(tmp_path)
    results.append([record(draw=0), record(draw=1)])
    os.truncate(results.path, results.path.stat().st_size - cut)
    assert [r.draw for r in results.records()] == [0]
    results.append([record(draw=2)])
    assert [r.draw for r in results.records()] == [0, 2]


@pytest.mark.parametrize("size", [0, 5, len(HEADER) - 1, len(HEADER)])
def test_a_torn_header_is_written_again(tmp_path, record, size):
    results = Results(tmp_path)
    results.path.write_text(HEADER[:size])
    assert results.records() == []
    results.append([record()])
    assert results.records() == [record()]


@pytest.mark.parametrize("content", ["name,age\nx,3\n", "something", "schema_version,evaluation\n1,x\n"])
def test_a_foreign_file_is_refused_and_left_alone(tmp_path, record, content):
    results = Results(tmp_path)
    results.path.write_text(content)
    for action in (lambda: results.append([record()]), results.read):
        with pytest.raises(UserError, match=r"is not a records file of schema version 2.* move it away") as caught:
            action()
        assert caught.value.option == "results"
    assert results.path.read_text() == content


def test_another_schema_version_is_refused(tmp_path, record):
    results = Results(tmp_path)
    results.append([record(schema_version=3)])
    with pytest.raises(UserError, match="has schema version 3, expected 2; move it away"):
        results.append([record()])
    with pytest.raises(UserError, match="has schema version 3, expected 2"):
        results.read()


@pytest.mark.parametrize(
    ("old", "new", "text"), [("0.75", "high", "row 3, .*could not convert"), (",True,", ",yes,", "row 3")]
)
def test_a_damaged_row_is_named(tmp_path, record, old, new, text):
    results = Results(tmp_path)
    results.append([record(), record()])
    head, last = results.path.read_text()[:-1].rsplit("\n", 1)
    results.path.write_text(f"{head}\n{last.replace(old, new, 1)}\n")
    with pytest.raises(UserError, match=text):
        results.read()


def test_missing_records_are_told(tmp_path):
    with pytest.raises(UserError, match=r"there are no records .*records.csv; run eval-svm first"):
        Results(tmp_path).read()


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, record, monkeypatch):
    results = Results(tmp_path)
    results.append([record(draw=0)])
    before = results.path.read_bytes()

    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"the disk is full: .*records.csv could not be written"):
        results.append([record(draw=1)])
    assert results.path.read_bytes() == before


@pytest.mark.parametrize(("highest", "dtype"), [(255, np.uint8), (256, np.uint16)])
def test_predictions_are_stored_small(tmp_path, highest, dtype):
    results = Results(tmp_path)
    predictions = np.array([[0, highest], [3, 4]])
    results.write_predictions(TestPredictions("id", predictions, np.array([1, 4]), 0.01))
    with np.load(tmp_path / "predictions" / "id.npz") as stored:
        assert stored["predictions"].dtype == dtype
        assert (stored["predictions"] == predictions).all()
    kept = results.read_predictions("id")
    assert (kept.predictions == predictions).all()
    assert kept.labels.tolist() == [1, 4]
    assert kept.C == 0.01
    assert [path.name for path in (tmp_path / "predictions").iterdir()] == ["id.npz"]


def test_missing_and_damaged_predictions_are_named(tmp_path):
    results = Results(tmp_path)
    with pytest.raises(UserError, match=r"no test predictions .*id\.npz; run that evaluation again"):
        results.read_predictions("id")
    results.predictions_path("id").parent.mkdir()
    for content in (b"", b"PK\x03\x04 cut off"):
        results.predictions_path("id").write_bytes(content)
        with pytest.raises(UserError, match=r"id\.npz cannot be read .*delete it and repeat the command that made it"):
            results.read_predictions("id")
