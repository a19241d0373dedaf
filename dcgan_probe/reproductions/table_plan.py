"""Plans of tables: TOML files with a data set, its protocols, runs and rows, at one or several scales.

::

    dataset = "cifar10"                      what is probed
    [scales]                                 names of scales, and what each is for; none for a plan of one size
    [[protocols]]                            name, labels, draws, select_draws, validate
    [runs.NAME.train]                        a training, as ``TrainingPlan`` has it
    [runs.NAME.import_authors]               net and dataset of the authors' released weights
    [[rows]]                                 a row for each protocol, as ``EvalConfig`` has it, or with
                                             kind = "supervised" as ``SupervisedConfig`` has it; and
                                             run = NAME, protocols = [NAME, ...], scales = [NAME, ...]
    [[published]]  [encoders.NAME]           published figures beside the rows: see ``report.read_figures``

Any part has ``at.SCALE``: keys that differ at that scale.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ..evaluation import EvalConfig, SupervisedConfig
from ..presets import TrainingPlan
from ..report import PublishedFigure, read_figures
from ..runtime import Config, UserError, from_mapping, option
from ..storage import PLANS, TABLES, read_toml

KEYS = {"title", "dataset", "scales", "protocols", "runs", "rows", "published", "encoders"}
USUAL_SCALE = "small"


@dataclass(frozen=True)
class ImportPlan(Config):
    """An import of one of the authors' released nets."""

    verb: ClassVar[str] = "import authors"

    net: str = option(help="Name of the net: svhn32 or imagenet32.")
    dataset: str = option(help="Images that give the batch-norm statistics.")


@dataclass(frozen=True)
class ProtocolPlan(Config):
    """What the rows of one protocol have in common."""

    name: str = option(help="Of the protocol within the plan.")
    labels: int | None = option(None, "Labeled images of a fit; all if missing.", min=1)
    draws: int | None = option(None, "Reported draws.", min=1)
    select_draws: int | None = option(None, "Draws that choose C.", min=1)
    validate: bool = option(False, "Report on held-out training images.")


@dataclass(frozen=True)
class RowPlan:
    """One row of a table."""

    config: EvalConfig | SupervisedConfig
    run: str = ""
    """Name, in the plan, of the run that the features come from; empty for features of no run."""


@dataclass(frozen=True)
class TablePlan:
    """A plan at one scale."""

    name: str
    dataset: str
    """That is probed."""
    scale: str
    """Empty for a plan of one size."""
    runs: dict[str, TrainingPlan | ImportPlan]
    rows: tuple[RowPlan, ...]
    figures: tuple[PublishedFigure, ...] = field(default=(), repr=False)


def shipped_plans() -> tuple[str, ...]:
    """Return the names of the plans that come with the package."""
    return tuple(sorted(path.stem for path in TABLES.glob("*.toml")))


def job_names() -> tuple[str, ...]:
    """Return the names of the jobs that come with the package, most wanted first."""
    return tuple(job["name"] for job in read_toml(PLANS / "jobs.toml")["jobs"])


def read_plan_file(source: str) -> tuple[str, dict[str, Any]]:
    """Return name and content, as TOML has it, of the plan of a table.

    Parameters
    ----------
    source
        Name of a plan that comes with the package, or path of a TOML file.

    Raises
    ------
    UserError
        If there is no such plan.
    """
    path = Path(source) if source.endswith(".toml") else TABLES / f"{source}.toml"
    if path.parent == TABLES and source not in shipped_plans():
        raise UserError(
            f"there is no table {source!r}: expected {', '.join(shipped_plans())}, or the path of a .toml file",
            option="table",
        )
    return path.stem, read_toml(path)


def read_plan(source: str, scale: str | None = None) -> TablePlan:
    """Read the plan of a result table.

    Parameters
    ----------
    source
        As for ``read_plan_file``.
    scale
        One of the plan's scales; None stands for ``small``, or for the first one.

    Raises
    ------
    UserError
        If there is no such plan or scale, or a key or a value in it is wrong; the message names the place.
    """
    name, plan = read_plan_file(source)
    with located(f"{name}.toml"):
        return plan_at(name, plan, scale)


