"""Takes a run and the rows of its statistics, gives words on how its training goes and ended; trains nothing."""

from typing import Any

from ..gan import Outcome, Run
from .progress import Progress


def ending(outcome: Outcome, run: Run) -> str:
    """Tell how training ended and where its results lie."""
    ended = "the time is up, so rerun the command to resume" if outcome == "out of time" else outcome
    text = f"{run.folder}: {ended}, {run.position():,} images; grids in {run.samples}, curves in {run.curves_path}"
    last = run.stats()[-1]
    if last["collapsed_since"] is not None:
        text += f"\nCOLLAPSED since {last['collapsed_since']:,} images ({', '.join(last['collapse_signs'])})"
    if run.config.keep == "best" and run.best_path.exists():
        text += f"\n{run.best_path}: the best probe, after {run.load()['position']:,} images"
    return text


def collapse_of(run: Run) -> str:
    """Tell since when a run has collapsed, and what to do."""
    row = run.stats()[-1]
    return (
        f"training has collapsed since {row['collapsed_since']:,} images ({', '.join(row['collapse_signs'])}); "
        f"saved in {run.folder} at {row['images_seen']:,}. Rerun the command without --stop-on-collapse "
        "to resume; another --seed or a lower --lr may do better."
    )


class TickNote:
    """Shows a row of statistics beside the progress, with the last probe and the alarm."""

    def __init__(self, progress: Progress):
        self._progress, self._probe = progress, ""

    def __call__(self, row: dict[str, Any]) -> None:
        """Show one row."""
        if row["probe_accuracy"] is not None:
            self._probe = f" probe {row['probe_accuracy']:.1%}"
        alarm = "" if row["collapsed_since"] is None else f" COLLAPSED since {row['collapsed_since']:,}"
        losses = f"D {row['d_loss']:.2f} G {row['g_loss']:.2f} D(x) {row['d_real']:.2f}"
        self._progress.update(row["images_seen"], losses + self._probe + alarm)
