"""The making of a table from its plan: what the records lack, by which steps, and the table once they are done."""

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
    SupervisedConfig,
    checked_protocol,
    load_pair,
    plan_supervised,
    product_rate,
    run_evaluation,
    run_supervised,
)
from ..features import ImportAuthorsConfig, check_layers, choose_layers, import_authors, is_built_in
from ..gan import RELEASED, Run, preset_config, read_authors
from ..images import ImageSet, load_images, set_name
from ..presets import TrainingPlan, default_run_name
from ..report import format_tables, kept_plans, write_comparisons, write_tables
from ..runtime import UserError, Workspace, located, resolve_device
from ..storage import write_text
from .costs import Cost, evaluation_cost, import_cost, training_cost
from .guideline_runs import images_seen
from .recorded_rows import RunFacts, find_summary, why_not_found
from .steps import FREE, TableStep, Watch, listed, needs, train_step
from .table_plan import ImportPlan, TablePlan

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

    @property
    def is_missing(self) -> bool:
        """Whether the run is still to be made, or to be trained to its end."""
        if isinstance(self.plan, TrainingPlan):
            return images_seen(self.run) < self.facts.images_seen
        return not self.run.exists

    def missing_layers(self, config: EvalConfig | SupervisedConfig) -> list[str]:
        """Return the layers of a config that an imported network lacks, since its files end before.

        Raises
        ------
        UserError
            If a network that is trained has no such layers, or an imported one could not have them.
        """
        options, there = getattr(config, "options", None), self.facts.network.layer_names
        if isinstance(self.plan, TrainingPlan):
            check_layers(options, there)
            return []
        whole = preset_config(self.plan.net).network.layer_names
        check_layers(options, whole)
        layers = getattr(options, "layers", None)
        return [name for name in choose_layers(layers, whole) if name not in there] if layers else []

    def command(self, workspace: Workspace) -> str:
        """Return the command line that makes the run."""
        if isinstance(self.plan, TrainingPlan):
            return self.plan.to_command(workspace, self.run.folder)
        return self._import().to_command(workspace)

    def make(self, workspace: Workspace, watch: Watch) -> None:
        """Train or import the run."""
        if isinstance(self.plan, TrainingPlan):
            train_step(self.plan, workspace, self.run.folder, watch)
            if self.is_missing:
                raise UserError(
                    f"the step is done, and {self.run.folder} has seen {images_seen(self.run):,} images, expected "
                    f"{self.facts.images_seen:,}"
                )
        else:
            import_authors(
                self._import(), workspace, on_step=watch.on_step, on_loss=watch.on_note, on_note=watch.on_note
            )

    def _import(self) -> ImportAuthorsConfig:
        """Return the config that imports the run."""
        assert self.source is not None, "an import has the folder of its arrays"
        return ImportAuthorsConfig(self.source, self.plan.dataset)

    def cost(self, images: ImageSet, device: torch.device) -> Cost:
        """Estimate what making the run needs."""
        if isinstance(self.plan, TrainingPlan):
            return training_cost(self.plan.config(device), images, device, images_seen(self.run))
        return import_cost(self.facts.network, images)


