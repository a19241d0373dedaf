"""Messages on the outcome and the expected cost of a training."""

from typing import Any

from ..gan import Run
from ..presets import TrainedRun
from ..runtime import duration


def describe_ending(trained: TrainedRun) -> str:
    """Return a message on the outcome of a training and the location of its results."""
    run = trained.run
    ended = "time limit reached; rerun the command to resume" if trained.outcome == "out of time" else trained.outcome
    text = f"{run.folder}: {ended}, {run.position():,} images; grids in {run.samples}, curves in {run.curves_path}"
    last = run.stats()[-1]
    if last["collapsed_since"] is not None:
        text += f"\nCOLLAPSED since {last['collapsed_since']:,} images ({', '.join(last['collapse_signs'])})"
    if run.config.keep == "best" and run.best_path.exists():
        text += f"\n{run.best_path}: weights of the best probe, after {run.load()['position']:,} images"
    return text


def describe_collapse(run: Run) -> str:
    """Return a message on the image count at collapse onset and what to do."""
    row = run.stats()[-1]
    return (
        f"training has collapsed since {row['collapsed_since']:,} images ({', '.join(row['collapse_signs'])}); "
        f"saved in {run.folder} at {row['images_seen']:,}. Rerun the command without --stop-on-collapse "
        "to resume; another --seed or a lower --lr may help."
    )


def with_words(described: dict[str, Any]) -> dict[str, Any]:
    """Return the description of a training with its time and memory as text."""
    needs = described["expects"]
    words = {"time": duration(needs["seconds"]), "memory": f"{needs['memory_bytes'] / 2**30:.1f} GiB"}
    return {**described, "expects": {**needs, **words}}
