"""Steps of some work, and how far each has come."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """How far a step of some work has come."""

    title: str
    """Of the step: ``dcgan features of svhn train``."""
    done: int
    total: int
    unit: str
    """Of both numbers: ``images``."""
    note: str = ""
    """A remark on the state of the work: ``inertia 1.2e+07``."""
    before: int = 0
    """How much of ``done`` an interrupted step had done before: it does not count in the rate."""
    kept: bool = False
    """Whether an interruption loses nothing of ``done``."""
    brief: bool = False
    """Whether the step is one of many, whose end is worth no line where it took no time."""


OnStep = Callable[[Step], None]


OnNote = Callable[[str], None]


def no_step(step: Step) -> None:
    """Show nothing."""


def no_note(sentence: str) -> None:
    """Say nothing."""


def duration(seconds: float) -> str:
    """Format a time for people: 45 s, 12 min, 3.4 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
