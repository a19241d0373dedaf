"""Signals that end a verb, turned into one exception with the exit status that shells and schedulers expect."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, ClassVar

STATUSES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129, "SIGUSR1": 85}
"""Exit status after each signal: Ctrl-C, an end that is asked for, a closed terminal, a scheduler's warning; 85 asks
the scheduler to queue the job again. Windows has the first two."""
REPEATED_SECONDS = 2.0
"""A signal so soon after the first is taken for its repetition: torchrun and timeout send it to a group and to each of
its processes."""


class Stopped(KeyboardInterrupt):
    """The end of a verb that a signal asked for."""

    def __init__(self, number: int, saved: str = ""):
        """Keep the number of the signal, and a sentence about what was saved, if the verb has one."""
        super().__init__(saved)
        self.name = signal.Signals(number).name
        self.status = STATUSES[self.name]
        self.saved = saved


class StopSignals:
    """Handlers of the signals that end a verb, while it runs.

    A signal raises ``Stopped``, so that files and processes are closed on the way out; within ``noted``, the first is
    noted, for work that asks and saves. A signal that is ignored, such as nohup's SIGHUP, stays ignored.
    """

    _current: ClassVar["StopSignals | None"] = None

    def __init__(self) -> None:
        self._number: int | None = None
        self._time, self._noting = 0.0, False
        self._before: dict[int, Any] = {}
        self.kept = False
        """Whether the verb has kept work from which it resumes."""

    def __enter__(self) -> "StopSignals":
        self._outer, StopSignals._current = StopSignals._current, self
        if threading.current_thread() is threading.main_thread():  # no other may set handlers
            for name in STATUSES:
                number = getattr(signal, name, None)
                # None is a handler of another language.
                if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        StopSignals._current = self._outer

    def _handle(self, number: int, frame: FrameType | None) -> None:
        first, now = self._number is None, time.monotonic()
        if not first:
            impatient = number == signal.SIGINT or not self._noting
            if not impatient or now - self._time < REPEATED_SECONDS:
                return
        self._number, self._time = self._number or number, now
        if not (first and self._noting):
            raise Stopped(self._number)

    def __call__(self) -> bool:
        """Return whether a signal came."""
        return self._number is not None

    @classmethod
    def keep(cls) -> None:
        """Note that the verb under way has kept work from which it resumes."""
        if cls._current is not None:
            cls._current.kept = True

    def stopped(self, saved: str) -> Stopped:
        """Return the exception for what was saved; at a rank that got no signal itself, as if SIGTERM had come."""
        return Stopped(self._number or signal.SIGTERM, saved)

    @classmethod
    @contextmanager
    def noted(cls) -> Iterator["StopSignals"]:
        """Note the first signal within the block instead of raising; a second Ctrl-C, a while later, raises.

        Raises
        ------
        Stopped
            At the end of the block if a signal came and the block has raised nothing.
        """
        if cls._current is None:
            with cls(), cls.noted() as signals:
                yield signals
            return
        signals = cls._current
        signals._noting = True
        try:
            yield signals
        finally:
            signals._noting = False
        if signals():
            raise signals.stopped("")