@dataclass(frozen=True, eq=False)
class TableRow:
    """One row of a table, and the run that its features come from."""

    planned: PlannedEvaluation | PlannedSupervised
    run: PlannedRun | None = None

    @property
    def cache(self) -> tuple[object, ...]:
        """What rows have in common whose features lie in one file; that of a run holds all of its layers."""
        config = self.planned.config
        if not isinstance(config, EvalConfig):
            return (self,)
        whole = self.run is not None and is_built_in(config.source)
        options = replace(config.options, layers=None) if whole else config.options
        return config.features, options, config.dtype, config.seed, self.run

    def evaluate(self, watch: Watch) -> None:
        """Make the row.

        Raises
        ------
        UserError
            If it cannot be made, or the records hold another row than the plan has, afterwards; with both.
        """
        planned = self.planned
        if isinstance(planned, PlannedEvaluation):
            made = run_evaluation(planned.config, planned.workspace, on_progress=watch.on_step, on_note=watch.on_note)
        else:
            made = run_supervised(planned.config, planned.workspace, on_progress=watch.on_step, on_note=watch.on_note)
        if self.found_in(Results(planned.workspace.results).summaries(planned.protocol.name)) is None:
            raise UserError(
                f"the step is done, and the records of {made.protocol} do not have this row: "
                f"{'; '.join(why_not_found(planned, self._facts, made))}"
            )

    @property
    def _facts(self) -> RunFacts | None:
        return None if self.run is None else self.run.facts

    def found_in(self, summaries: list[Summary]) -> Summary | None:
        """Find the row in the records; None if it is not there."""
        return find_summary(self.planned, self._facts, summaries)


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
        self._pairs: dict[bool, tuple[ImageSet, ImageSet]] = {}
        self._runs = self._find_runs(authors or workspace.data_dir / "authors")
        self.rows = self._make_rows()

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
        facts = RunFacts(config.preset, config.network, set_name(config.dataset), config.images, config.seed)
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
        rows, lacking = [], dict[str, list[str]]()
        for row in self.plan.rows:
            run = self._runs.get(row.run)
            if row.run and run is None:
                continue
            with located(f"{self.plan.name}.toml: {row.place}"):
                missing = [] if run is None else run.missing_layers(row.config)
            if run is not None and missing:
                lacking.setdefault(run.name, []).extend(missing)
                continue
            with located(f"{self.plan.name}.toml: {row.place}"):
                rows.append(self._row(row.config, run))
        self.left_out += [
            f"The rows of {', '.join(sorted(set(layers)))} of {name} are left out: its files end before."
            for name, layers in lacking.items()
        ]
        return tuple(rows)

    def _row(self, config: EvalConfig | SupervisedConfig, run: PlannedRun | None) -> TableRow:
        """Return the row of a config, whose features may come from a run."""
        if isinstance(config, SupervisedConfig):
            return TableRow(plan_supervised(config, self._place))
        pair = self._pair(config.validate)
        protocol = checked_protocol(pair, config.labels, config.draws, config.select_draws, config.seed)
        if run is None:
            return TableRow(PlannedEvaluation(config, self._place, protocol, *pair, None))
        config = replace(config, run=run.run.folder)
        return TableRow(PlannedEvaluation(config, self._place, protocol, *pair, None, run.facts.network), run)

    def _pair(self, validate: bool) -> tuple[ImageSet, ImageSet]:
        """Return the images that rows probe, loaded once."""
        if validate not in self._pairs:
            self._pairs[validate] = load_pair(self.plan.dataset, self._place, validate=validate)
        return self._pairs[validate]

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
        steps = [self._run_step(run) for run in self._runs.values() if run in needed and run.is_missing]
        rate, cached = product_rate() if rows else 0.0, set[object]()
        for row in rows:
            cost = evaluation_cost(row.planned, rate, with_features=row.cache not in cached)
            cached.add(row.cache)
            config, run = row.planned.config, "" if row.run is None else row.run.name
            command = config.to_command(self._place)
            steps.append(TableStep(command, partial(self._make, row), cost, verb=config.verb, needs_run=run))
        return steps

    def _make(self, row: TableRow, watch: Watch) -> None:
        """Make a row; keep a user's own plan with the records, so that tables show its published figures."""
        self._keep_plan()
        row.evaluate(watch)

    def _keep_plan(self) -> None:
        if self.plan.file is not None:
            kept = kept_plans(self._place.results) / self.plan.file.name
            write_text(kept, self.plan.file.read_text(encoding="utf-8"))

    def _run_step(self, run: PlannedRun) -> TableStep:
        """Return the step that trains or imports a run."""
        command, obstacle, cost = run.command(self._place), "", FREE
        work = partial(run.make, self._place)
        try:
            images = load_training_images(run.plan.dataset, self._place)
        except UserError as error:
            obstacle = str(error)
        else:
            cost = run.cost(images, self._device)
        return TableStep(command, work, cost, verb=run.plan.verb, makes_run=run.name, obstacle=obstacle)

    def describe(self, steps: list[TableStep]) -> list[str]:
        """Return the lines of the plan."""
        rows, number = [step for step in steps if not step.makes_run], len(self.rows)
        name = f"{self.plan.name} at scale {self.plan.scale}" if self.plan.scale else self.plan.name
        total = f"{name}: {number} rows, {number - len(rows)} of them in the records"
        if not steps:
            return [f"{total}; nothing to do.", *self.left_out]
        verbs = [step.verb for step in steps if step.makes_run]
        first = ["1 row" if len(rows) == 1 else f"{len(rows)} rows"]
        first += ["a training"] if "train" in verbs else []
        first += ["an import of the authors' weights"] if "import authors" in verbs else []
        to_do = f"To do: {', '.join(first)}; {needs(steps)}, if no features are cached."
        return [f"{total}. {to_do}", *self.left_out, "", *listed(steps)]

    def write(self) -> str:
        """Write the tables of the protocols and the comparisons of the rows that are there; return the rows' table."""
        self._keep_plan()
        summaries, store = list(self.found().values()), Results(self._place.results)
        for protocol in dict.fromkeys(summary.protocol for summary in summaries):
            write_tables(store.summaries(protocol), store.folder)
            write_comparisons([each for each in summaries if each.protocol == protocol], self._place.results)
        return format_tables(summaries, results=store.folder).rstrip()


def load_training_images(dataset: str, workspace: Workspace) -> ImageSet:
    """Load images that train networks.

    Raises
    ------
    UserError
        If the images are missing; the message gives the command that makes them from a folder.
    """
    try:
        return load_images(dataset, "train", data_dir=workspace.data_dir, download=workspace.download)
    except UserError as error:
        path = workspace.data_dir / f"{dataset}_train.h5"
        # The file of the published results was box-averaged.
        resample = " --resample box" if dataset == "tiny_imagenet32" else ""
        how = f"From a folder of images: dcgan-probe prepare FOLDER --size 32{resample} --out {path}"
        raise UserError(f"{error}. {how}", parameter=error.parameter) from error
