"""Tasks in processes of joblib's, with results as they come.

Several processes of one thread are faster than one process of several threads where a task's tensors are small. joblib
starts the processes without the calling script, gives large arrays to all of them as one file, notices a process that
dies, and ends all of them after an error. Two things are added: the terminal's signals are left to this process, and no
process outlives it.
"""

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from .errors import UserError
from .memory import is_out_of_memory

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")

OF_THE_TERMINAL = ("SIGINT", "SIGHUP", "SIGUSR1")
"""Signals that reach every process of a group and that this process answers for its workers."""
WATCH_SECONDS = 1.0


def available_cores() -> int:
    """Return the number of cores that this process may use; that of the machine where the system does not say."""
    if hasattr(os, "sched_getaffinity"):  # macOS and Windows lack it
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_tasks(
    work: Callable[[Shared, Task], Result],
    shared: Shared,
    tasks: Sequence[Task],
    workers: int,
    on_result: Callable[[int, Result], None],
) -> None:
    """Do all tasks, each in one of ``workers`` processes, or in this process if that is 1.

    If anything is raised, Ctrl-C included, the processes are ended, whatever they are doing. Otherwise they wait some
    minutes for more tasks. They also end with this process, however it ends.

    Parameters
    ----------
    work
        Function of a module, called as ``work(shared, task)``; what it raises is raised here.
    shared
        Large arrays in it are copies on write of one file.
    on_result
        Called with the number of each task and its result, in the order in which they end.

    Raises
    ------
    UserError
        If a process was killed or ran out of memory.
    """
    if workers == 1:
        for number, task in enumerate(tasks):
            on_result(number, work(shared, task))
        return
    from joblib import Parallel, delayed  # late, since it takes a while

    parallel = Parallel(workers, backend="loky", return_as="generator_unordered", batch_size=1, mmap_mode="c")
    try:
        with _blocked_signals():
            results = parallel(delayed(_numbered)(os.getpid(), work, shared, *each) for each in enumerate(tasks))
        try:
            for number, result in results:
                on_result(number, result)
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # that tasks under way were given up
                results.close()
    except BrokenProcessPool as gone:
        raise UserError(
            "a worker process was killed, perhaps for want of memory; take fewer workers, then run this again to "
            "resume",
            option="workers",
        ) from gone
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        reason = str(error).partition("\n")[0]
        text = f"a worker process ran out of memory ({reason}); take fewer workers"
        raise UserError(text, option="workers") from error


def _numbered(
    parent: int, work: Callable[[Shared, Task], Result], shared: Shared, number: int, task: Task
) -> tuple[int, Result]:
    _end_with(parent)
    return number, work(shared, task)


@cache
def _end_with(parent: int) -> None:
    """End this process soon after the one that started it, whatever task it is at."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _blocked_signals() -> Iterator[None]:
    """Block the terminal's signals, also in the processes that are started within the block, which inherit that."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {getattr(signal, name) for name in OF_THE_TERMINAL})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
