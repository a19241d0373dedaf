"""Floor 5. From summaries to tables: tidy pandas, CSV, Markdown, LaTeX; published figures, comparisons, guidelines."""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .comparing import compare_rows, write_comparisons
    from .comparisons import ComparedRows, comparison_table, numbered_names
    from .formats import format_comparisons, format_guidelines, format_tables
    from .generated import format_neighbor_errors
    from .guidelines import MEASURED, GuidelineRun
    from .published import MARKS, PublishedFigure, figures_shown, published_figures, read_figures, register_figures
    from .results_folders import convert_folder, import_results
    from .settings import FORMATS, CompareConfig, ImportResultsConfig, TableConfig
    from .tables import result_table
    from .written_tables import make_tables, write_tables

__all__ = [
    "FORMATS",
    "MARKS",
    "MEASURED",
    "CompareConfig",
    "ComparedRows",
    "GuidelineRun",
    "ImportResultsConfig",
    "PublishedFigure",
    "TableConfig",
    "compare_rows",
    "comparison_table",
    "convert_folder",
    "figures_shown",
    "format_comparisons",
    "format_guidelines",
    "format_neighbor_errors",
    "format_tables",
    "import_results",
    "make_tables",
    "numbered_names",
    "published_figures",
    "read_figures",
    "register_figures",
    "result_table",
    "write_comparisons",
    "write_tables",
]

import_when_used(__name__)
