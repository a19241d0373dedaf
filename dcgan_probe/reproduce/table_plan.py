"""Plans of result tables: TOML files with a dataset and its protocols, runs and rows, at one or several scales.

::

    dataset = "cifar10"                      dataset to evaluate on
    plugins = ["my_encoder"]                 modules that register sources of features, imported as by --plugin
    [scales]                                 names and purposes of scales; omitted in a plan of one size
    [[protocols]]                            name, labels, draws, select_draws, validate
    [runs.NAME.train]                        a training, with the fields of ``TrainingPlan``
    [runs.NAME.import_authors]               net and dataset of the authors' released weights
    [[rows]]                                 a row of each protocol, with the fields of ``EvalConfig``, or
                                             kind = "supervised" and the fields of ``SupervisedConfig``; and
                                             run = NAME, protocols = [NAME, ...], scales = [NAME, ...]
    [[published]]                            a published figure, with the fields of ``report.PublishedFigure``; its
                                             protocol and encoder are names in the plan
    [encoders.NAME]                          training images of a published encoder, with the fields of
                                             ``report.PublishedEncoder``

Protocols, runs and rows can have ``at.SCALE``: keys that change at that scale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from ..evaluation import EvalConfig, SupervisedConfig
from ..features import check_layers, feature_sources, load_plugin
from ..presets import TrainingPlan
from ..report import PublishedFigure, read_figures
from ..runtime import REQUIRED, Config, UserError, did_you_mean, from_mapping, located, option
from ..storage import check_parts, is_list_of_texts
from .plan_files import PARTS, at_scale, chosen_scale


@dataclass(frozen=True)
class ImportPlan(Config):
    """Import of one of the authors' released nets."""

    verb: ClassVar[str] = "import authors"

    net: Literal["svhn32", "imagenet32"] = option(REQUIRED, "Name of the net.")
    dataset: str = option(REQUIRED, "Images for the batch-norm statistics.")


@dataclass(frozen=True)
class ProtocolPlan(Config):
    """Settings shared by the rows of one protocol."""

    name: str = option(REQUIRED, "Name of the protocol within the plan.")
    labels: int | None = option(None, "Labeled images of a fit; all if missing.", min=1)
    draws: int | None = option(None, "Reported draws.", min=1)
    select_draws: int | None = option(None, "Draws that choose C.", min=1)
    validate: bool = option(False, "Report on held-out training images.")


@dataclass(frozen=True)
class RowPlan:
    """Row of a table."""

    config: EvalConfig | SupervisedConfig
    run: str = ""
    """Name, in the plan, of the run of the features; empty for features without a run."""
    place: str = field(default="", compare=False)
    """Position of the row in its file, for error messages."""


@dataclass(frozen=True)
class TablePlan:
    """Plan of a result table at one scale."""

    name: str
    dataset: str
    """Dataset that all rows are evaluated on."""
    scale: str
    """Name of the scale; empty for a plan of one size."""
    runs: dict[str, TrainingPlan | ImportPlan]
    rows: tuple[RowPlan, ...]
    figures: tuple[PublishedFigure, ...] = field(default=(), repr=False)
    file: Path | None = None
    """File of the plan; None for a plan of the package."""


def plan_at(name: str, plan: Mapping[str, Any], scale: str | None = None, file: Path | None = None) -> TablePlan:
    """Return the plan of a result table, given as parsed TOML, at one scale.

    Raises
    ------
    UserError
        If a key or a value is invalid; the message has its position: ``row 3 (`[[rows]]`, features = kmeans): ...``.
    """
    check_parts(plan, PARTS, ("dataset", "rows"))
    scales: Sequence[str] = list(plan.get("scales", {}))
    chosen = chosen_scale(plan.get("scales", {}), scale)
    with located("plugins"):
        for module in plan.get("plugins", ()):
            load_plugin(module)
    runs = {}
    for run, values in plan.get("runs", {}).items():
        with located(f"runs.{run}"):
            runs[run] = _run(values, chosen, scales)
    protocols = _protocols(plan.get("protocols", [{"name": "all"}]), chosen, scales)
    parts = _Parts(plan["dataset"], {each.name: each for each in protocols}, runs, chosen, scales)
    rows = []
    for protocol in protocols:
        for number, values in enumerate(plan["rows"], 1):
            place = f"row {number} ({_row_name(values)})"
            with located(place):
                rows += [replace(row, place=place) for row in parts.rows(values, protocol)]
    if not rows:
        raise UserError(f"got no rows{f' at scale {chosen}' if chosen else ''}, expected at least one")
    figures = read_figures(plan, [*(source.name for source in feature_sources()), "supervised"])
    return TablePlan(name, plan["dataset"], chosen, runs, tuple(rows), figures, file)


