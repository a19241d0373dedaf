"""Signals that end a verb, as one exception with the exit status that shells and schedulers expect."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, ClassVar

STATUSES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129, "SIGUSR1": 85}
"""Exit status after each signal: Ctrl-C, termination, a closed terminal, a scheduler's warning. Status 85 makes the
scheduler queue the job again. Windows has the first two signals."""
REPEATED_SECONDS = 2.0
"""Time after the first signal in which another one counts as its repetition: torchrun and timeout signal both the group
and each of its processes."""


class Stopped(KeyboardInterrupt):
    """End of a verb requested by a signal."""

    def __init__(self, number: int, saved: str = ""):
        """Set the signal's number and a sentence on the saved work; an empty text if there is none."""
        super().__init__(saved)
        self.name = signal.Signals(number).name
        self.status = STATUSES[self.name]
        self.saved = saved


class StopSignals:
    """Handlers of the signals that end a verb, installed while it runs.

    A signal raises ``Stopped``, so that files and processes are closed. Within ``noted``, the first signal is only
    recorded, for work that polls and saves. Ignored signals, such as SIGHUP under nohup, remain ignored.
    """

    _current: ClassVar["StopSignals | None"] = None

    def __init__(self) -> None:
        self._number: int | None = None
        self._time, self._noting = 0.0, False
        self._before: dict[int, Any] = {}
        self.kept = False
        """True if the verb has saved work that it can resume from."""

    def __enter__(self) -> "StopSignals":
        self._outer, StopSignals._current = StopSignals._current, self
        if threading.current_thread() is threading.main_thread():  # only this thread may set handlers
            for name in STATUSES:
                number = getattr(signal, name, None)
                # None means a handler that was not installed from Python.
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
        """Return whether a signal has arrived."""
        return self._number is not None

    @classmethod
    def keep(cls) -> None:
        """Record that the current verb has saved work that it can resume from."""
        if cls._current is not None:
            cls._current.kept = True

    def stopped(self, saved: str) -> Stopped:
        """Return the exception with a sentence on the saved work; SIGTERM on a rank that received no signal."""
        return Stopped(self._number or signal.SIGTERM, saved)

    @classmethod
    @contextmanager
    def noted(cls) -> Iterator["StopSignals"]:
        """Record the first signal within the block instead of raising; a later second Ctrl-C raises.

        Raises
        ------
        Stopped
            At the end of the block, if a signal arrived and the block raised no exception.
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
