import fcntl
import multiprocessing
import operator
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dcgan_probe
from dcgan_probe.runtime import UserError, available_cores, run_tasks

# What a worker runs has to be importable there, which this file is not: operators, and code for exec.


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_is_done_once(workers):
    results = {}
    run_tasks(operator.add, 10, [1, 2, 3, 4, 5], workers, results.__setitem__)
    assert results == {0: 11, 1: 12, 2: 13, 3: 14, 4: 15}
    assert multiprocessing.active_children() == []


def test_no_task_needs_no_process():
    results = []
    run_tasks(operator.add, 10, [], 2, lambda number, result: results.append(result))
    assert results == []
    assert multiprocessing.active_children() == []


WAIT = "import os, time\nwhile not os.path.exists(path): time.sleep(0.01)"


def test_tasks_run_beside_each_other_and_results_come_as_they_end(tmp_path):
    ended = []

    def end(number, result):
        ended.append(number)
        (tmp_path / f"{number} ended").touch()

    # The first task waits for the result of the second.
    run_tasks(exec, WAIT, [{"path": str(tmp_path / "1 ended")}, {"path": str(tmp_path)}], 2, end)
    assert ended == [1, 0]


def test_a_workers_error_comes_with_its_traceback_and_ends_the_others():
    began = time.monotonic()
    tasks = [{"seconds": 0}, {"seconds": 600}]
    with pytest.raises(RuntimeError, match=r"(?s)a worker process failed:\nTraceback.*ZeroDivisionError"):
        run_tasks(exec, "import time; time.sleep(seconds); 1 / seconds", tasks, 2, lambda number, result: None)
    assert time.monotonic() - began < 300
    assert multiprocessing.active_children() == []


def test_a_users_error_comes_as_it_is():
    code = "from dcgan_probe.runtime import UserError; raise UserError('got a moon, expected a sun', parameter='star')"
    with pytest.raises(UserError, match="got a moon, expected a sun") as caught:
        run_tasks(exec, code, [{}, {}], 2, lambda number, result: None)
    assert caught.value.parameter == "star"


def test_a_killed_worker_is_told():
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(UserError, match="a worker process was killed, perhaps by lack of memory; use fewer workers"):
        run_tasks(exec, code, [{}, {}], 2, lambda number, result: None)


SCRIPT = """
import operator, os
from dcgan_probe.runtime import run_tasks
{before}
run_tasks(operator.add, bytes(1 << 20), [b"1", b"2", b"3"], 2, lambda number, result: print(number, len(result)))
"""


def run_script(folder, text):
    (folder / "script.py").write_text(text)
    command = [sys.executable, str(folder / "script.py")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=ENVIRONMENT)


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(dcgan_probe.__file__).parents[1])}


def test_a_script_without_a_main_guard_ends_with_its_name(tmp_path):
    done = run_script(tmp_path, SCRIPT.format(before=""))
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.rstrip().endswith(
        "UserError: a worker process ended before its first task (exit status 1). Worker processes import the script "
        'that starts them: keep it in a file, with its calls under `if __name__ == "__main__":`, or use workers=1'
    )


def test_a_worker_killed_before_its_first_task_is_told(tmp_path):
    before = "if __name__ == '__mp_main__': os.kill(os.getpid(), 9)"
    done = run_script(tmp_path, SCRIPT.format(before=before))
    assert done.returncode == 1
    assert "UserError: a worker process was killed, perhaps by lack of memory; use fewer" in done.stderr


def test_a_guarded_script_is_done(tmp_path):
    guarded = SCRIPT.format(before="").replace("run_tasks(o", "if __name__ == '__main__': run_tasks(o")
    done = run_script(tmp_path, guarded)
    assert (done.returncode, sorted(done.stdout.split())) == (0, ["0", "1", "1048577", "1048577", "1048577", "2"])


PARENT = """
from dcgan_probe.runtime import run_tasks

if __name__ == "__main__":
    code = "import fcntl, os, time; held = open(path, 'w'); fcntl.flock(held, fcntl.LOCK_EX); "
    code += "os.write(1, bytes([49, 10])); time.sleep(600)"
    run_tasks(exec, code, [{{"path": {path!r} + name}} for name in "ab"], 2, print)
"""


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    (tmp_path / "script.py").write_text(PARENT.format(path=str(tmp_path / "lock-")))
    command = [sys.executable, str(tmp_path / "script.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT) as parent:
        assert [parent.stdout.readline() for _ in range(2)] == [b"1\n"] * 2
        parent.kill()
        began = time.monotonic()
        for name in "ab":  # held by a worker while it lives
            with open(tmp_path / f"lock-{name}", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
        assert time.monotonic() - began < 300


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP", "SIGUSR1"])
def test_signals_to_a_whole_group_are_left_to_the_first_process(name):
    results = []
    code = f"import os, signal; os.kill(os.getpid(), signal.{name})"
    run_tasks(exec, code, [{}, {}], 2, lambda number, result: results.append(number))
    assert sorted(results) == [0, 1]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


@pytest.mark.parametrize("error", ["MemoryError('too much')", "RuntimeError('not enough memory: you tried')"])
def test_a_worker_without_memory_is_told(error):
    with pytest.raises(UserError, match=r"a worker process ran out of memory \(.*\); use fewer workers") as caught:
        run_tasks(exec, f"raise {error}", [{}, {}], 2, lambda number, result: None)
    assert caught.value.parameter == "workers"


def test_cores_are_counted_where_affinity_is_unknown(monkeypatch):
    assert available_cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert available_cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores() == 1


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
    assert time.monotonic() - began < 300
    assert multiprocessing.active_children() == []
