"""Floor 2. Near-duplicates of images: semantic hashes, confirmed by pixels, planted copies to see how many are found.

The paper cleans its training images so, lest the generator learn copies by heart.
"""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .config import DedupConfig
    from .deduplicate import Findings, deduplicate
    from .judging import (
        check_judgements,
        check_list,
        draw_pairs,
        false_positives,
        read_judgements,
        save_list,
        save_sheet,
    )
    from .planting import KINDS
    from .search import Pairs
    from .writing import check_target, findings_summary, make_folder, save_removed, write_kept

__all__ = [
    "KINDS",
    "DedupConfig",
    "Findings",
    "Pairs",
    "check_judgements",
    "check_list",
    "check_target",
    "deduplicate",
    "draw_pairs",
    "false_positives",
    "findings_summary",
    "make_folder",
    "read_judgements",
    "save_list",
    "save_removed",
    "save_sheet",
    "write_kept",
]

import_when_used(__name__)
