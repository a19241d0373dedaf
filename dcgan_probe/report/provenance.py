"""Takes measured rows, gives how each was made: command, date, time, machine; knows no text format."""

from collections.abc import Sequence
from dataclasses import dataclass

from .rows import MeasuredRow

SECONDS = "Times are of all fits, those that chose included; features come from a cache, and making them is not in it."


@dataclass(frozen=True)
class Made:
    """How one row was made."""

    name: str
    command: str
    """Empty where Python code made it."""
    details: str
    """Date and time; device and versions too, where the rows have different ones."""


@dataclass(frozen=True)
class Provenance:
    """How the rows of a table were made."""

    rows: tuple[Made, ...]
    note: str
    """Device and versions where all rows have the same, and what the times are of."""


def provenance(rows: Sequence[MeasuredRow]) -> Provenance:
    """Say how the rows were made; what they have in common is said once."""
    machines = [(row.summary.device, row.summary.versions) for row in rows]
    common = [values[0] for values in zip(*machines, strict=True) if len(set(values)) == 1]
    made = []
    for row, machine in zip(rows, machines, strict=True):
        own = [value for value in machine if value not in common]
        details = ", ".join([row.summary.date[:10], _time(row.summary.seconds), *own])
        made.append(Made(row.name, row.summary.command, details))
    return Provenance(tuple(made), f"{SECONDS} All rows: {'; '.join(common)}." if common else SECONDS)


def _time(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds >= 10.0 else f"{seconds:.1f} s"
