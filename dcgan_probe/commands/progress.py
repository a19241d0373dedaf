"""Takes counts as they grow, gives a bar on a terminal and now and then a line without one; writes to stderr only."""

import sys
import time
from types import TracebackType

import click
from tqdm import tqdm

LINE_SECONDS = 30.0


class Progress:
    """Progress towards ``total``, with the rate and the time left."""

    def __init__(self, title: str, total: int, unit: str, *, start: int = 0, quiet: bool = False):
        self._title, self._total, self._unit, self._start, self._done = title, total, unit, start, start
        self._quiet, self._began = quiet, time.monotonic()
        self._line_time = self._began
        self._bar = None
        if not quiet and sys.stderr.isatty():
            self._bar = tqdm(total=total, initial=start, desc=title, unit=f" {unit}", unit_scale=True, smoothing=0.1)

    def update(self, done: int, note: str = "") -> None:
        """Show that ``done`` of the total are done."""
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(done - self._done)
        elif not self._quiet and (time.monotonic() - self._line_time > LINE_SECONDS or done >= self._total > self._done):
            self._line(done, note)
        self._done = done

    def _line(self, done: int, note: str) -> None:
        self._line_time = time.monotonic()
        rate = (done - self._start) / max(self._line_time - self._began, 1e-9)
        left = (self._total - done) / max(rate, 1e-9)
        click.echo(
            f"{self._title}: {done:,} of {self._total:,} {self._unit}, {rate:,.0f}/s, {duration(left)} left"
            + (f", {note}" if note else ""),
            err=True,
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def duration(seconds: float) -> str:
    """Format a time for people: 45 s, 12 min, 3.4 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
