"""What the command line imports: nothing that a help text, a version or a usage error does not need."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dcgan_probe
from dcgan_probe.commands import NAMES, main, verbs

HEAVY = {"torch", "torchvision", "sklearn", "scipy", "h5py", "pandas", "matplotlib", "numpy", "PIL", "multiprocessing"}
CALLS = """
import json
import sys

from click.testing import CliRunner

from dcgan_probe.commands import main

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
)


def imported(calls):
    """Make calls of the command line in one process; give the modules that were imported after each."""
    environment = {**os.environ, "PYTHONPATH": str(Path(dcgan_probe.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", CALLS],
        input=json.dumps(calls),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_help_version_and_usage_errors_import_none_of_the_libraries():
    helps = [([*verb, option], 0) for verb in ([], *([name] for name in NAMES)) for option in ("--help", "-h")]
    found = imported([(["--version"], 0), *helps, *((arguments, 2) for arguments in USAGE_ERRORS)])
    assert len(found) == 1 + 2 * (1 + len(NAMES)) + len(USAGE_ERRORS)
    assert [(arguments, HEAVY & {*modules}) for arguments, modules in found if HEAVY & {*modules}] == []


def test_every_module_of_verbs_is_listed_and_the_other_way_round():
    stems = {path.stem for path in Path(verbs.__path__[0]).glob("*.py")} - {"__init__"}
    assert {name.replace("-", "_") for name in NAMES} == stems
    assert list(NAMES) == sorted(NAMES)
    assert [main.commands[name].name for name in NAMES] == list(NAMES)


def test_a_verb_that_is_missing_is_told_with_those_like_it():
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
