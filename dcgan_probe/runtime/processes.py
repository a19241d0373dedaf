"""Tasks in processes of their own, with results as they come.

Several processes of one thread are faster than one process of several threads where a task's tensors are small.

The processes are started here, since no library ends them as it should. ``concurrent.futures`` waits on Ctrl-C for the
tasks under way, leaves the workers of a killed parent waiting for ever, gives no exit status of a worker that died, and
has no way to send large arrays once to each: a worker that dies before it reads them blocks the start. joblib kills its
workers by ``pgrep``, and where that is missing, or a second Ctrl-C ends it, they run on.
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
"""Errors of a connection whose other side has ended."""
KILLED = "a worker process was killed, perhaps for want of memory; take fewer workers, then run this again to resume"
WITHOUT_GUARD = (
    "a worker process ended before its first task (exit status {status}). Worker processes import the script that "
    'starts them: keep it in a file, with its calls under `if __name__ == "__main__":`, or take workers=1'
)
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
    """A process that does one task after another."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that torch's threads may hold
        self.number: int | None = None
        """Of its task; None before the first."""
        # Nothing large is an argument: multiprocessing would wait for ever for a process that ended before reading it.
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with _blocked_signals():
            self._process.start()
        theirs.close()

    def send(self, message: Any) -> None:
        """Send a task, or before the first one the work."""
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
        """Raise ``UserError`` where the process has ended."""
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
    """Do tasks until the other side is gone; each answer is a result and an error, one of them None."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        connection.send((None, None))  # started
        work, shared = connection.recv()
        while True:
            task = connection.recv()
            try:
                answer: tuple[Any, Exception | None] = (work(shared, task), None)
            except Exception as error:  # of any kind: the process that asked raises it
                answer = (None, _sent(error))
            connection.send(answer)
    except LOST:
        return


def _sent(error: Exception) -> Exception:
    """Return an error that another process can read."""
    if isinstance(error, UserError):
        return error
    if is_out_of_memory(error):
        reason = str(error).partition("\n")[0]
        return UserError(f"a worker process ran out of memory ({reason}); take fewer workers", parameter="workers")
    return RuntimeError(f"a worker process failed:\n{traceback.format_exc()}")


def _end_with_parent() -> None:
    """End this process as soon as the one that started it has ended, whatever task it is at."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
