"""Sentences on how a training ended, and what it is expected to need."""

from typing import Any

from ..gan import Run
from ..presets import TrainedRun
from ..runtime import duration


def ending(trained: TrainedRun) -> str:
    """Describe how training ended and where its results lie."""
    run = trained.run
    ended = "the time is up, so rerun the command to resume" if trained.outcome == "out of time" else trained.outcome
    text = f"{run.folder}: {ended}, {run.position():,} images; grids in {run.samples}, curves in {run.curves_path}"
    last = run.stats()[-1]
    if last["collapsed_since"] is not None:
        text += f"\nCOLLAPSED since {last['collapsed_since']:,} images ({', '.join(last['collapse_signs'])})"
    if run.config.keep == "best" and run.best_path.exists():
        text += f"\n{run.best_path}: the best probe, after {run.load()['position']:,} images"
    return text


def collapse_of(run: Run) -> str:
    """Describe since when a run has collapsed, and what to do."""
    row = run.stats()[-1]
    return (
        f"training has collapsed since {row['collapsed_since']:,} images ({', '.join(row['collapse_signs'])}); "
        f"saved in {run.folder} at {row['images_seen']:,}. Rerun the command without --stop-on-collapse "
        "to resume; another --seed or a lower --lr may do better."
    )


def in_words(described: dict[str, Any]) -> dict[str, Any]:
    """Add the time and the memory that a training needs in words."""
    needs = described["expects"]
    words = {"time": duration(needs["seconds"]), "memory": f"{needs['memory_bytes'] / 2**30:.1f} GiB"}
    return {**described, "expects": {**needs, **words}}
