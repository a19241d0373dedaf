"""Takes the rows of a run's statistics, tells since when training has collapsed and why; knows no network and no file.

A sign counts once it has held for three ticks in a row and for 200 batches, from its first tick on: the first hundred
batches of a healthy run may look like a collapse (of ``imagenet32``, D's outputs on real and generated images differ by
0.99 then). The bounds lie well outside of what healthy runs have shown after that: ``cpu32``, ``demo`` and smaller
networks over 16,000 to 64,000 images of three sets, ``imagenet32`` at a quarter of its width over 1 million, and D's
outputs of a ``cpu32`` run over 2 million. Learning rates from 0.05 to 20 bring about one of the first three signs in
about half of small runs; in which, rounding decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PATIENCE_TICKS, PATIENCE_BATCHES = 3, 200

Row = dict[str, Any]

SIGNS: dict[str, Callable[[Row], bool]] = {
    # Healthy runs: down to 0.11 in the first 150 batches, then 0.3 to 1.1. A generator that gives one image has 0.
    "samples alike": lambda row: row["diversity"] < 0.05,
    # Healthy runs: at most 0.9. The generator no longer finds what D takes for real.
    "D always right": lambda row: row["d_real"] - row["d_fake"] > 0.98,
    # Healthy runs: none.
    "filters dead": lambda row: row["dead_filters"] >= 0.5,
    # Healthy runs: mostly none, at most 0.23. The paper's sign: filters that have become one mode.
    "filters oscillating": lambda row: (row["oscillating_filters"] or 0.0) >= 0.5,
}


@dataclass(frozen=True)
class Collapse:
    """A collapse that goes on."""

    since: int
    """Real images that D had seen when the first of its signs began."""
    signs: tuple[str, ...]
    """Of ``SIGNS``: those that have held for long enough."""


class CollapseAlarm:
    """Watches the rows of one run, in their order, those of earlier sessions too."""

    def __init__(self, batch_size: int):
        self._patience = PATIENCE_BATCHES * batch_size
        self._held: dict[str, tuple[int, int]] = {}

    def add(self, row: Row) -> Collapse | None:
        """Take the next row; give the collapse that it is part of, or None.

        Parameters
        ----------
        row
            With ``images_seen``, ``d_real``, ``d_fake``, ``diversity``, ``dead_filters`` and ``oscillating_filters``
            (None where it is not known).
        """
        if "diversity" not in row:  # of an earlier version
            return None
        seen = row["images_seen"]
        # Each sign that holds now: where it began, and its ticks.
        began = {name: self._held.get(name, (seen, 0)) for name, holds in SIGNS.items() if holds(row)}
        self._held = {name: (start, ticks + 1) for name, (start, ticks) in began.items()}
        lasting = {
            name: start
            for name, (start, ticks) in self._held.items()
            if ticks >= PATIENCE_TICKS and seen - start >= self._patience
        }
        return Collapse(min(lasting.values()), tuple(lasting)) if lasting else None
