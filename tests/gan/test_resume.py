"""Runs that stop and go on, each session in a process of its own, compared bit for bit with one that never stopped."""

import json
import os
import signal
import time
from copy import copy

import numpy as np
import pytest
import torch

from dcgan_probe.gan import load_checkpoint
from dcgan_probe.storage import write_image_file

TRAIN = """
import itertools, os, signal
import torch
from dcgan_probe.gan import TrainConfig, TrainState, train, training
from dcgan_probe.images import load_images

training.CHECKPOINT_SECONDS = checkpoint_seconds
steps, saves, step, replace = itertools.count(1), itertools.count(1), TrainState.step, os.replace

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def step_or_die(state, *batch):
    result = step(state, *batch)
    if killed == "while stepping" and state.position == 64:
        die()
    return result

def replace_or_die(source, target):
    last = str(target).endswith("checkpoint.pt") and next(saves) == 5
    if last and killed == "half-way through writing":
        with open(source, "r+b") as file:
            file.truncate(1000)
        die()
    if last and killed == "before renaming":
        die()
    replace(source, target)
    if last and killed == "after renaming":
        die()

TrainState.step, os.replace = step_or_die, replace_or_die
outcome = train(TrainConfig.from_dict(settings), load_images(images, "train"), folder, device=torch.device("cpu"),
                should_stop=lambda: next(steps) == stop_after)
os._exit({"finished": 0, "already finished": 3, "interrupted": 4}[outcome])
"""
DEADLINE = 120  # seconds; the machine may be busy


@pytest.fixture(scope="module")
def image_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "tiny.h5"
    pixels = np.random.default_rng(0).integers(0, 256, (20, 3, 8, 8), dtype=np.uint8)
    write_image_file(path, [(pixels, None)], rows=20, name="tiny", split="train", source="a test")
    return str(path)


@pytest.fixture
def session(new_process, image_file):
    """Get a function that trains in a new process and returns its exit code: 0 at the end, 4 after ``stop_after``."""

    def run(config, folder, *, stop_after=0, killed="", checkpoint_seconds=120.0):
        process = new_process(
            TRAIN,
            settings=config.to_dict(),
            images=image_file,
            folder=str(folder),
            stop_after=stop_after,
            killed=killed,
            checkpoint_seconds=checkpoint_seconds,
        )
        return exit_code(process)

    return run


@pytest.fixture(scope="module")
def straight_runs():
    return {}


@pytest.fixture
def straight(straight_runs, tmp_path, tiny_config, session):
    """Return a function that gives the checkpoint of a run of 20 steps that never stopped."""

    def run(updates="both"):
        if updates not in straight_runs:
            assert session(tiny_config(updates=updates), tmp_path / updates) == 0
            straight_runs[updates] = stored(tmp_path / updates)
        assert straight_runs[updates]["position"] == 160
        return straight_runs[updates]

    return run


def exit_code(process):
    process.join(DEADLINE)
    assert process.exitcode is not None
    return process.exitcode


def assert_same(first, second, path="checkpoint"):
    """Compare two checkpoints, tensors bit for bit."""
    assert type(first) is type(second), path
    if isinstance(first, torch.Tensor):
        assert first.dtype == second.dtype, path
        assert first.contiguous().numpy().tobytes() == second.contiguous().numpy().tobytes(), path
    elif isinstance(first, dict):
        assert first.keys() == second.keys(), path
        for key in first:
            assert_same(first[key], second[key], f"{path}.{key}")
    else:
        assert first == second, path


def stored(folder):
    return load_checkpoint(folder / "checkpoint.pt")


@pytest.mark.parametrize("updates", ["both", "alternate"])
def test_20_steps_are_10_and_10_more_in_new_processes(tmp_path, tiny_config, session, straight, updates):
    # 8 of 20 images a batch: every second or third step crosses the end of a pass.
    config = tiny_config(updates=updates)
    assert session(config, tmp_path / "halves", stop_after=10) == 4
    assert stored(tmp_path / "halves")["position"] == 80
    assert session(config, tmp_path / "halves") == 0
    assert_same(stored(tmp_path / "halves"), straight(updates))


def test_longer_run_continues_and_equals_a_straight_one(tmp_path, tiny_config, session, straight):
    assert session(tiny_config(images=56), tmp_path / "longer") == 0
    assert stored(tmp_path / "longer")["position"] == 56  # the next batch crosses the end of the third pass
    assert session(tiny_config(images=160), tmp_path / "longer") == 0
    assert_same(stored(tmp_path / "longer"), straight())


