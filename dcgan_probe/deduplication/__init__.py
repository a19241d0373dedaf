"""Floor 2. Near-duplicates of images: semantic hashes, confirmed by pixels, planted copies to see how many are found.

The paper cleans its training images so, lest the generator learn copies by heart.
"""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .config import DRAWN_DISTANCE, DedupConfig, DedupPlan
    from .deduplicate import Findings, deduplicate
    from .planting import KINDS
    from .running import Deduplication, run_deduplication, summary_lines
    from .search import Pairs

__all__ = [
    "DRAWN_DISTANCE",
    "KINDS",
    "DedupConfig",
    "DedupPlan",
    "Deduplication",
    "Findings",
    "Pairs",
    "deduplicate",
    "run_deduplication",
    "summary_lines",
]

import_when_used(__name__)
