"""Signals to verbs: saved work and exit statuses."""

import os
import signal
import threading
import time

import pytest

from dcgan_probe.cli import signals as signals_module
from dcgan_probe.cli.signals import STATUSES, Stopped, StopSignals

NUMBERS = [getattr(signal, name) for name in STATUSES]


@pytest.fixture(autouse=True)
def _usual_handlers():
    """Install a handler for each signal, since background jobs of a shell ignore SIGINT."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("name", "status"), STATUSES.items())
def test_a_signal_raises_the_exit_status_that_shells_and_schedulers_expect(name, status):
    with StopSignals(), pytest.raises(KeyboardInterrupt) as caught:
        signal.raise_signal(getattr(signal, name))
    assert (caught.value.name, caught.value.status) == (name, status)
    assert [signal.getsignal(number) for number in NUMBERS] == [signal.SIG_DFL] * 4


def test_a_repeated_signal_does_not_interrupt_cleanup():
    with StopSignals() as stop:
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGTERM)
        for number in NUMBERS:
            signal.raise_signal(number)
        assert stop()


def test_a_lost_signal_can_be_sent_again(monkeypatch):
    monkeypatch.setattr(signals_module, "REPEATED_SECONDS", 0.0)
    with StopSignals():
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGHUP):
            with pytest.raises(Stopped) as caught:
                signal.raise_signal(number)
            assert caught.value.status == 143


def test_a_first_signal_is_recorded_while_work_saves():
    with StopSignals(), pytest.raises(Stopped) as caught, StopSignals.noted() as stop:  # noqa: PT012
        assert not stop()
        signal.raise_signal(signal.SIGUSR1)
        assert stop()
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)  # torchrun repeats it at once
        raise stop.stopped("saved in x")
    assert (caught.value.status, caught.value.saved) == (85, "saved in x")


def test_an_impatient_user_ends_it_at_once(monkeypatch):
    monkeypatch.setattr(signals_module, "REPEATED_SECONDS", 0.0)
    with StopSignals.noted() as stop:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Stopped):
            signal.raise_signal(signal.SIGINT)
        stop._number = None


def test_a_signal_at_the_end_of_the_work_raises_afterwards():
    reached = []
    with StopSignals(), pytest.raises(Stopped) as caught, StopSignals.noted():  # noqa: PT012
        signal.raise_signal(signal.SIGTERM)
        reached.append("saved")
    assert reached == ["saved"]
    assert caught.value.status == 143


def test_a_rank_without_a_signal_also_stops():
    with StopSignals.noted() as stop:
        assert stop.stopped("saved in x").status == 143


def test_ignored_signals_stay_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with StopSignals() as stop:
        signal.raise_signal(signal.SIGHUP)
        assert not stop()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_missing_signals_and_other_threads_have_no_handlers(monkeypatch):
    monkeypatch.delattr(signal, "SIGHUP")  # as on Windows
    monkeypatch.delattr(signal, "SIGUSR1")
    with StopSignals(), pytest.raises(Stopped):
        signal.raise_signal(signal.SIGTERM)

    def enter():
        with StopSignals(), StopSignals.noted():
            done.append(signal.getsignal(signal.SIGTERM))

    done = []
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert done == [signal.SIG_DFL]


SUPERVISED = """
import os, sys
from dataclasses import replace
from dcgan_probe.evaluation.supervised import training
from dcgan_probe.cli import main
from dcgan_probe.gan import PRESETS

training.PASSES = (1, 2)
network = replace(PRESETS["demo"].network, ndf=4, ngf=4)
PRESETS["demo"] = replace(PRESETS["demo"], network=network)
os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT, 0o644), 2)
sys.stderr = open(2, "w", buffering=1, closefd=False)
main(arguments, prog_name="dcgan-probe")
"""
ARGUMENTS = ["eval-supervised", "--dataset", "glyphs:200", "--labels", "100", "--preset", "demo", "--device", "cpu"]
ARGUMENTS += ["--settings", "2000", "--workers", "2"]


@pytest.mark.slow
def test_a_search_ends_with_its_workers_and_keeps_what_was_trained(tmp_path, new_process):
    runs, results = tmp_path / "runs", tmp_path / "results"
    arguments = [*ARGUMENTS, "--runs", str(runs), "--results", str(results)]
    process = new_process(SUPERVISED, arguments=arguments, errors=str(tmp_path / "errors"))
    end = time.monotonic() + 180
    while len(list(runs.glob("supervised/*/select-*.npz"))) < 5:  # of two workers, so the first process has some
        assert process.is_alive()
        assert time.monotonic() < end
        time.sleep(0.05)
    children = [int(pid) for pid in children_of(process.pid)]
    assert len(children) >= 2
    os.kill(process.pid, signal.SIGTERM)
    process.join(180)
    assert process.exitcode == 143
    assert (
        "Interrupted by SIGTERM. Finished work is kept; rerun the command to resume."
        in (tmp_path / "errors").read_text()
    )
    assert not [pid for pid in children if is_worker(pid)]
    assert not list(runs.glob("supervised/*/.*.part"))
    assert not list(runs.glob("supervised/.*.lock"))


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def is_worker(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return "spawn_main" in file.read()
    except FileNotFoundError:
        return False
