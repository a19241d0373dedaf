"""Result table of a plan: its rows, the steps for rows missing from the records, and the files written after them."""

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
    "The rows of the authors' {net} net are omitted: {folder} is missing. Copy models/{models} of {repository} "
    "(MIT license); only its *_params.jl_NN.npy are needed."
)


@dataclass(frozen=True, eq=False)
class PlannedRun:
    """Run that provides the networks of rows, finished or not."""

    name: str
    """Name of the run folder."""
    plan: TrainingPlan | ImportPlan
    run: Run
    facts: RunFacts
    source: Path | None = None
    """Folder of the released arrays of an import; None for a training."""

    @property
    def is_missing(self) -> bool:
        """True if the run does not exist, or its training is not finished."""
        if isinstance(self.plan, TrainingPlan):
            return images_seen(self.run) < self.facts.images_seen
        return not self.run.exists

    def missing_layers(self, config: EvalConfig | SupervisedConfig) -> list[str]:
        """Return the layers of a config that are missing from the released files of an imported network.

        Raises
        ------
        UserError
            If the architecture has no such layers.
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
                    f"training has ended, but {self.run.folder} has seen {images_seen(self.run):,} images, expected "
                    f"{self.facts.images_seen:,}"
                )
        else:
            import_authors(
                self._import(), workspace, on_step=watch.on_step, on_loss=watch.on_note, on_note=watch.on_note
            )

    def _import(self) -> ImportAuthorsConfig:
        """Return the config that imports the run."""
        assert self.source is not None, "only a training has no folder of arrays"
        return ImportAuthorsConfig(self.source, self.plan.dataset)

    def cost(self, images: ImageSet, device: torch.device) -> Cost:
        """Estimate the cost of the run."""
        if isinstance(self.plan, TrainingPlan):
            return training_cost(self.plan.config(device), images, device, images_seen(self.run))
        return import_cost(self.facts.network, images)


@dataclass(frozen=True, eq=False)
class TableRow:
    """Row of a table, and the run of its features."""

    planned: PlannedEvaluation | PlannedSupervised
    run: PlannedRun | None = None

    @property
    def cache(self) -> tuple[object, ...]:
        """Key shared by rows whose features are in one file; the file of a run holds all of its layers."""
        config = self.planned.config
        if not isinstance(config, EvalConfig):
            return (self,)
        whole = self.run is not None and is_built_in(config.source)
        options = replace(config.options, layers=None) if whole else config.options
        return config.features, options, config.dtype, config.seed, self.run

    def evaluate(self, watch: Watch) -> None:
        """Run the evaluation of the row.

        Raises
        ------
        UserError
            If the evaluation fails, or its record does not match the plan; the message has both values.
        """
        planned = self.planned
        if isinstance(planned, PlannedEvaluation):
            made = run_evaluation(planned.config, planned.workspace, on_progress=watch.on_step, on_note=watch.on_note)
        else:
            made = run_supervised(planned.config, planned.workspace, on_progress=watch.on_step, on_note=watch.on_note)
        if self.found_in(Results(planned.workspace.results).summaries(planned.protocol.name)) is None:
            raise UserError(
                f"the evaluation has ended, but the records of {made.protocol} do not have this row: "
                f"{'; '.join(why_not_found(planned, self._facts, made))}"
            )

    @property
    def _facts(self) -> RunFacts | None:
        return None if self.run is None else self.run.facts

    def found_in(self, summaries: list[Summary]) -> Summary | None:
        """Return the summary of the row; None if the records do not have it."""
        return find_summary(self.planned, self._facts, summaries)


class TableRun:
    """Table at one scale, in one workspace."""

    def __init__(self, plan: TablePlan, workspace: Workspace, authors: Path | None = None):
        """Load the images, and find the runs.

        Parameters
        ----------
        authors
            Folder of the authors' released nets, one subfolder each; by default ``authors`` in the folder of images.

        Raises
        ------
        UserError
            If images are missing, there are too few labels, or released arrays cannot be read.
        """
        self.plan, self._place = plan, workspace
        self._device = resolve_device(workspace.device)
        self.left_out: list[str] = []
        self._pairs: dict[bool, tuple[ImageSet, ImageSet]] = {}
        self._runs = self._find_runs(authors or workspace.data_dir / "authors")
        self.rows = self._make_rows()

    def _find_runs(self, authors: Path) -> dict[str, PlannedRun]:
        """Return the runs of the plan by name; imports without their arrays are omitted."""
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
        """Return the rows whose networks are available, with their images and protocols."""
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
            f"The rows of {', '.join(sorted(set(layers)))} of {name} are omitted: the released files lack these layers."
            for name, layers in lacking.items()
        ]
        return tuple(rows)

    def _row(self, config: EvalConfig | SupervisedConfig, run: PlannedRun | None) -> TableRow:
        """Return the row of a config, with the run of its features, if any."""
        if isinstance(config, SupervisedConfig):
            return TableRow(plan_supervised(config, self._place))
        pair = self._pair(config.validate)
        protocol = checked_protocol(pair, config.labels, config.draws, config.select_draws, config.seed)
        if run is None:
            return TableRow(PlannedEvaluation(config, self._place, protocol, *pair, None))
        config = replace(config, run=run.run.folder)
        return TableRow(PlannedEvaluation(config, self._place, protocol, *pair, None, run.facts.network), run)

    def _pair(self, validate: bool) -> tuple[ImageSet, ImageSet]:
        """Return the training and test images of rows, loaded once."""
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
        """Return the steps for rows missing from the records, in their order."""
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
        """Run the evaluation of a row; a custom plan is copied to the records, since tables show its figures."""
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
        """Return the lines of the printed plan."""
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
        """Write the tables and comparisons of the recorded rows; return their table as text."""
        self._keep_plan()
        summaries, store = list(self.found().values()), Results(self._place.results)
        for protocol in dict.fromkeys(summary.protocol for summary in summaries):
            write_tables(store.summaries(protocol), store.folder)
            write_comparisons([each for each in summaries if each.protocol == protocol], self._place.results)
        return format_tables(summaries, results=store.folder).rstrip()


def load_training_images(dataset: str, workspace: Workspace) -> ImageSet:
    """Load training images of networks.

    Raises
    ------
    UserError
        If the images are missing; the message has the command that prepares them from a folder.
    """
    try:
        return load_images(dataset, "train", data_dir=workspace.data_dir, download=workspace.download)
    except UserError as error:
        path = workspace.data_dir / f"{dataset}_train.h5"
        # The images of the recorded results were box-averaged.
        resample = " --resample box" if dataset == "tiny_imagenet32" else ""
        how = f"To prepare them from a folder: dcgan-probe prepare FOLDER --size 32{resample} --out {path}"
        raise UserError(f"{error}. {how}", parameter=error.parameter) from error
