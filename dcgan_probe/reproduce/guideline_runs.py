"""Outcomes of the trainings that test the guidelines, read from their run folders."""

import shlex
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ..gan import Run
from ..images import read_grid
from ..report import MEASURED, GuidelineRun
from ..runtime import UserError
from ..storage import read_json
from .guidelines import GuidelineTraining

SAMPLE_ROWS = 2


def images_seen(run: Run) -> int:
    """Return the number of images that a training has seen; 0 before its start."""
    return run.position() if run.checkpoint_path.exists() else 0


def check_guideline_run(training: GuidelineTraining, run: Run) -> None:
    """Check that a folder does not hold another training, whose figures would be attributed to this one.

    Raises
    ------
    UserError
        If it holds another training, or cannot be read.
    """
    if not run.checkpoint_path.exists():
        return
    config, expected = run.config, training.config(torch.device("cpu"))
    # These fields depend on the machine and the images.
    network = replace(expected.network, nc=config.network.nc)
    expected = replace(expected, network=network, precision=config.precision, window=config.window)
    different = config.differences(expected)
    if different:
        raise UserError(
            f"{run.folder} holds another training ({'; '.join(different)}); move it, or use another folder of runs",
            parameter="runs",
        )


def guideline_run(training: GuidelineTraining, run: Run) -> GuidelineRun | None:
    """Return the outcome of a training from its statistics; None if there are none.

    Raises
    ------
    UserError
        If the run folder cannot be read.
    """
    rows = run.stats()
    if not rows:
        return None
    sessions, plan = read_json(run.config_path)["sessions"], training.plan
    alarms = [row["collapsed_since"] for row in rows if row.get("collapsed_since") is not None]
    facts = {
        "seed": plan.seed,
        "preset": plan.preset,
        "dataset": plan.dataset,
        "probe": f"half of {plan.probe_labels:,} training images of {plan.probe_dataset} fitted, half held out",
        "images": plan.images,
        "images_seen": rows[-1]["images_seen"],
        "first_alarm": min(alarms, default=None),
        "collapsed_since": rows[-1].get("collapsed_since"),
        "collapse_signs": ", ".join(rows[-1].get("collapse_signs") or []) or None,
        **{name: _last(rows, name) for name in MEASURED},
        "untrained_accuracy": run.untrained_accuracy(),
        "seconds": round(_seconds(rows), 1),
        "date": sessions[0]["started"],
        "device": sessions[-1]["device"],
        "versions": ", ".join(f"{name} {version}" for name, version in sessions[-1]["versions"].items()),
        "command": shlex.join(sessions[0]["command"]),
    }
    return GuidelineRun(training.guideline.shown, training.guideline.setting, facts)


def _last(rows: list[dict[str, Any]], name: str) -> float | None:
    """Return the last value of a column; some columns are not measured at every tick."""
    return next((row[name] for row in reversed(rows) if row.get(name) is not None), None)


def _seconds(rows: list[dict[str, Any]]) -> float:
    """Compute the time of training in seconds from the rate of each tick, without pauses between sessions."""
    before, seconds = 0, 0.0
    for row in rows:
        seconds += (row["images_seen"] - before) / row["images_per_second"]
        before = row["images_seen"]
    return seconds


def last_samples(run: Run) -> np.ndarray:
    """Return the first rows of a run's last sample grid, uint8 (height, width, 3); runs have one from the start."""
    return read_grid(max(run.samples.glob("fixed-noise-*.png")), SAMPLE_ROWS, run.config.network.image_size)
