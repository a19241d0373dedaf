"""Floor 2. Near-duplicates of images: semantic hashes, confirmed by pixels, and planted copies that measure recall.

The paper cleans its training images in this way, so that the generator does not memorize copies.
"""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .config import DRAWN_DISTANCE as DRAWN_DISTANCE, DedupConfig as DedupConfig, DedupPlan as DedupPlan
    from .deduplicate import Findings as Findings, deduplicate as deduplicate
    from .planted_copies import KINDS as KINDS
    from .running import (
        Deduplication as Deduplication,
        run_deduplication as run_deduplication,
        summary_lines as summary_lines,
    )
    from .search import Pairs as Pairs

import_when_used(__name__)