def _row_name(values: Mapping[str, Any]) -> str:
    """Return the name of a row in error messages."""
    key = "features" if "features" in values or "kind" not in values else "kind"
    return f"`[[rows]]`, {key} = {values.get(key, 'dcgan')}"


def _protocols(parts: Sequence[Mapping[str, Any]], scale: str, scales: Sequence[str]) -> list[ProtocolPlan]:
    found: list[ProtocolPlan] = []
    for number, values in enumerate(parts, 1):
        with located(f"protocol {number} (`[[protocols]]`, name = {values.get('name')})"):
            protocol = from_mapping(ProtocolPlan, at_scale(values, scale, scales))
            if protocol.name in [each.name for each in found]:
                raise UserError("another protocol has the same name; names must be unique")
            found.append(protocol)
    return found


def _run(values: Mapping[str, Any], scale: str, scales: Sequence[str]) -> TrainingPlan | ImportPlan:
    """Build the plan of a training or an import."""
    kinds: dict[str, type[TrainingPlan | ImportPlan]] = {"train": TrainingPlan, "import_authors": ImportPlan}
    if len(values) != 1 or not values.keys() <= kinds.keys() or not isinstance(next(iter(values.values())), Mapping):
        raise UserError(f"got {', '.join(values) or 'nothing'}, expected one table of train and import_authors")
    ((kind, part),) = values.items()
    with located(kind):
        return kinds[kind].from_mapping(at_scale(part, scale, scales))


@dataclass(frozen=True)
class _Parts:
    """Parts of a plan that rows refer to."""

    dataset: str
    protocols: Mapping[str, ProtocolPlan]
    runs: Mapping[str, TrainingPlan | ImportPlan]
    scale: str
    scales: Sequence[str]

    def rows(self, values: Mapping[str, Any], protocol: ProtocolPlan) -> list[RowPlan]:
        """Build the row of one protocol; empty if the row lists other protocols or scales."""
        own = at_scale(values, self.scale, self.scales)
        of_scales = _chosen_names(own.pop("scales", None), "scales", self.scales)
        of_protocols = _chosen_names(own.pop("protocols", None), "protocols", list(self.protocols))
        if "dataset" in own:
            raise UserError(
                f"got a dataset, expected none: all rows use {self.dataset}; write another plan for another dataset"
            )
        if protocol.name not in of_protocols or (self.scales and self.scale not in of_scales):
            return []
        kind, run = own.pop("kind", "features"), own.pop("run", "")
        shared = {key: value for key, value in protocol.to_mapping().items() if key != "name"}
        if kind == "supervised":
            return [RowPlan(_supervised({"dataset": self.dataset, **shared}, own, protocol))]
        if kind != "features":
            raise UserError(f"got kind {kind!r}, expected features or supervised")
        config = EvalConfig.from_mapping({"dataset": self.dataset, **shared, **own})
        return [RowPlan(config, self._run_of(config, run))]

    def _run_of(self, config: EvalConfig, run: Any) -> str:
        """Return the name of the run of a row's features; empty if they need none."""
        known = ", ".join(self.runs) or "a part [runs.NAME.train]"
        if run and run not in self.runs:
            raise UserError(f"the plan has no run {run!r}{did_you_mean(str(run), self.runs)}: expected {known}")
        if not config.source.needs_run:
            return ""
        if not run:
            raise UserError(f"{config.features} features need a run: expected run = NAME, one of {known}")
        training = self.runs[run]
        if isinstance(training, TrainingPlan) and training.preset != "auto":  # auto depends on the device
            check_layers(config.options, training.config().network.layer_names)
        return str(run)


def _supervised(shared: Mapping[str, Any], own: Mapping[str, Any], protocol: ProtocolPlan) -> SupervisedConfig:
    """Build the config of a supervised row from the settings of its protocol and its own keys."""
    if protocol.validate:
        raise UserError(
            f"a supervised row reports on the test split, but protocol {protocol.name} on held-out training images; "
            "remove it from the protocols of the row"
        )
    known = {key: value for key, value in shared.items() if key not in ("select_draws", "validate")}
    return SupervisedConfig.from_mapping({"labels": "all", **known, **own})


def _chosen_names(chosen: Any, key: str, known: Sequence[str]) -> Sequence[str]:
    """Return the names listed in a row, or all known names if it has no list."""
    if chosen is None:
        return known
    expected = ", ".join(known) or f"none, since the plan has no {key}"
    if not is_list_of_texts(chosen):
        raise UserError(f"got {key} = {chosen!r}, expected a list of names, some of {expected}")
    for name in chosen:
        if name not in known:
            raise UserError(f"the plan has no {key} {name!r}{did_you_mean(name, known)}: expected some of {expected}")
    return chosen
