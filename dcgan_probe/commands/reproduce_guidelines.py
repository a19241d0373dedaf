"""Trainings that test the guidelines, at a scale and with some seeds, and their table once they have run.

::

    RESULTS/guidelines/guidelines.csv       one row a training
    RESULTS/guidelines/guidelines.md, .tex  one row a guideline, mean and spread over the seeds
    RESULTS/guidelines/samples.webp         samples of each training, one row a guideline
"""

import click
import numpy as np

from ..evaluation import product_rate
from ..gan import Run
from ..images import save_contact_sheet
from ..report import format_guidelines
from ..reproductions import (
    GUIDELINES,
    Cost,
    GuidelineTraining,
    ScaleName,
    check_guideline_run,
    guideline_cost,
    guideline_run,
    guideline_trainings,
    images_seen,
    last_samples,
)
from ..runtime import resolve_device
from ..storage import write_text
from .steps import Given, Step, listed, needs

FOLDER = "guidelines"
"""Of the runs, and of the results."""


class GuidelineTable:
    """The table of the guidelines, at one scale and for some seeds."""

    def __init__(self, scale: ScaleName, seeds: int, given: Given):
        self._name, self._given = f"guidelines at scale {scale}", given
        self._trainings = guideline_trainings(scale, seeds)

    def _run(self, training: GuidelineTraining) -> Run:
        return Run(self._given.runs / FOLDER / training.run_name)

    def missing_steps(self) -> list[Step]:
        """Give the trainings that are to be begun or continued, in their order."""
        for training in self._trainings:
            check_guideline_run(training, self._run(training))
        seen = {training: images_seen(self._run(training)) for training in self._trainings}
        missing = [training for training in self._trainings if seen[training] < training.scale.images]
        costs = self._costs(missing)
        steps = []
        for training in missing:
            arguments = (*training.arguments, "--run", str(self._run(training).folder))
            whole = costs[training.guideline.name]
            left = whole.seconds * (1 - seen[training] / training.scale.images)
            cost = Cost(left, whole.memory_bytes, whole.disk_bytes)
            steps.append(Step("train", (*arguments, *self._given.arguments("train")), cost))
        return steps

    def _costs(self, missing: list[GuidelineTraining]) -> dict[str, Cost]:
        """Give the cost of a whole training of each guideline by its name; the seed does not matter."""
        if not missing:
            return {}
        device, rate, scale = resolve_device(self._given.device), product_rate(), missing[0].scale
        images = self._given.load_unlabelled(scale.dataset)
        one_each = {training.guideline.name: training for training in missing}
        return {
            name: guideline_cost(training.config(device), images, scale.probe_labels, rate, device)
            for name, training in one_each.items()
        }

    def describe(self, steps: list[Step]) -> list[str]:
        """Give the lines of the plan."""
        number = len(self._trainings)
        total = f"{self._name}: {number} trainings, {number - len(steps)} of them done"
        if not steps:
            return [f"{total}; nothing to do."]
        to_do = "1 training" if len(steps) == 1 else f"{len(steps)} trainings"
        return [f"{total}. To do: {to_do}, {needs(steps)}.", "", *listed(steps)]

    def write(self) -> None:
        """Print the table of what is there, and write it with the samples."""
        # Guideline by guideline; the trainings' own order is seed by seed.
        ordered = sorted(self._trainings, key=lambda training: GUIDELINES.index(training.guideline))
        found = {training: guideline_run(training, self._run(training)) for training in ordered}
        runs = [run for run in found.values() if run is not None]
        if not runs:
            return
        folder = self._given.results / FOLDER
        for form, suffix in (("csv", "csv"), ("markdown", "md"), ("latex", "tex")):
            write_text(folder / f"guidelines.{suffix}", format_guidelines(runs, form).rstrip() + "\n")
        pictures: dict[str, list[np.ndarray]] = {}
        for training, run in found.items():
            if run is not None:
                pictures.setdefault(training.guideline.shown, []).append(last_samples(self._run(training)))
        save_contact_sheet(folder / "samples.webp", list(pictures.items()))
        click.echo(format_guidelines(runs).rstrip())
