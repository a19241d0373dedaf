"""Takes counts as they grow, gives a bar on a terminal and now and then a line without one; writes to stderr only."""

import sys
import time
from collections.abc import Iterable
from contextlib import suppress

import click

from ..runtime import OnNote, Step, duration
from .signals import StopSignals

try:
    from tqdm import tqdm
except ImportError:  # a machine where nothing can be installed: lines, as without a terminal
    tqdm = None

LINE_SECONDS, NOTE_SECONDS = 30.0, 0.2
RATED_SECONDS = 1.0
"""A rate over less time says nothing of the work, and is not shown."""
WITHOUT_RATE = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"


class Progress:
    """Progress towards ``total``, with the rate and the time left; nothing shows before the first update."""

    def __init__(
        self, title: str, total: int, unit: str, *, quiet: bool = False, brief: bool = False, kept: bool = False
    ):
        """Make a bar.

        Parameters
        ----------
        brief
            Pass over the end of a step that took no longer than a line's time.
        kept
            Whether the verb resumes from what is done.
        """
        self.total = total
        """May be set until the first update."""
        self._title, self._unit, self._quiet = title, unit, quiet
        self._brief, self._kept = brief, kept
        self._began = self._line_time = time.monotonic()
        self._start: int | None = None
        self._bar: tqdm | None = None

    def update(self, done: int, note: str = "") -> None:
        """Show that ``done`` of the total are done."""
        if not self.begun:
            self.begin(0)
        if self._kept and done:
            StopSignals.keep()
        if self._bar is not None:
            if time.monotonic() - self._began >= RATED_SECONDS:
                self._bar.bar_format = None
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(done - self._bar.n)
        elif not self._quiet and (
            time.monotonic() - self._line_time > LINE_SECONDS or (done >= self.total and not self._passed_over)
        ):
            self._line(done, note)

    @property
    def _passed_over(self) -> bool:
        return self._brief and time.monotonic() - self._began < LINE_SECONDS

    def note(self, text: str) -> None:
        """Show how it goes within the next step, now and then."""
        silence = time.monotonic() - self._line_time
        if self._bar is not None and silence > NOTE_SECONDS:
            self._line_time = time.monotonic()
            self._bar.set_postfix_str(text)
        elif self._bar is None and not self._quiet and silence > LINE_SECONDS:
            self._line_time = time.monotonic()
            _say(f"{self._title}: {text}")

    @property
    def begun(self) -> bool:
        """Whether the clock runs."""
        return self._start is not None

    def begin(self, start: int) -> None:
        """Start the clock; ``start`` of the total were done before it and do not count in the rate."""
        self._start = start
        if not self._quiet and tqdm is not None and sys.stderr.isatty():
            self._bar = tqdm(
                total=self.total,
                initial=start,
                desc=self._title,
                unit=f" {self._unit}",
                unit_scale=True,
                leave=not self._brief,
                bar_format=WITHOUT_RATE,
            )

    def _line(self, done: int, note: str) -> None:
        self._line_time = time.monotonic()
        seconds, left = self._line_time - self._began, max(self.total - done, 0)
        rate = (done - (self._start or 0)) / seconds if seconds >= RATED_SECONDS else 0.0
        told = f"{duration(left / rate)} left" if rate else "time left unknown"
        parts = [f"{rate:,.0f}/s"] if rate else []
        parts += [told if left else duration(seconds), *([note] if note else [])]
        _say(f"{self._title}: {done:,} of {self.total:,} {self._unit}, {', '.join(parts)}")

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class StepBars:
    """A bar for each step of some work, the last one left as it is when the next begins."""

    def __init__(self, *, quiet: bool = False):
        self._quiet, self._last = quiet, Step("", 0, 0, "")
        self._bar: Progress | None = None

    def __call__(self, step: Step) -> None:
        """Show how far a step has come."""
        if self._bar is None or step.title != self._last.title or step.done < self._last.done:
            self.close()
            self._bar = Progress(step.title, step.total, step.unit, quiet=self._quiet, brief=step.brief)
            self._bar.begin(step.before)
        elif step.done == self._last.done and step.note:
            self._bar.note(step.note)
            return
        if step.kept and step.done:
            StopSignals.keep()
        self._bar.total, self._last = step.total, step
        self._bar.update(step.done, step.note)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> "StepBars":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _say(line: str) -> None:
    """Write a line to stderr, unless the terminal is gone: the work goes on without it."""
    with suppress(OSError):
        click.echo(line, err=True)


def sayer(quiet: bool) -> OnNote:
    """Return a function that prints a note on stderr, unless the user wants none."""
    return lambda sentence: say([sentence], quiet=quiet)


def say(sentences: Iterable[str], *, quiet: bool) -> None:
    """Print notes on stderr, a line each, unless the user wants none."""
    for sentence in () if quiet else sentences:
        _say(sentence)
