"""Progress and durations of the phases of a search."""

import time
from collections.abc import Callable

from ..runtime import OnStep, Step


class Phases:
    """Seconds of each phase, which ends when the next begins; a phase that begins again is continued."""

    def __init__(self, on_step: OnStep):
        self._on_step = on_step
        self._seconds: dict[str, float] = {}
        self._phase, self._began = "", time.monotonic()

    def begin(self, phase: str, total: int) -> Callable[[int], None]:
        """Begin a phase of ``total`` images, and return a function to call with the number of finished images."""

        def advance(done: int) -> None:
            self._on_step(Step(phase, done, total, "images"))

        self._note()
        self._phase = phase
        advance(0)
        return advance

    def end(self) -> dict[str, float]:
        """Return the seconds by phase."""
        self._note()
        return self._seconds

    def _note(self) -> None:
        now = time.monotonic()
        if self._phase:
            self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._began
        self._began = now
