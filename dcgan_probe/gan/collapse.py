"""Detection of training collapse from the rows of a run's statistics.

A sign counts once it has held for three consecutive ticks and for 200 batches since its first tick, because the first
hundred batches of a healthy run may look like a collapse (with ``imagenet32``, D's outputs on real and generated images
then differ by 0.99). The bounds lie well outside the later range of healthy runs: ``cpu32``, ``demo`` and smaller
networks over 16,000 to 64,000 images of three sets, ``imagenet32`` at a quarter of its width over 1 million images, and
D's outputs of a ``cpu32`` run over 2 million. Learning rates from 0.05 to 20 cause one of the first three signs in
about half of small runs; rounding decides in which half.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PATIENCE_TICKS, PATIENCE_BATCHES = 3, 200

Row = dict[str, Any]

SIGNS: dict[str, Callable[[Row], bool]] = {
    # Healthy runs: down to 0.11 in the first 150 batches, then 0.3 to 1.1. A generator of a single image has 0.
    "samples alike": lambda row: row["diversity"] < 0.05,
    # Healthy runs: at most 0.9. The generator no longer finds images that D classifies as real.
    "D always right": lambda row: row["d_real"] - row["d_fake"] > 0.98,
    # Healthy runs: none.
    "filters dead": lambda row: row["dead_filters"] >= 0.5,
    # Healthy runs: mostly none, at most 0.23. The paper's sign: filters that oscillate as one mode.
    "filters oscillating": lambda row: (row["oscillating_filters"] or 0.0) >= 0.5,
}


@dataclass(frozen=True)
class Collapse:
    """An ongoing collapse."""

    since: int
    """Real images seen by D at the onset of the earliest sign."""
    signs: tuple[str, ...]
    """Names in ``SIGNS`` of the signs that have held long enough."""


class CollapseAlarm:
    """Collapse detector for the rows of one run, in order, including those of earlier sessions."""

    def __init__(self, batch_size: int):
        self._patience = PATIENCE_BATCHES * batch_size
        self._held: dict[str, tuple[int, int]] = {}

    def add(self, row: Row) -> Collapse | None:
        """Add the next row; return the collapse that the row belongs to, or None.

        Parameters
        ----------
        row
            Mapping with ``images_seen``, ``d_real``, ``d_fake``, ``diversity``, ``dead_filters`` and
            ``oscillating_filters`` (None if unknown).
        """
        if "diversity" not in row:  # a row of an earlier version
            return None
        seen = row["images_seen"]
        # Onset and number of ticks of each sign that holds now.
        began = {name: self._held.get(name, (seen, 0)) for name, holds in SIGNS.items() if holds(row)}
        self._held = {name: (start, ticks + 1) for name, (start, ticks) in began.items()}
        lasting = {
            name: start
            for name, (start, ticks) in self._held.items()
            if ticks >= PATIENCE_TICKS and seen - start >= self._patience
        }
        return Collapse(min(lasting.values()), tuple(lasting)) if lasting else None
