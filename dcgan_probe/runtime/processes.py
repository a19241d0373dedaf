"""Tasks in processes of their own, with results as they come.

Several processes of one thread are faster than one process of several threads where a task's tensors are small.

The processes are started here, since no library ends them as it should. ``concurrent.futures`` waits on Ctrl-C for the
tasks under way, leaves the workers of a killed parent waiting for ever, gives no exit status of a worker that died, and
has no way to send large arrays once to each: a worker that dies before it reads them blocks the start. joblib kills its
workers by ``pgrep``, and where that is missing, or a second Ctrl-C ends it, they go on.
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
from typing import Any, TypeVar, cast

from .errors import UserError
from .memory import is_out_of_memory

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")

LOST = (EOFError, BrokenPipeError, ConnectionResetError)
"""Errors of a connection whose other side has ended."""
OF_THE_TERMINAL = ("SIGINT", "SIGHUP", "SIGUSR1")
"""Signals that reach every process of a group and that this process answers for its workers."""


def available_cores() -> int:
    """Return the number of cores that this process may use; that of the machine where the system does not say."""
    if hasattr(os, "sched_getaffinity"):  # macOS and Windows lack it
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def require_main_guard(workers: int) -> None:
    """End a worker process that still imports the script that started it, where that script starts workers in turn.

    A script without ``if __name__ == "__main__":`` around its calls does so. The process that started it says why.
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
    """Do all tasks, each in one of ``workers`` processes, or in this process if that is 1.

    If anything is raised, Ctrl-C included, the processes are ended, whatever they are doing. They also end with this
    process, however it ends.

    Parameters
    ----------
    work
        A function of a module, called as ``work(shared, task)``.
    shared
        Sent once to each process.
    on_result
        Called with the number of each task and its result, in the order in which they end.

    Raises
    ------
    UserError
        If a task raised one, a process was killed, or the calling script has no main guard.
    RuntimeError
        If a task failed otherwise; with its traceback.
    """
    if workers == 1:
        for number, task in enumerate(tasks):
            on_result(number, work(shared, task))
        return
    require_main_guard(workers)
    left = iter(enumerate(tasks))
    crew: list[_Worker] = []
    try:
        for _ in range(min(workers, len(tasks))):
            crew.append(_Worker())
        for worker in crew:
            worker.prepare(work, shared)
        busy = {worker.connection: worker for worker in crew if worker.begin(left)}
        while busy:
            for connection in wait(list(busy)):
                worker = busy[cast(Connection, connection)]
                number, result = worker.number, worker.result()
                if not worker.begin(left):
                    del busy[worker.connection]
                on_result(number, result)
    finally:
        for worker in crew:
            worker.end()


class _Worker:
    """A process that does one task after another."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that torch's threads may hold
        self.number = -1
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _blocked_signals():
            self._process.start()
        theirs.close()

    def prepare(self, work: Callable[[Any, Any], Any], shared: Any) -> None:
        """Wait until the process has started, and send the work to it.

        They are not arguments of the process: multiprocessing would wait for ever for a process that ended before it
        read them.
        """
        try:
            self.connection.recv()
            self.connection.send((work, shared))
        except LOST as gone:
            self._process.join()
            status = self._process.exitcode or 0
            if status < 0:
                raise _killed() from gone
            raise UserError(
                f"a worker process ended before its first task (exit status {status}). Worker processes import the "
                'script that starts them: keep it in a file, with its calls under `if __name__ == "__main__":`, or '
                "take workers=1",
                option="workers",
            ) from None

    def begin(self, left: Iterator[tuple[int, Any]]) -> bool:
        """Send the next of the tasks that are left; return whether there was one."""
        for self.number, task in left:
            try:
                self.connection.send(task)
            except LOST as gone:
                raise _killed() from gone
            return True
        return False

    def result(self) -> Any:
        """Receive what became of the task."""
        try:
            result, error = self.connection.recv()
        except LOST as gone:
            raise _killed() from gone
        if error is not None:
            raise error
        return result

    def end(self) -> None:
        """End the process at once."""
        self._process.terminate()
        self._process.join()
        self.connection.close()


def _killed() -> UserError:
    return UserError(
        "a worker process was killed, perhaps for want of memory; take fewer workers, then run this again to resume",
        option="workers",
    )


@contextmanager
def _blocked_signals() -> Iterator[None]:
    """Block the terminal's signals, also in the processes that are started within the block, which inherit that."""
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    resource_tracker.ensure_running()  # begun by the first start otherwise, and that would unblock SIGINT
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {getattr(signal, name) for name in OF_THE_TERMINAL})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection) -> None:
    """Do tasks until the other side is gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        connection.send(None)  # started
        work, shared = connection.recv()
        while True:
            task = connection.recv()
            try:
                answer: tuple[Any, Exception | None] = (work(shared, task), None)
            except UserError as error:
                answer = (None, error)
            except Exception as error:  # whatever it is, the process that asked has to know
                answer = (None, _described(error))
            connection.send(answer)
    except LOST:
        return


def _described(error: Exception) -> Exception:
    if is_out_of_memory(error):
        reason = str(error).partition("\n")[0]
        return UserError(f"a worker process ran out of memory ({reason}); take fewer workers", option="workers")
    return RuntimeError(f"a worker process failed:\n{traceback.format_exc()}")


def _end_with_parent() -> None:
    """End this process as soon as the one that started it has ended, whatever task it is at."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
