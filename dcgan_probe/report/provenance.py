"""Provenance of measured rows: command, date, time, and machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from .rows import MeasuredRow

SECONDS = "Times cover all fits, including those that choose C, but not the extraction of features, which are cached."


@dataclass(frozen=True)
class Made:
    """Provenance of one row."""

    name: str
    command: str
    """Empty if the row was made from Python."""
    details: str
    """Date and time; device and versions too, if they differ between rows."""


@dataclass(frozen=True)
class Provenance:
    """Provenance of the rows of a table."""

    rows: tuple[Made, ...]
    note: str
    """Meaning of the times, and device and versions if all rows have the same."""


def provenance(rows: Sequence[MeasuredRow]) -> Provenance:
    """Return the provenance of rows; device and versions that all rows share are stated once."""
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
