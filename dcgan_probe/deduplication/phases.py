"""Takes the beginnings of phases, gives their seconds and tells how far each is; knows nothing of what they do."""

import time
from collections.abc import Callable

Told = Callable[[str, int, int], None]
"""What is told of progress: the phase, what is done of it, and its total."""


class Phases:
    """The seconds of each phase, which is over when the next begins; one that begins again goes on."""

    def __init__(self, progress: Told):
        self._progress = progress
        self._seconds: dict[str, float] = {}
        self._phase, self._began = "", time.monotonic()

    def begin(self, phase: str, total: int) -> Callable[[int], None]:
        """Start a phase, and give what is to be told how much of it is done."""
        self._note()
        self._phase = phase
        self._progress(phase, 0, total)
        return lambda done: self._progress(phase, done, total)

    def end(self) -> dict[str, float]:
        """Give the seconds by phase."""
        self._note()
        return self._seconds

    def _note(self) -> None:
        now = time.monotonic()
        if self._phase:
            self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._began
        self._began = now
