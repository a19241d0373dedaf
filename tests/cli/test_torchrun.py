"""Command line on two ranks: interrupted under torchrun, killed, and extracting."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import dcgan_probe
from dcgan_probe.cli import main
from dcgan_probe.gan import Run

DEADLINE = 180  # seconds; the machine may be busy
SET = "glyphs:300"
SMALL = ["--ndf", "4", "--ngf", "4", "--nz", "4", "--batch-size", "20", "--device", "cpu"]
TRAIN = ["train", "--preset", "demo", "--dataset", SET, *SMALL]


def wait_until(condition, process):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert process.poll() is None if isinstance(process, subprocess.Popen) else process.is_alive()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_torchrun_is_interrupted_and_the_run_is_saved(tmp_path):
    run, told = Run(tmp_path / "run"), tmp_path / "told"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    # The -- ends the options of torchrun, which would read --run as an abbreviation.
    command = [*torchrun, "-m", "--", "dcgan_probe", *TRAIN, "--images", "100M", "--run", "run"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(dcgan_probe.__file__).parents[1])}
    with (
        open(told, "w") as file,
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=file, stderr=file) as process,
    ):
        try:
            wait_until(run.checkpoint_path.exists, process)
            process.send_signal(signal.SIGINT)  # as Ctrl-C does: torchrun hands it to the ranks
            assert process.wait(DEADLINE) != 0
        finally:
            process.kill()
    assert told.read_text().count("Interrupted: saved in run. Rerun the command to resume.") == 1
    assert run.position() > 0
    assert run.position() % 20 == 0


COMMAND = """
import sys
from dcgan_probe.cli import main

os.chdir(folder)
sys.stdout = sys.stderr = open(f"told-{rank}", "w", buffering=1)
main(arguments, prog_name="dcgan-probe")
"""


@pytest.fixture
def command(rank_processes, tmp_path):
    """Return a function that starts a verb on two ranks in ``tmp_path``, where each writes ``told-RANK``."""
    return lambda *arguments: rank_processes(COMMAND, arguments=list(arguments), folder=str(tmp_path))


def finish(processes):
    for process in processes:
        process.join(DEADLINE)
    return [process.exitcode for process in processes]


@pytest.mark.slow
def test_a_killed_rank_ends_the_other_with_a_message_and_a_usable_run(command, tmp_path, monkeypatch):
    run, told = Run(tmp_path / "run"), [tmp_path / f"told-{rank}" for rank in range(2)]
    first, second = command(*TRAIN, "--images", "100M", "--run", "run")
    wait_until(run.checkpoint_path.exists, first)
    second.kill()
    killed = time.monotonic()
    assert finish([first, second]) == [1, -signal.SIGKILL]
    assert time.monotonic() - killed < 60
    assert told[0].read_text().startswith("Error: rank 0 of 2 cannot reach the other ranks (")
    assert told[0].read_text().endswith("rerun the command to resume, on any number of ranks.\n")

    extract = ["extract", "--run", "run", "--dataset", SET, "--device", "cpu"]
    assert finish(command(*extract)) == [0, 0]
    written = [line for line in told[0].read_text().splitlines() if "written" in line]
    assert [line.partition(": ")[2] for line in written] == [
        "300 x 448 float32, written",
        "60 x 448 float32, written",
    ]
    assert told[1].read_text() == ""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, extract).output.count("already in the cache") == 2


def test_an_error_of_all_ranks_is_reported_once(command, tmp_path):
    assert finish(command("train", "--dataset", SET, "--batch-size", "25", "--run", "run", "--device", "cpu")) == [2, 1]
    assert "Invalid value for --batch-size: got a batch of 25 for 2 ranks" in (tmp_path / "told-0").read_text()
    assert (tmp_path / "told-1").read_text() == ""


@pytest.fixture
def among_ranks(monkeypatch):
    for name, value in {"RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2}.items():
        monkeypatch.setenv(name, str(value))


def test_verbs_of_one_process_are_refused(among_ranks):
    result = CliRunner().invoke(main, ["table"])
    assert result.exit_code == 2
    assert "2 ranks got table, expected one of train, extract; run it without torchrun" in result.output


def test_device_of_another_kind_is_refused(among_ranks):
    result = CliRunner().invoke(main, ["train", "--device", "cuda:1"])
    assert result.exit_code == 2
    assert "Invalid value for --device: got device 'cuda:1' for 2 ranks" in result.output
