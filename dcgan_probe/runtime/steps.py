"""Progress of the steps of some work."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """Progress of one step."""

    title: str
    """Title of the step, such as ``dcgan features of svhn train``."""
    done: int
    """Completed units."""
    total: int
    """Units of the whole step."""
    unit: str
    """Unit of both numbers, such as ``images``."""
    note: str = ""
    """Remark on the state of the work, such as ``inertia 1.2e+07``."""
    before: int = 0
    """Units of ``done`` from before an interruption, which are excluded from the rate."""
    kept: bool = False
    """Whether all of ``done`` survives an interruption."""
    brief: bool = False
    """Whether the step is one of many, so that its end is not reported if it took almost no time."""


OnStep = Callable[[Step], None]


OnNote = Callable[[str], None]


def no_step(step: Step) -> None:
    """Ignore the progress of a step."""


def no_note(sentence: str) -> None:
    """Ignore a note."""


def duration(seconds: float) -> str:
    """Return a time in seconds as a text such as ``45 s``, ``12 min`` or ``3.4 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
