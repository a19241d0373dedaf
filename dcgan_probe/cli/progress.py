"""Progress on stderr: bars on a terminal, occasional lines elsewhere."""

import sys
import time
from collections.abc import Iterable
from contextlib import suppress

import click

from ..runtime import OnNote, Step, duration
from .signals import StopSignals

try:
    from tqdm import tqdm
except ImportError:  # optional: without it, lines are printed, as without a terminal
    tqdm = None

LINE_SECONDS, NOTE_SECONDS = 30.0, 0.2
RATED_SECONDS = 1.0
"""Time before a rate is shown, since rates over shorter times are unreliable."""
WITHOUT_RATE = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"


class Progress:
    """Progress toward ``total``, with the rate and the time left; nothing is shown before the first update."""

    def __init__(
        self, title: str, total: int, unit: str, *, quiet: bool = False, brief: bool = False, kept: bool = False
    ):
        """Create a progress display.

        Parameters
        ----------
        brief
            Omit the final line of a step that took less than ``LINE_SECONDS``.
        kept
            Whether finished work is saved, so that the verb can resume from it.
        """
        self.total = total
        """Number of units; may be set until the first update."""
        self._title, self._unit, self._quiet = title, unit, quiet
        self._brief, self._kept = brief, kept
        self._began = self._line_time = time.monotonic()
        self._start: int | None = None
        self._bar: tqdm | None = None

    def update(self, done: int, note: str = "") -> None:
        """Show that ``done`` of ``total`` units are finished."""
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
        """Show the state within the current unit, at intervals."""
        silence = time.monotonic() - self._line_time
        if self._bar is not None and silence > NOTE_SECONDS:
            self._line_time = time.monotonic()
            self._bar.set_postfix_str(text)
        elif self._bar is None and not self._quiet and silence > LINE_SECONDS:
            self._line_time = time.monotonic()
            _print_line(f"{self._title}: {text}")

    @property
    def begun(self) -> bool:
        """True once the clock is running."""
        return self._start is not None

    def begin(self, start: int) -> None:
        """Start the clock; ``start`` units were finished earlier and do not count toward the rate."""
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
        remaining = f"{duration(left / rate)} left" if rate else "time left unknown"
        parts = [f"{rate:,.0f}/s"] if rate else []
        parts += [remaining if left else duration(seconds), *([note] if note else [])]
        _print_line(f"{self._title}: {done:,} of {self.total:,} {self._unit}, {', '.join(parts)}")

    def close(self) -> None:
        """Close the bar; it stays on the screen."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class StepBars:
    """Progress of consecutive steps, one display per step."""

    def __init__(self, *, quiet: bool = False):
        self._quiet, self._last = quiet, Step("", 0, 0, "")
        self._bar: Progress | None = None

    def __call__(self, step: Step) -> None:
        """Show the progress of a step."""
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
        """Close the bar; it stays on the screen."""
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> "StepBars":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _print_line(line: str) -> None:
    """Write a line to stderr; errors are ignored, since work continues after its terminal is closed."""
    with suppress(OSError):
        click.echo(line, err=True)


def note_printer(quiet: bool) -> OnNote:
    """Return a function that prints a note on stderr, or nothing if ``quiet``."""
    return lambda sentence: print_notes([sentence], quiet=quiet)


def print_notes(sentences: Iterable[str], *, quiet: bool) -> None:
    """Print notes on stderr, one per line, or nothing if ``quiet``."""
    for sentence in () if quiet else sentences:
        _print_line(sentence)
