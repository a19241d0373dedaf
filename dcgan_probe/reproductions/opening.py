"""Tables by the name or the file of their plan."""

from pathlib import Path

from ..runtime import UserError, Workspace
from .guideline_table import GuidelineTable
from .guidelines import guideline_trainings
from .table_plan import located, plan_at, read_plan_file
from .table_runs import TableRun

SEEDS = 3
"""Trainings of each net of the guidelines, by default."""


def open_table(
    source: str,
    workspace: Workspace | None = None,
    *,
    scale: str | None = None,
    seeds: int | None = None,
    authors: Path | None = None,
) -> TableRun | GuidelineTable:
    """Open a table that is to be made.

    Both kinds have ``missing_steps``, ``describe`` and ``write``; ``run_steps`` does the steps.

    Parameters
    ----------
    source
        Name of a plan that comes with the package, or path of a TOML file.
    scale
        One of the plan's scales; None stands for ``small``, or for the first one.
    seeds
        Trainings of each net, of a plan with guidelines.
    authors
        Folder of the authors' released nets, of a plan that imports some; ``authors`` in the folder of images by
        default.

    Raises
    ------
    UserError
        If there is no such plan or scale, a key or a value in it is wrong, or the images that it probes are missing.
    """
    place = workspace or Workspace()
    name, plan = read_plan_file(source)
    with located(f"{name}.toml"):
        if "guidelines" in plan:
            return GuidelineTable(name, *guideline_trainings(plan, scale, seeds or SEEDS), place)
        wanted = plan_at(name, plan, scale)
    if seeds is not None:
        raise UserError(f"got {seeds} seeds for {name}, which has one DCGAN; leave them out", option="seeds")
    return TableRun(wanted, place, authors)