def test_comparison_of_checkpoints_sees_one_bit(straight):
    other = {**straight(), "generator": copy(straight()["generator"])}
    weight = other["generator"]["output.weight"].clone()
    weight.view(torch.int32)[0, 0, 0, 0] ^= 1
    other["generator"]["output.weight"] = weight
    with pytest.raises(AssertionError, match=r"checkpoint\.generator\.output\.weight"):
        assert_same(straight(), other)


@pytest.mark.parametrize("killed", ["while stepping", "half-way through writing", "before renaming", "after renaming"])
def test_killed_run_leaves_a_checkpoint_and_goes_on(tmp_path, tiny_config, session, straight, killed):
    folder = tmp_path / "run"
    # A checkpoint after every step; the fifth is that of position 32.
    assert session(tiny_config(), folder, killed=killed, checkpoint_seconds=-1.0) == -signal.SIGKILL
    position = {"while stepping": 56, "after renaming": 32}.get(killed, 24)
    assert stored(folder)["position"] == position
    assert session(tiny_config(), folder) == 0
    assert_same(stored(folder), straight())
    seen = [json.loads(line)["images_seen"] for line in (folder / "stats.jsonl").read_text().splitlines()]
    assert seen == sorted(set(seen))
    assert seen[-1] == 160
    assert not list(folder.glob(".*.part"))


COMMAND = """
import sys
from dcgan_probe.cli import main

descriptor = open(errors, "w")
sys.stderr = descriptor
main(arguments, prog_name="dcgan-probe")
"""


def wait_for(condition, process):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert process.is_alive()
        assert time.monotonic() < end
        time.sleep(0.01)


SMALL = ["--preset", "demo", "--device", "cpu", "--image-size", "8", "--multipliers", "1,2", "--strides", "2,2"]
SMALL += ["--ndf", "4", "--ngf", "4", "--batch-size", "8", "--images", "100M"]
STATUSES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129, "SIGUSR1": 85}


@pytest.fixture
def training(tmp_path, new_process, image_file):
    """Return a function that begins a training in a process of its own, and waits for its first save."""

    def start(before=""):
        folder = tmp_path / "run"
        arguments = ["train", "--dataset", image_file, "--run", str(folder), *SMALL]
        code = before + COMMAND
        process = new_process(code, arguments=arguments, errors=str(tmp_path / "stderr"))
        wait_for((folder / "checkpoint.pt").exists, process)
        return process, folder

    return start


@pytest.mark.parametrize("name", STATUSES)
def test_a_signal_saves_and_exits_with_its_status(training, tmp_path, name):
    # A shell's background job, which the tests may be, ignores SIGINT.
    process, folder = training(f"import signal; signal.signal(signal.{name}, signal.default_int_handler)\n")
    os.kill(process.pid, getattr(signal, name))
    assert exit_code(process) == STATUSES[name]
    by = "Interrupted" if name == "SIGINT" else f"Interrupted by {name}"
    assert (tmp_path / "stderr").read_text() == f"{by}: saved in {folder}. Rerun the command to resume.\n"
    position = stored(folder)["position"]
    assert position > 0
    assert position % 8 == 0


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT"])
def test_an_ignored_signal_stays_ignored(training, tmp_path, name):
    # nohup ignores SIGHUP, and a shell without job control SIGINT in the background.
    process, folder = training(f"import signal; signal.signal(signal.{name}, signal.SIG_IGN)\n")
    os.kill(process.pid, getattr(signal, name))
    before = (folder / "stats.jsonl").read_text() if (folder / "stats.jsonl").exists() else ""
    process.join(1.0)
    assert process.is_alive()
    os.kill(process.pid, signal.SIGTERM)
    assert exit_code(process) == 143
    assert len((folder / "stats.jsonl").read_text()) > len(before)


TERMINAL = """
import fcntl, os, signal, sys, termios
os.setsid()
terminal = os.open(name, os.O_RDWR)
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
for number in (0, 1, 2):
    os.dup2(terminal, number)
sys.stdout = open(1, "w", buffering=1, closefd=False)
sys.stderr = open(2, "w", buffering=1, closefd=False)
from dcgan_probe.cli import main
try:
    main(arguments, prog_name="dcgan-probe")
except SystemExit as end:
    os._exit(end.code)  # multiprocessing would write to the terminal
"""


def test_a_terminal_that_is_closed_saves(tmp_path, new_process, image_file):
    folder = tmp_path / "run"
    ours, theirs = os.openpty()
    arguments = ["train", "--dataset", image_file, "--run", str(folder), *SMALL]
    process = new_process(TERMINAL, name=os.ttyname(theirs), arguments=arguments)
    wait_for((folder / "checkpoint.pt").exists, process)
    os.close(theirs)
    os.close(ours)  # the system sends SIGHUP, and what is written to the terminal fails
    assert exit_code(process) == 129
    assert stored(folder)["position"] > 0
