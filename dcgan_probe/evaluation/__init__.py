"""Floor 4. From features to records: protocols as data, the choice of C, a sealed test split, summaries; no table.

::

    protocol = protocol_for("svhn", train_rows=4434, classes=10, labels=1000)
    results = Results("results")
    summary = evaluate(train, test, protocol, results=results)
"""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .caveats import SplitCaveats, split_caveats
    from .choice import C_GRID
    from .comparison import Comparison, compare, require_paired, why_not_paired
    from .conversion import convert_results
    from .draws import class_rows, lay_out, most_labels
    from .estimate import Estimate, estimate_evaluation, product_rate, require_memory
    from .evaluate import evaluate
    from .generated import Block, NeighbourError, check_counts, neighbour_errors, shuffled_blocks
    from .predictions import TestPredictions
    from .protocols import Protocol, protocol_for
    from .records import SCHEMA_VERSION, Evaluation, Options, ProbeRecord
    from .results import Results, Survey
    from .sealed import SealedImages, SealedSplitError, SealedTest
    from .search import Search, check_images
    from .search_estimate import SearchEstimate, estimate_search, require_search_memory, useful_workers
    from .settings import CLASSIFIERS, SCALES, ProbeClassifier, Scale, check_given
    from .summary import Summary, summarise, summarise_evaluation
    from .supervised import evaluate_supervised
    from .training_probe import TrainingProbe
    from .uncertainty import (
        ImageUncertainty,
        MeanEstimate,
        bootstrap_images,
        mean_over_draws,
        standard_error_over_draws,
    )
    from .validation import is_validation, probed_set, validation_splits

__all__ = [
    "CLASSIFIERS",
    "C_GRID",
    "SCALES",
    "SCHEMA_VERSION",
    "Block",
    "Comparison",
    "Estimate",
    "Evaluation",
    "ImageUncertainty",
    "MeanEstimate",
    "NeighbourError",
    "Options",
    "ProbeClassifier",
    "ProbeRecord",
    "Protocol",
    "Results",
    "Scale",
    "SealedImages",
    "SealedSplitError",
    "SealedTest",
    "Search",
    "SearchEstimate",
    "SplitCaveats",
    "Summary",
    "Survey",
    "TestPredictions",
    "TrainingProbe",
    "bootstrap_images",
    "check_counts",
    "check_given",
    "check_images",
    "class_rows",
    "compare",
    "convert_results",
    "estimate_evaluation",
    "estimate_search",
    "evaluate",
    "evaluate_supervised",
    "is_validation",
    "lay_out",
    "mean_over_draws",
    "most_labels",
    "neighbour_errors",
    "probed_set",
    "product_rate",
    "protocol_for",
    "require_memory",
    "require_paired",
    "require_search_memory",
    "shuffled_blocks",
    "split_caveats",
    "standard_error_over_draws",
    "summarise",
    "summarise_evaluation",
    "useful_workers",
    "validation_splits",
    "why_not_paired",
]

import_when_used(__name__)
