"""Floor 5. From summaries to tables: tidy pandas, CSV, Markdown, LaTeX; published figures, comparisons, guidelines."""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .comparisons import ComparedRows, comparison_table, numbered_names
    from .formats import format_comparisons, format_guidelines, format_tables
    from .generated import format_neighbor_errors
    from .guidelines import MEASURED, GuidelineRun
    from .published import MARKS, PublishedFigure, figures_shown, published_figures, read_figures, register_figures
    from .settings import FORMATS
    from .tables import result_table

__all__ = [
    "FORMATS",
    "MARKS",
    "MEASURED",
    "ComparedRows",
    "GuidelineRun",
    "PublishedFigure",
    "comparison_table",
    "figures_shown",
    "format_comparisons",
    "format_guidelines",
    "format_neighbor_errors",
    "format_tables",
    "numbered_names",
    "published_figures",
    "read_figures",
    "register_figures",
    "result_table",
]

import_when_used(__name__)
