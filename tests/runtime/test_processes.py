import multiprocessing
import operator
import os
import signal
import time

import pytest

from dcgan_probe.runtime import UserError, run_tasks

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


def test_tasks_run_beside_each_other_and_results_come_as_they_end():
    ended = []
    run_tasks(exec, "import time; time.sleep(seconds)", [{"seconds": 2.0}, {"seconds": 0.0}], 2, _end(ended))
    assert ended == [1, 0]


def _end(ended):
    return lambda number, result: ended.append(number)


def test_a_workers_error_comes_with_its_traceback_and_ends_the_others():
    began = time.monotonic()
    tasks = [{"seconds": 0}, {"seconds": 600}]
    with pytest.raises(RuntimeError, match=r"(?s)a worker process failed:\nTraceback.*ZeroDivisionError"):
        run_tasks(exec, "import time; time.sleep(seconds); 1 / seconds", tasks, 2, lambda number, result: None)
    assert time.monotonic() - began < 60
    assert multiprocessing.active_children() == []


def test_a_users_error_comes_as_it_is():
    code = "from dcgan_probe.runtime import UserError; raise UserError('got a moon, expected a sun', option='star')"
    with pytest.raises(UserError, match="got a moon, expected a sun") as caught:
        run_tasks(exec, code, [{}, {}], 2, lambda number, result: None)
    assert caught.value.option == "star"


def test_a_killed_worker_is_told():
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with pytest.raises(
        UserError, match="a worker process was killed, perhaps for want of memory; take fewer --workers"
    ):
        run_tasks(exec, code, [{}, {}], 2, lambda number, result: None)


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
