"""Tasks in worker processes, with results as they finish.

For tasks with small tensors, several single-threaded processes are faster than one process of several threads.

The module manages its own processes because existing libraries do not end workers reliably. On Ctrl-C,
``concurrent.futures`` waits for running tasks. It also leaves the workers of a killed parent waiting forever, does not
report the exit status of a dead worker, and cannot send large arrays once to each worker: a worker that dies before it
reads them blocks the start. joblib kills its workers by ``pgrep``; if that is missing, or interrupted by a second
Ctrl-C, workers keep running.
"""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from .errors import UserError
from .memory import is_out_of_memory

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")

LOST = (EOFError, BrokenPipeError, ConnectionResetError)
"""Errors of a connection after the other process has ended."""
KILLED = "a worker process was killed, perhaps by lack of memory; use fewer workers and rerun to resume"
WITHOUT_GUARD = (
    "a worker process ended before its first task (exit status {status}). Worker processes import the script that "
    'starts them: keep it in a file, with its calls under `if __name__ == "__main__":`, or use workers=1'
)
OF_THE_TERMINAL = ("SIGINT", "SIGHUP", "SIGUSR1")
"""Signals sent to every process of a group; this process handles them and ends its workers."""


def available_cores() -> int:
    """Return the number of cores available to this process; all cores of the machine if the system reports no limit."""
    if hasattr(os, "sched_getaffinity"):  # macOS and Windows lack it
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def require_main_guard(workers: int) -> None:
    """End a worker process that would start workers itself while it imports the script of its parent.

    This happens in scripts that call outside of ``if __name__ == "__main__":``. The parent reports the error.
    """
    if workers > 1 and getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(1)


def run_tasks(
    work: Callable[[Shared, Task], Result],
    shared: Shared,
    tasks: Sequence[Task],
    workers: int,
    on_result: Callable[[int, Result], None],
) -> None:
    """Run all tasks in ``workers`` processes, or in this process if ``workers`` is 1.

    If an exception is raised, ``KeyboardInterrupt`` included, the processes are ended at once. They also end if this
    process is killed.

    Parameters
    ----------
    work
        Module-level function, called as ``work(shared, task)``.
    shared
        Object sent once to each process.
    on_result
        Called with the number of each task and its result, in order of completion.

    Raises
    ------
    UserError
        If a task raises one, a process is killed, or the calling script has no main guard.
    RuntimeError
        If a task raises another exception; the message has its traceback.
    """
    if workers == 1:
        for number, task in enumerate(tasks):
            on_result(number, work(shared, task))
        return
    require_main_guard(workers)
    left, crew = iter(enumerate(tasks)), dict[Any, _Worker]()
    try:
        for _ in range(min(workers, len(tasks))):
            worker = _Worker()
            crew[worker.connection] = worker
        busy = set(crew)
        while busy:
            for connection in wait(busy):
                worker = crew[connection]
                done, result = worker.number, worker.receive()
                if done is None:  # it has started
                    worker.send((work, shared))
                following = next(left, None)
                if following is None:
                    busy.remove(connection)
                else:
                    worker.number, task = following
                    worker.send(task)
                if done is not None:
                    on_result(done, result)
    finally:
        for worker in crew.values():
            worker.end()


class _Worker:
    """Process that runs tasks one after another."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that torch's threads may hold
        self.number: int | None = None
        """Number of the current task; None before the first."""
        # Large objects are not passed as arguments: multiprocessing hangs if the process ends before it reads them.
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _blocked_signals():
            self._process.start()
        theirs.close()

    def send(self, message: Any) -> None:
        """Send a task, or the work before the first task."""
        with self._explained_loss():
            self.connection.send(message)

    def receive(self) -> Any:
        """Receive the result of the task, or raise its error; None at the start."""
        with self._explained_loss():
            result, error = self.connection.recv()
        if error is not None:
            raise error
        return result

    @contextmanager
    def _explained_loss(self) -> Iterator[None]:
        """Raise ``UserError`` if the process has ended."""
        try:
            yield
        except LOST as lost:
            self._process.join()
            status = self._process.exitcode or 0
            if self.number is None and status >= 0:
                raise UserError(WITHOUT_GUARD.format(status=status), parameter="workers") from None
            raise UserError(KILLED, parameter="workers") from lost

    def end(self) -> None:
        """End the process at once."""
        self._process.terminate()
        self._process.join()
        self.connection.close()


@contextmanager
def _blocked_signals() -> Iterator[None]:
    """Block the terminal's signals; processes started within the block inherit the mask."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    resource_tracker.ensure_running()  # otherwise started with the first process, which would unblock SIGINT
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {getattr(signal, name) for name in OF_THE_TERMINAL})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection) -> None:
    """Run tasks until the connection closes; each answer is a result and an error, one of them None."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        connection.send((None, None))  # started
        work, shared = connection.recv()
        while True:
            task = connection.recv()
            try:
                answer: tuple[Any, Exception | None] = (work(shared, task), None)
            except Exception as error:  # any exception is raised again in the parent
                answer = (None, _sent(error))
            connection.send(answer)
    except LOST:
        return


def _sent(error: Exception) -> Exception:
    """Return an error that can be pickled."""
    if isinstance(error, UserError):
        return error
    if is_out_of_memory(error):
        reason = str(error).partition("\n")[0]
        return UserError(f"a worker process ran out of memory ({reason}); use fewer workers", parameter="workers")
    return RuntimeError(f"a worker process failed:\n{traceback.format_exc()}")


def _end_with_parent() -> None:
    """End this process as soon as its parent ends, even during a task."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
