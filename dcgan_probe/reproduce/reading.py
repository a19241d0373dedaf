"""Plans of tables, read and checked without numeric libraries."""

from pathlib import Path

from ..runtime import UserError, located
from ..storage import TABLES, read_toml
from .guidelines import GuidelinePlan, guideline_plan
from .plan_files import chosen_scale, plan_path
from .table_plan import TablePlan, plan_at

SEEDS = 3
"""Default number of trainings of each net of the guidelines."""


def read_plan(source: str | Path, scale: str | None = None, seeds: int | None = None) -> TablePlan | GuidelinePlan:
    """Read the plan of a table.

    Parameters
    ----------
    source
        Name of a plan of the package, or path of a TOML file.
    scale
        One of the plan's scales; None for ``small``, or the first scale if there is no ``small``.
    seeds
        Number of trainings of each net, for a plan of guidelines only; None for ``SEEDS``.

    Raises
    ------
    UserError
        If the plan or the scale is unknown, or a key or a value in the plan is invalid; the message names the file
        and the place.
    """
    path = plan_path(str(source))
    plan = read_toml(path)
    scales = plan.get("scales", {})
    if isinstance(scales, dict):
        chosen_scale(scales, scale)  # an error of the caller, so the message omits the file
    with located(path.name):
        if "guidelines" in plan:
            return guideline_plan(path.stem, plan, scale, seeds or SEEDS)
        wanted = plan_at(path.stem, plan, scale, None if path.parent == TABLES else path)
    if seeds is not None:
        raise UserError(
            f"got {seeds} seeds for {wanted.name}, expected none: its DCGAN is trained once", parameter="seeds"
        )
    return wanted
