"""Tables to make, by the name or the file of their plan."""

from pathlib import Path

from ..runtime import Workspace
from .guideline_table import GuidelineTable
from .reading import read_plan
from .table_plan import TablePlan
from .table_runs import TableRun


def open_table(
    source: str | Path,
    workspace: Workspace | None = None,
    *,
    scale: str | None = None,
    seeds: int | None = None,
    authors: Path | None = None,
) -> TableRun | GuidelineTable:
    """Open a table to make.

    Both kinds of table have ``missing_steps``, ``describe`` and ``write``; ``run_steps`` runs the steps.

    Parameters
    ----------
    source, scale, seeds
        See ``read_plan``.
    authors
        Folder of the authors' released nets, for plans that import them; by default ``authors`` in the folder of
        images.

    Raises
    ------
    UserError
        If the plan is invalid (see ``read_plan``), or images of the table are missing.
    """
    place, plan = workspace or Workspace(), read_plan(source, scale, seeds)
    return TableRun(plan, place, authors) if isinstance(plan, TablePlan) else GuidelineTable(plan, place)
