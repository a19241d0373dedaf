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
    from .config import EvalConfig
    from .conversion import convert_results
    from .draws import class_rows, lay_out, most_labels
    from .estimate import Estimate, estimate_evaluation, product_rate, require_memory
    from .evaluate import evaluate
    from .generated import GeneratedResult, NeighborError, evaluate_generated, neighbor_errors, shuffled_blocks
    from .generated_config import GeneratedConfig
    from .neighbor_curves import FITTED_ON
    from .predictions import TestPredictions
    from .protocols import Protocol, protocol_for
    from .recording import RECORDED_CLASSIFIERS
    from .records import SCHEMA_VERSION, Evaluation, Options, ProbeRecord
    from .results import Results, Survey
    from .running import (
        PlannedEvaluation,
        checked_protocol,
        load_pair,
        plan_evaluations,
        run_evaluation,
        run_evaluations,
    )
    from .sealed import SealedImages, SealedSplitError, SealedTest
    from .settings import CLASSIFIERS, SCALES, ProbeClassifier, Scale, check_given
    from .summary import Summary, summarise, summarise_evaluation
    from .supervised import PlannedSupervised, plan_supervised, run_supervised
    from .supervised_config import SupervisedConfig
    from .supervised_estimate import SupervisedEstimate
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
    "FITTED_ON",
    "RECORDED_CLASSIFIERS",
    "SCALES",
    "SCHEMA_VERSION",
    "Comparison",
    "Estimate",
    "EvalConfig",
    "Evaluation",
    "GeneratedConfig",
    "GeneratedResult",
    "ImageUncertainty",
    "MeanEstimate",
    "NeighborError",
    "Options",
    "PlannedEvaluation",
    "PlannedSupervised",
    "ProbeClassifier",
    "ProbeRecord",
    "Protocol",
    "Results",
    "Scale",
    "SealedImages",
    "SealedSplitError",
    "SealedTest",
    "SplitCaveats",
    "Summary",
    "SupervisedConfig",
    "SupervisedEstimate",
    "Survey",
    "TestPredictions",
    "TrainingProbe",
    "bootstrap_images",
    "check_given",
    "checked_protocol",
    "class_rows",
    "compare",
    "convert_results",
    "estimate_evaluation",
    "evaluate",
    "evaluate_generated",
    "is_validation",
    "lay_out",
    "load_pair",
    "mean_over_draws",
    "most_labels",
    "neighbor_errors",
    "plan_evaluations",
    "plan_supervised",
    "probed_set",
    "product_rate",
    "protocol_for",
    "require_memory",
    "require_paired",
    "run_evaluation",
    "run_evaluations",
    "run_supervised",
    "shuffled_blocks",
    "split_caveats",
    "standard_error_over_draws",
    "summarise",
    "summarise_evaluation",
    "validation_splits",
    "why_not_paired",
]

import_when_used(__name__)