def plan_at(name: str, plan: Mapping[str, Any], scale: str | None = None) -> TablePlan:
    """Return a plan, as TOML has it, at one scale; see ``read_plan``."""
    check_keys(plan, KEYS, needed=("dataset", "rows"))
    chosen = chosen_scale(plan.get("scales", {}), scale)
    runs = {}
    for run, values in plan.get("runs", {}).items():
        with located(f"runs.{run}"):
            runs[run] = _run(values, chosen)
    protocols = [at_scale(each, chosen) for each in plan.get("protocols", [{"name": "all"}])]
    rows = []
    for protocol in protocols:
        with located(f"protocol {protocol.get('name')}"):
            shared = from_mapping(ProtocolPlan, protocol)
        for number, values in enumerate(plan["rows"], 1):
            with located(f"row {number}"):
                rows += _row(plan["dataset"], shared, values, chosen, runs)
    return TablePlan(name, plan["dataset"], chosen, runs, tuple(rows), read_figures(plan))


def check_keys(plan: Mapping[str, Any], known: Collection[str], needed: Collection[str] = ()) -> None:
    """Raise ``UserError`` for a key that a part of a plan cannot have, or one that it lacks."""
    text, unknown = ", ".join(sorted(known)), sorted(plan.keys() - set(known))
    if unknown:
        raise UserError(f"unknown {'keys' if len(unknown) > 1 else 'key'} {', '.join(unknown)}: expected {text}")
    for key in needed:
        if key not in plan:
            raise UserError(f"{key} is missing; expected {text}")


@contextmanager
def located(place: str) -> Iterator[None]:
    """Say in an error where in a plan it is."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{place}: {error}", option=error.option) from error


def chosen_scale(scales: Mapping[str, str], asked: str | None) -> str:
    """Return the scale that was asked for, or the usual one."""
    if asked is None:
        return USUAL_SCALE if USUAL_SCALE in scales else next(iter(scales), "")
    if asked not in scales:
        known = ", ".join(scales) or "none: the plan has one size"
        raise UserError(f"got scale {asked!r}, expected one of {known}", option="scale")
    return asked


def at_scale(values: Mapping[str, Any], scale: str) -> dict[str, Any]:
    """Return the keys of a part of a plan at a scale."""
    plain = {key: value for key, value in values.items() if key != "at"}
    return _merged(plain, values.get("at", {}).get(scale, {}))


def _merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with changes, those of inner tables key by key."""
    merged = dict(values)
    for key, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _run(values: Mapping[str, Any], scale: str) -> TrainingPlan | ImportPlan:
    """Build the plan of a training or an import."""
    if list(values) == ["train"]:
        return TrainingPlan.from_mapping(at_scale(values["train"], scale))
    if list(values) == ["import_authors"]:
        return ImportPlan.from_mapping(at_scale(values["import_authors"], scale))
    raise UserError(f"got {', '.join(values) or 'nothing'}, expected one of train and import_authors")


def _row(
    dataset: str, protocol: ProtocolPlan, values: Mapping[str, Any], scale: str, runs: Mapping[str, Any]
) -> list[RowPlan]:
    """Build the row of one protocol at a scale; none where the plan leaves it out."""
    chosen = at_scale(values, scale)
    scales, protocols = chosen.pop("scales", [scale]), chosen.pop("protocols", [protocol.name])
    if scale not in scales or protocol.name not in protocols:
        return []
    kind, run = chosen.pop("kind", "features"), chosen.pop("run", "")
    if run and run not in runs:
        raise UserError(f"the plan has no run {run!r}: expected {', '.join(runs) or 'a part runs'}")
    shared = {key: value for key, value in protocol.to_mapping().items() if key != "name"}
    chosen = {"dataset": dataset, **shared, **chosen}
    if kind == "supervised":
        own = {key: value for key, value in chosen.items() if key not in ("select_draws", "validate")}
        return [RowPlan(SupervisedConfig.from_mapping(own))]
    if kind != "features":
        raise UserError(f"got kind {kind!r}, expected features or supervised")
    config = EvalConfig.from_mapping(chosen)
    if config.source.needs_run and not run:
        raise UserError(f"{config.features} features need a run: expected run = NAME, one of {', '.join(runs)}")
    return [RowPlan(config, run if config.source.needs_run else "")]
