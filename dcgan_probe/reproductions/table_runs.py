"""The making of a table from its plan: what the records lack, by which steps, and the table once they are done."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from ..evaluation import (
    EvalConfig,
    PlannedEvaluation,
    PlannedSupervised,
    Results,
    Summary,
    checked_protocol,
    load_pair,
    product_rate,
    run_evaluation,
    run_supervised,
)
from ..features import import_authors
from ..gan import RELEASED, Run, read_authors
from ..images import ImageSet, load_images
from ..presets import TrainingPlan, default_run_name, preset_config, run_training
from ..report import format_tables, register_figures, write_comparisons
from ..runtime import UserError, Workspace, resolve_device
from .costs import Cost, evaluation_cost, import_cost, training_cost
from .recorded_rows import RunFacts, find_summary
from .steps import TableStep
from .table_plan import ImportPlan, RowPlan, TablePlan

REPOSITORY = "https://github.com/Newmu/dcgan_code"
LACKING = (
    "The rows of the authors' {net} net are left out: {folder} is missing. It is models/{models} of {repository} "
    "(MIT license); its *_params.jl_NN.npy suffice."
)


@dataclass(frozen=True, eq=False)
class PlannedRun:
    """A run that rows take their networks from, made or not."""

    name: str
    """Of the run folder."""
    plan: TrainingPlan | ImportPlan
    run: Run
    facts: RunFacts
    source: Path | None = None
    """Folder of the released arrays, of an import."""


@dataclass(frozen=True, eq=False)
class TableRow:
    """One row of a table, and the run that its features come from."""

    planned: PlannedEvaluation | PlannedSupervised
    run: PlannedRun | None = None

    def found_in(self, summaries: list[Summary]) -> Summary | None:
        """Find the row in the records; None if it is not there."""
        return find_summary(self.planned, None if self.run is None else self.run.facts, summaries)


class TableRun:
    """A table at one scale, in one workspace."""

    def __init__(self, plan: TablePlan, workspace: Workspace, authors: Path | None = None):
        """Load what is probed, and find the runs.

        Parameters
        ----------
        authors
            Folder of the authors' released nets, one folder each; ``authors`` in the folder of images by default.

        Raises
        ------
        UserError
            If the images are missing, the labels do not suffice, or released arrays cannot be read.
        """
        self.plan, self._place = plan, workspace
        self._device = resolve_device(workspace.device)
        self.left_out: list[str] = []
        self._runs = self._find_runs(authors or workspace.data_dir / "authors")
        self.rows = self._make_rows()
        register_figures(plan.figures)

    def _find_runs(self, authors: Path) -> dict[str, PlannedRun]:
        """Return the runs of the plan by their names in it; imports without their arrays are left out."""
        found = {}
        wanted = {row.run for row in self.plan.rows}
        for key, plan in self.plan.runs.items():
            if key not in wanted:
                continue
            made = self._trained(plan) if isinstance(plan, TrainingPlan) else self._imported(plan, authors)
            if made is not None:
                found[key] = made
        return found

    def _trained(self, plan: TrainingPlan) -> PlannedRun:
        config = plan.config(self._device)
        name = default_run_name(plan, config)
        facts = RunFacts(config.preset, config.network, config.dataset, config.images, config.seed)
        return PlannedRun(name, plan, Run(self._place.runs / name), facts)

    def _imported(self, plan: ImportPlan, authors: Path) -> PlannedRun | None:
        released = RELEASED[plan.net]
        folder = authors / released.folder
        if not folder.is_dir():
            self.left_out.append(
                LACKING.format(net=plan.net, folder=folder, models=released.folder, repository=REPOSITORY)
            )
            return None
        configs = [preset_config(net, dataset=plan.dataset, precision="float32") for net in RELEASED]
        weights = read_authors(folder, configs)
        config = weights.config
        name = config.preset.partition(" ")[0]
        facts = RunFacts(config.preset, config.network, released.dataset, weights.position, config.seed)
        return PlannedRun(name, plan, Run(self._place.runs / name), facts, folder)

    def _make_rows(self) -> tuple[TableRow, ...]:
        """Return the rows that can be made, with their images and protocols."""
        pairs: dict[bool, tuple[ImageSet, ImageSet]] = {}
        rows, lacking = [], dict[str, list[str]]()
        for row in self.plan.rows:
            if row.run and row.run not in self._runs:
                continue
            run, validate = self._runs.get(row.run), row.config.validate
            if validate not in pairs:
                pairs[validate] = load_pair(self.plan.dataset, self._place, validate=validate)
            layers = set(row.config.options.layers or ()) if run is not None else set()
            missing = sorted(layers - set(run.facts.network.layer_names)) if run is not None else []
            if missing and run is not None:
                lacking.setdefault(run.name, []).extend(missing)
                continue
            rows.append(self._row(row, run, pairs[validate]))
        self.left_out += [
            f"The rows of {', '.join(sorted(set(layers)))} of {name} are left out: its files end before."
            for name, layers in lacking.items()
        ]
        return tuple(rows)

    def _row(self, row: RowPlan, run: PlannedRun | None, pair: tuple[ImageSet, ImageSet]) -> TableRow:
        config = row.config
        protocol = checked_protocol(pair, config.labels, config.draws, config.select_draws, config.seed)
        if not isinstance(config, EvalConfig):
            return TableRow(PlannedSupervised(config, self._place, protocol, *pair))
        if run is None:
            return TableRow(PlannedEvaluation(config, self._place, protocol, *pair, None))
        config = replace(config, run=run.run.folder)
        return TableRow(PlannedEvaluation(config, self._place, protocol, *pair, None, run.facts.network), run)

    def found(self) -> dict[TableRow, Summary]:
        """Return the rows that are in the records, with their summaries."""
        store = Results(self._place.results)
        if not store.path.exists():
            return {}
        protocols = dict.fromkeys(row.planned.protocol.name for row in self.rows)
        summaries = [summary for protocol in protocols for summary in store.summaries(protocol)]
        found = {row: row.found_in(summaries) for row in self.rows}
        return {row: summary for row, summary in found.items() if summary is not None}

    def missing_steps(self) -> list[TableStep]:
        """Return the steps that make what the records lack, in their order."""
        there = self.found()
        rows = [row for row in self.rows if row not in there]
        needed = {row.run for row in rows if row.run is not None}
        steps = [self._run_step(run) for run in self._runs.values() if run in needed and self._is_to_make(run)]
        rate, cached = product_rate() if rows else 0.0, set[object]()
        for row in rows:
            cost = evaluation_cost(row.planned, rate, with_features=row.cache not in cached)
            cached.add(row.cache)
            steps.append(
                TableStep(
                    row.planned.config.to_command(self._place),
                    partial(_evaluate, row, self._place),
                    cost,
                    row.planned.config.verb,
                    needs_run="" if row.run is None else row.run.name,
                )
            )
        return steps
