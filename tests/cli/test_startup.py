"""Imports of the command line: help texts, the version and usage errors import no library that they do not need."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

import dcgan_probe
from dcgan_probe.cli import GROUPS, NAMES, OLD_NAMES, main, verbs

HEAVY = {"torch", "torchvision", "sklearn", "scipy", "h5py", "pandas", "matplotlib", "numpy", "PIL", "multiprocessing"}
CALLS = """
import json
import sys

from click.testing import CliRunner

from dcgan_probe.cli import main

for arguments, status in json.loads(sys.stdin.read()):
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == status, (arguments, result.output)
    print(json.dumps([arguments, [name for name in sys.modules if "." not in name]]))
"""
USAGE_ERRORS = (
    [],
    ["trian"],
    ["--nope"],
    ["train", "--nope"],
    ["train", "--lr", "fast"],
    ["train", "--images", "2m"],
    ["eval-svm", "--scale", "none-of-these"],
    ["reproduce", "imagenet"],
    ["dedup"],
    ["train", "--preset", "nope"],
    ["train", "--device", "tpu"],
    ["train", "--dataset", "nope.h5"],
    ["train", "--preset", "demo", "--batch-size", "1"],
    ["train", "--preset", "demo", "--multipliers", "1,2"],
    ["train", "--preset", "demo", "--window", "100"],
    ["train", "--probe-every", "1000", "--probe-dataset", "nope"],
    ["eval-svm", "--dataset", "nope", "--features", "pixels"],
    ["eval-svm", "--dataset", "cifar10"],
    ["eval-svm", "--dataset", "cifar10", "--C", "-1"],
    ["eval-svm", "--dataset", "cifar10", "--C", "1.5", "--classifier", "knn-cosine"],
    ["eval-svm", "--features", "pixels", "--layers", "2"],
    ["eval-supervised", "--dataset", "nope/images"],
    ["extract", "--run", "nope"],
    ["extract", "--features", "pixels", "--learn-from", "nope"],
    ["prepare", "nope"],
    ["dedup", "nope", "--out", "x.h5"],
    ["dedup", "glyphs", "--out", "x.h5", "--against", "nope"],
    ["import", "run", "nope"],
    ["import", "results", "nope"],
    ["import", "authors", "nope"],
    ["job", "demo32", "--evaluate", "nope"],
    ["compare", "--protocol", "x"],
    ["table"],
    *([verb] for verb in ("walk", "saliency", "sample", "eval-generated")),
    ["forget", "--run", "nope"],
    ["turn", "--from", "a=1", "--to", "b=2"],
    ["arithmetic", "--concept", "a=1"],
    ["export", "run", "folder"],
)


def imported(calls, folder):
    """Run command lines in one process; return the modules imported after each."""
    environment = {**os.environ, "PYTHONPATH": str(Path(dcgan_probe.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", CALLS],
        input=json.dumps(calls),
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_help_version_and_usage_errors_import_none_of_the_libraries(tmp_path):
    helps = [([*verb, option], 0) for verb in ([], *(name.split() for name in NAMES)) for option in ("--help", "-h")]
    found = imported([(["--version"], 0), *helps, *((arguments, 2) for arguments in USAGE_ERRORS)], tmp_path)
    assert len(found) == 1 + 2 * (1 + len(NAMES)) + len(USAGE_ERRORS)
    assert [(arguments, HEAVY & {*modules}) for arguments, modules in found if HEAVY & {*modules}] == []


@pytest.mark.slow
def test_tables_and_records_need_no_torch(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        with h5py.File(tmp_path / f"x_{split}.h5", "w") as file:
            file["images"] = random.integers(0, 256, (20, 4, 4, 3), dtype=np.uint8)
            file["labels"] = np.arange(20) % 2
    monkeypatch.chdir(tmp_path)
    evaluate = ["eval-svm", "--dataset", "./x_train.h5", "--features", "pixels", "--no-controls", "--labels", "4"]
    for classifier in ("svm", "ridge"):
        result = CliRunner().invoke(main, [*evaluate, "--draws", "5", "--C", "1", "-q", "--classifier", classifier])
        assert result.exit_code == 0, result.output
    calls = [
        ["prepare", "./x_train.h5", "--size", "4", "--out", "y_train.h5"],
        ["table"],
        ["compare", "--protocol", "x_train-4"],
        ["import", "results", "results", "--results", "other"],
    ]
    prepared, *others = (modules for _, modules in imported([(call, 0) for call in calls], tmp_path))
    assert not {"torch", "scipy", "sklearn", "pandas"} & {*prepared}
    for call, modules in zip(calls[1:], others, strict=True):
        assert "torch" not in modules, call


def test_modules_of_verbs_and_listed_verbs_agree():
    stems = {path.stem for path in Path(verbs.__path__[0]).glob("*.py")} - {"__init__"}
    listed = [verb for section in GROUPS.values() for verb in section]
    assert {re.sub("[- ]", "_", name) for name in [*listed, "convert-results"]} == stems
    assert [main.commands[name].name for name in listed] == listed
    assert [main.commands[name].name for name in OLD_NAMES] == [name.replace("-", " ") for name in OLD_NAMES]


def test_an_unknown_verb_is_reported_with_similar_ones():
    found = subprocess.run(
        [sys.executable, "-m", "dcgan_probe", "trian"],
        env={**os.environ, "PYTHONPATH": str(Path(dcgan_probe.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 2
    assert found.stderr.endswith("Error: No such command 'trian'. (Did you mean one of: 'train', 'turn'?)\n")
    with pytest.raises(KeyError):
        main.commands["trian"]
