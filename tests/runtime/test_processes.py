import fcntl
import multiprocessing
import operator
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import dcgan_probe
from dcgan_probe.runtime import UserError, available_cores, run_tasks

# What a worker runs has to be importable there, which this file is not: operators, and code for exec.


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_is_done_once(workers):
    results = {}
    run_tasks(operator.add, 10, [1, 2, 3, 4, 5], workers, results.__setitem__)
    assert results == {0: 11, 1: 12, 2: 13, 3: 14, 4: 15}


def test_no_task_is_no_trouble():
    results = []
    run_tasks(operator.add, 10, [], 2, lambda number, result: results.append(result))
    assert results == []


def test_tasks_run_beside_each_other_and_results_come_as_they_end():
    ended = []
    run_tasks(exec, "import time; time.sleep(seconds)", [{"seconds": 2.0}, {"seconds": 0.0}], 2, _end(ended))
    assert ended == [1, 0]


def _end(ended):
    return lambda number, result: ended.append(number)


def test_a_workers_error_comes_with_its_traceback_and_ends_the_others():
    began = time.monotonic()
    tasks = [{"seconds": 0}, {"seconds": 600}]
    with pytest.raises(ZeroDivisionError) as caught:
        run_tasks(exec, "import time; time.sleep(seconds); 1 / seconds", tasks, 2, lambda number, result: None)
    assert 'File "<string>", line 1, in <module>' in str(caught.value.__cause__)
    assert time.monotonic() - began < 60
    assert multiprocessing.active_children() == []


def test_a_users_error_comes_as_it_is():
    code = "from dcgan_probe.runtime import UserError; raise UserError('got a moon, expected a sun', option='star')"
    with pytest.raises(UserError, match="got a moon, expected a sun") as caught:
        run_tasks(exec, code, [{}, {}], 2, lambda number, result: None)
    assert caught.value.option == "star"


def test_a_killed_worker_is_told():
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(UserError, match="a worker process was killed, perhaps for want of memory; take fewer workers"):
        run_tasks(exec, code, [{}, {}], 2, lambda number, result: None)


SCRIPT = """
import operator
from dcgan_probe.runtime import run_tasks
run_tasks(operator.add, bytes(1 << 20), [b"1", b"2", b"3"], 2, lambda number, result: print(number, len(result)))
"""


def run_script(folder, text):
    (folder / "script.py").write_text(text)
    command = [sys.executable, str(folder / "script.py")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=ENVIRONMENT)


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(dcgan_probe.__file__).parents[1])}


def test_a_script_needs_no_main_guard(tmp_path):
    done = run_script(tmp_path, SCRIPT)
    assert (done.returncode, sorted(done.stdout.split())) == (0, ["0", "1", "1048577", "1048577", "1048577", "2"])
    assert done.stderr == ""


PARENT = """
from dcgan_probe.runtime import run_tasks

code = "import fcntl, time; held = open(path, 'w'); fcntl.flock(held, fcntl.LOCK_EX); print(1, flush=True); "
run_tasks(exec, code + "time.sleep(600)", [{{"path": {path!r} + name}} for name in "ab"], 2, print)
"""


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    (tmp_path / "script.py").write_text(PARENT.format(path=str(tmp_path / "lock-")))
    command = [sys.executable, str(tmp_path / "script.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT) as parent:
        assert [parent.stdout.readline() for _ in range(2)] == [b"1\n", b"1\n"]
        parent.kill()
        began = time.monotonic()
        for name in "ab":  # held by a worker while it lives
            with open(tmp_path / f"lock-{name}", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
        assert time.monotonic() - began < 60


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP", "SIGUSR1"])
def test_signals_to_a_whole_group_are_left_to_the_first_process(name):
    results = []
    code = f"import os, signal; os.kill(os.getpid(), signal.{name})"
    run_tasks(exec, code, [{}, {}], 2, lambda number, result: results.append(number))
    assert sorted(results) == [0, 1]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


@pytest.mark.parametrize("error", ["MemoryError('too much')", "RuntimeError('not enough memory: you tried')"])
def test_a_worker_without_memory_is_told(error):
    with pytest.raises(UserError, match=r"a worker process ran out of memory \(.*\); take fewer workers") as caught:
        run_tasks(exec, f"raise {error}", [{}, {}], 2, lambda number, result: None)
    assert caught.value.option == "workers"


def test_cores_are_counted_where_affinity_is_unknown(monkeypatch):
    assert available_cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert available_cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores() == 1


def test_a_large_array_is_one_file_for_all_processes_and_stays_as_it_is():
    shared, found = np.zeros(1 << 21, np.uint8), []
    run_tasks(isinstance, shared, [np.memmap] * 3, 2, lambda number, result: found.append(result))
    assert found == [True] * 3
    run_tasks(np.ndarray.fill, shared, [1, 2], 2, lambda number, result: None)
    assert not shared.any()


def test_tasks_run_where_signals_cannot_be_blocked(monkeypatch):
    monkeypatch.delattr(signal, "pthread_sigmask")  # as on Windows
    results = {}
    run_tasks(operator.add, 10, [1, 2], 2, results.__setitem__)
    assert results == {0: 11, 1: 12}


@pytest.fixture
def interruptible():
    """Let Ctrl-C raise, also where the tests are a shell's background job, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_workers_at_once():
    began = time.monotonic()

    def interrupt(number, result):
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_tasks(exec, "import time; time.sleep(seconds)", [{"seconds": 0}, {"seconds": 600}], 2, interrupt)
    assert time.monotonic() - began < 60
    assert multiprocessing.active_children() == []
