"""Floor 5. Tables of results in tidy pandas, CSV, Markdown and LaTeX, with published figures and comparisons."""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .comparison_tables import (
        ComparedRows as ComparedRows,
        comparison_table as comparison_table,
        numbered_names as numbered_names,
    )
    from .formats import (
        format_comparisons as format_comparisons,
        format_guidelines as format_guidelines,
        format_tables as format_tables,
    )
    from .generated_tables import format_neighbor_errors as format_neighbor_errors
    from .guideline_tables import MEASURED as MEASURED, GuidelineRun as GuidelineRun
    from .published import (
        MARKS as MARKS,
        PublishedFigure as PublishedFigure,
        figures_shown as figures_shown,
        kept_plans as kept_plans,
        published_figures as published_figures,
        read_figures as read_figures,
    )
    from .results_folders import convert_folder as convert_folder, import_results as import_results
    from .row_comparisons import compare_rows as compare_rows, write_comparisons as write_comparisons
    from .settings import (
        FORMATS as FORMATS,
        CompareConfig as CompareConfig,
        ImportResultsConfig as ImportResultsConfig,
        TableConfig as TableConfig,
    )
    from .tables import result_table as result_table
    from .written_tables import make_tables as make_tables, write_tables as write_tables

import_when_used(__name__)
