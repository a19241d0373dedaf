"""Locks on the command line: file systems without locks, files in use, and files left by a refused command."""

import errno
import fcntl
import gc
import os
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from dcgan_probe.cli import main
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import NO_LOCKS

EVALUATE = ["eval-svm", "--dataset", "x_train.h5", "--features", "pixels", "--no-controls", "--C", "1e-3", "-q"]
TRAIN = ["train", "--dataset", "x_train.h5", "--preset", "demo", "--device", "cpu", "--images", "8", "--run", "runs/a"]
TRAIN += ["--image-size", "8", "--multipliers", "1", "--strides", "2", "--ndf", "4", "--ngf", "4"]
TRAIN += ["--batch-size", "8", "-q"]


@pytest.fixture(autouse=True)
def _images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(NO_LOCKS, raising=False)
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        with h5py.File(f"x_{split}.h5", "w") as file:
            file["images"] = random.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
            file["labels"] = np.arange(40) % 2


def invoke(*arguments):
    result = CliRunner().invoke(main, arguments)
    assert not isinstance(result.exception, Exception), result.exc_info
    status, output = result.exit_code, result.output
    del result
    gc.collect()  # HDF5 opens a file in one way at a time, and an error holds the files of its frames
    return SimpleNamespace(exit_code=status, output=output)


@pytest.mark.parametrize("arguments", [EVALUATE, TRAIN], ids=["eval-svm", "train"])
def test_a_file_system_without_locks_is_reported_in_one_line_with_advice(tmp_path, monkeypatch, arguments):
    def flock(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    before = sorted(os.listdir(tmp_path))
    refused = invoke(*arguments)
    assert refused.exit_code == 1
    assert refused.output.count("\n") == 1
    assert "cannot be locked (No locks available): its file system has no locks. Disable locks with" in (refused.output)
    assert sorted(os.listdir(tmp_path)) == before
    assert invoke("--no-locks", *arguments).exit_code == 0
    assert NO_LOCKS not in os.environ
    monkeypatch.setenv(NO_LOCKS, "1")
    assert invoke(*arguments).exit_code == 0
    assert not list(tmp_path.rglob("*.lock"))


def test_images_being_written_by_another_program_are_not_reported_as_damaged():
    with open("x_test.h5", "rb") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)  # as HDF5 locks what it writes
        refused = invoke(*EVALUATE)
    assert refused.exit_code == 1
    said = "x_test.h5 is open in another program that may be writing to it; close it there, then rerun the command"
    assert refused.output == f"Error: {said}\n"


def test_a_refused_training_leaves_no_folder(tmp_path, monkeypatch):
    def refuse(*_):
        raise UserError("no room for these images", parameter="window")

    before = sorted(os.listdir(tmp_path))
    monkeypatch.setattr("dcgan_probe.gan.training.open_batches", refuse)
    refused = invoke(*TRAIN)
    assert refused.exit_code == 2
    assert "no room for these images" in refused.output
    assert sorted(os.listdir(tmp_path)) == before


def test_a_refused_training_leaves_the_run_unchanged(tmp_path):
    assert invoke(*TRAIN).exit_code == 0
    before = sorted(path.name for path in (tmp_path / "runs" / "a").iterdir())
    assert ".checkpoint.pt.lock" not in before
    refused = invoke(*TRAIN, "--lr", "0.5")
    assert refused.exit_code == 2
    assert "holds a run with other settings" in refused.output
    assert sorted(path.name for path in (tmp_path / "runs" / "a").iterdir()) == before


def test_a_damaged_cache_is_rebuilt_and_kept(tmp_path):
    arguments = [*EVALUATE, "--features", "pca", "--components", "4"]
    assert invoke(*arguments).exit_code == 0
    (path,) = tmp_path.glob("runs/features/pca-*-train-*.h5")
    path.write_bytes(b"damaged")
    again = invoke(*arguments)
    assert again.exit_code == 0
    assert f"{path.name} is not a complete file of these features; the file is renamed to" in again.output
    assert path.with_name(f"{path.name}.unreadable").read_bytes() == b"damaged"


def test_no_locks_after_the_verb_is_refused_with_its_place():
    refused = invoke("table", "--no-locks")
    assert refused.exit_code == 2
    assert "No such option '--no-locks'; place it before the verb: dcgan-probe --no-locks VERB ..." in refused.output
