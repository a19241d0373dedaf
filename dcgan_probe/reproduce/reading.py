"""Tables by the name or the file of their plan, read and checked before any library of numbers is imported."""

from pathlib import Path

from ..runtime import UserError, located
from ..storage import TABLES, read_toml
from .guidelines import GuidelinePlan, guideline_plan
from .plan_files import chosen_scale, plan_path
from .table_plan import TablePlan, plan_at

SEEDS = 3
"""Trainings of each net of the guidelines, by default."""


def read_plan(source: str | Path, scale: str | None = None, seeds: int | None = None) -> TablePlan | GuidelinePlan:
    """Read the plan of a table.

    Parameters
    ----------
    source
        Name of a plan that comes with the package, or path of a TOML file.
    scale
        One of the plan's scales; None stands for ``small``, or for the first one.
    seeds
        Trainings of each net, of a plan with guidelines; None for ``SEEDS``.

    Raises
    ------
    UserError
        If there is no such plan or scale, or a key or a value in it is wrong; the message names file and place.
    """
    path = plan_path(str(source))
    plan = read_toml(path)
    scales = plan.get("scales", {})
    if isinstance(scales, dict):
        chosen_scale(scales, scale)  # an error of the call, not of the file
    with located(path.name):
        if "guidelines" in plan:
            return guideline_plan(path.stem, plan, scale, seeds or SEEDS)
        wanted = plan_at(path.stem, plan, scale, None if path.parent == TABLES else path)
    if seeds is not None:
        raise UserError(f"got {seeds} seeds for {wanted.name}, which has one DCGAN; leave them out", parameter="seeds")
    return wanted
