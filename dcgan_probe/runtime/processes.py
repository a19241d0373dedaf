"""Takes a function and its tasks, gives results as they come, from processes of their own; knows no task's content.

Several processes of one thread are faster than one process of several threads where a task's tensors are small.
"""

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar, cast

from .errors import UserError

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")


def run_tasks(
    work: Callable[[Shared, Task], Result],
    shared: Shared,
    tasks: Sequence[Task],
    workers: int,
    on_result: Callable[[int, Result], None],
) -> None:
    """Do all tasks, each in one of ``workers`` processes; one worker is this process.

    If anything is raised, Ctrl-C included, the processes are ended, whatever they are doing.

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
        If a task raised one, or a process was killed.
    RuntimeError
        If a task failed otherwise; with its traceback.
    """
    if workers == 1:
        for number, task in enumerate(tasks):
            on_result(number, work(shared, task))
        return
    left = iter(enumerate(tasks))
    crew: list[_Worker] = []
    try:
        for _ in range(min(workers, len(tasks))):
            crew.append(_Worker(work, shared))
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

    def __init__(self, work: Callable[[Any, Any], Any], shared: Any):
        context = multiprocessing.get_context("spawn")  # a fork would copy locks that torch's threads may hold
        self.number = -1
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, work, shared), daemon=True)
        # Ctrl-C reaches every process of a terminal; the workers inherit that it is blocked, and are ended by this one.
        resource_tracker.ensure_running()  # begun by the first start otherwise, and that would unblock it
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()

    def begin(self, left: Iterator[tuple[int, Any]]) -> bool:
        """Send the next of the tasks that are left; tell whether there was one."""
        for self.number, task in left:
            self.connection.send(task)
            return True
        return False

    def result(self) -> Any:
        """Receive what became of the task."""
        try:
            result, error = self.connection.recv()
        except (EOFError, ConnectionResetError) as gone:
            raise UserError(
                "a worker process was killed, perhaps for want of memory; take fewer --workers; the same command goes "
                "on from what was finished",
                option="workers",
            ) from gone
        if error is not None:
            raise error
        return result

    def end(self) -> None:
        """End the process at once."""
        self._process.terminate()
        self._process.join()
        self.connection.close()


def _serve(connection: Connection, work: Callable[[Any, Any], Any], shared: Any) -> None:
    """Do tasks until the other side is gone."""
    try:
        while True:
            task = connection.recv()
            try:
                answer: tuple[Any, Exception | None] = (work(shared, task), None)
            except UserError as error:
                answer = (None, error)
            except Exception:  # whatever it is, the process that asked has to know
                answer = (None, RuntimeError(f"a worker process failed:\n{traceback.format_exc()}"))
            connection.send(answer)
    except (EOFError, BrokenPipeError):
        return
