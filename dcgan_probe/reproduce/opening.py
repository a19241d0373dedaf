"""Tables that are to be made, by the name or the file of their plan."""

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
    """Open a table that is to be made.

    Both kinds have ``missing_steps``, ``describe`` and ``write``; ``run_steps`` does the steps.

    Parameters
    ----------
    source, scale, seeds
        As ``read_plan`` has them.
    authors
        Folder of the authors' released nets, of a plan that imports some; ``authors`` in the folder of images by
        default.

    Raises
    ------
    UserError
        As ``read_plan``, and if the images that the table probes are missing.
    """
    place, plan = workspace or Workspace(), read_plan(source, scale, seeds)
    return TableRun(plan, place, authors) if isinstance(plan, TablePlan) else GuidelineTable(plan, place)
