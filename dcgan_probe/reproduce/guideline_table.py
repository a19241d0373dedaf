"""Table of the guidelines: its missing trainings, and the files written after them.

::

    RESULTS/guidelines/guidelines.csv       one row per training
    RESULTS/guidelines/guidelines.md, .tex  one row per guideline, mean and spread over the seeds
    RESULTS/guidelines/samples.webp         samples of each training, one row per guideline
"""

from dataclasses import replace
from functools import partial

import numpy as np

from ..evaluation import product_rate
from ..gan import Run
from ..images import save_contact_sheet
from ..report import format_guidelines
from ..runtime import Workspace, resolve_device
from ..storage import write_text
from .costs import Cost, guideline_cost
from .guideline_runs import check_guideline_run, guideline_run, images_seen, last_samples
from .guidelines import GuidelinePlan, GuidelineTraining
from .steps import TableStep, listed, needs, train_step
from .table_runs import load_training_images


class GuidelineTable:
    """Table of the guidelines at one scale, for a number of seeds."""

    def __init__(self, plan: GuidelinePlan, workspace: Workspace):
        self._name, self._scale, self._trainings, self._place = plan.name, plan.scale, plan.trainings, workspace

    def _run(self, training: GuidelineTraining) -> Run:
        return Run(self._place.runs / self._name / training.run_name)

    def missing_steps(self) -> list[TableStep]:
        """Return the steps of the trainings that are not finished, in their order."""
        for training in self._trainings:
            check_guideline_run(training, self._run(training))
        missing = [each for each in self._trainings if images_seen(self._run(each)) < (each.plan.images or 0)]
        costs = self._costs(missing)
        return [self._step(training, costs[training.guideline.name]) for training in missing]

    def _step(self, training: GuidelineTraining, whole: Cost) -> TableStep:
        folder, plan = self._run(training).folder, training.plan
        left = whole.seconds * (1 - images_seen(self._run(training)) / (plan.images or 1))
        command = plan.to_command(self._place, folder)
        return TableStep(
            command, partial(train_step, plan, self._place, folder), replace(whole, seconds=left), verb=plan.verb
        )

    def _costs(self, missing: list[GuidelineTraining]) -> dict[str, Cost]:
        """Return the cost of a whole training by guideline; it does not depend on the seed."""
        if not missing:
            return {}
        device, rate, plan = resolve_device(self._place.device), product_rate(), missing[0].plan
        images = load_training_images(plan.dataset, self._place)
        one_each = {training.guideline.name: training for training in missing}
        return {
            name: guideline_cost(training.config(device), images, plan.probe_labels, rate, device)
            for name, training in one_each.items()
        }

    def describe(self, steps: list[TableStep]) -> list[str]:
        """Return the lines of the printed plan."""
        number = len(self._trainings)
        total = f"{self._name} at scale {self._scale}: {number} trainings, {number - len(steps)} of them done"
        if not steps:
            return [f"{total}; nothing to do."]
        to_do = "1 training" if len(steps) == 1 else f"{len(steps)} trainings"
        return [f"{total}. To do: {to_do}, {needs(steps)}.", "", *listed(steps)]

    def write(self) -> str:
        """Write the table and the samples of the trainings that have statistics; return the table."""
        order = [training.guideline.name for training in self._trainings]
        # Rows are ordered by guideline; trainings are ordered by seed.
        ordered = sorted(self._trainings, key=lambda training: order.index(training.guideline.name))
        found = {training: guideline_run(training, self._run(training)) for training in ordered}
        runs = [run for run in found.values() if run is not None]
        if not runs:
            return ""
        folder = self._place.results / self._name
        for form, suffix in (("csv", "csv"), ("markdown", "md"), ("latex", "tex")):
            write_text(folder / f"{self._name}.{suffix}", format_guidelines(runs, form).rstrip() + "\n")
        pictures: dict[str, list[np.ndarray]] = {}
        for training, run in found.items():
            if run is not None:
                pictures.setdefault(training.guideline.shown, []).append(last_samples(self._run(training)))
        save_contact_sheet(folder / "samples.webp", list(pictures.items()))
        return format_guidelines(runs).rstrip()
