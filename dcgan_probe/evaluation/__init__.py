"""Floor 4. Evaluation of features by protocols: the choice of C, a sealed test split, records and summaries.

::

    protocol = protocol_for("svhn", train_rows=4434, classes=10, labels=1000)
    results = Results("results")
    summary = evaluate(train, test, protocol, results=results)
"""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .config import (
        EvalConfig as EvalConfig,
        SupervisedConfig as SupervisedConfig,
    )
    from .cost_estimate import (
        Estimate as Estimate,
        estimate_evaluation as estimate_evaluation,
        product_rate as product_rate,
        require_memory as require_memory,
    )
    from .draws import class_rows as class_rows, lay_out as lay_out, most_labels as most_labels
    from .evaluate import evaluate as evaluate
    from .penalty_grid import C_GRID as C_GRID
    from .predictions import TestPredictions as TestPredictions
    from .protocols import Protocol as Protocol, protocol_for as protocol_for
    from .recording import RECORDED_CLASSIFIERS as RECORDED_CLASSIFIERS
    from .records import (
        SCHEMA_VERSION as SCHEMA_VERSION,
        Evaluation as Evaluation,
        Options as Options,
        ProbeRecord as ProbeRecord,
    )
    from .results import Results as Results, Survey as Survey
    from .results_conversion import convert_results as convert_results
    from .running import (
        PlannedEvaluation as PlannedEvaluation,
        checked_protocol as checked_protocol,
        load_pair as load_pair,
        plan_evaluations as plan_evaluations,
        run_evaluation as run_evaluation,
        run_evaluations as run_evaluations,
    )
    from .sealed_test import (
        SealedImages as SealedImages,
        SealedSplitError as SealedSplitError,
        SealedTest as SealedTest,
    )
    from .settings import (
        CLASSIFIERS as CLASSIFIERS,
        SCALES as SCALES,
        ProbeClassifier as ProbeClassifier,
        Scale as Scale,
        check_given as check_given,
    )
    from .statistics.comparison import (
        Comparison as Comparison,
        compare as compare,
        require_paired as require_paired,
        why_not_paired as why_not_paired,
    )
    from .statistics.uncertainty import (
        ImageUncertainty as ImageUncertainty,
        MeanEstimate as MeanEstimate,
        bootstrap_images as bootstrap_images,
        mean_over_draws as mean_over_draws,
        standard_error_over_draws as standard_error_over_draws,
    )
    from .summary import Summary as Summary, summarize as summarize, summarize_evaluation as summarize_evaluation
    from .supervised.search import (
        PlannedSupervised as PlannedSupervised,
        SupervisedEstimate as SupervisedEstimate,
        plan_supervised as plan_supervised,
        run_supervised as run_supervised,
    )
    from .supervised.training import (
        BATCH as BATCH,
        SPACE_VERSION as SPACE_VERSION,
        Setting as Setting,
        count_steps as count_steps,
        describe_ranges as describe_ranges,
        draw_setting as draw_setting,
        predict as predict,
        train_supervised as train_supervised,
        training_rate as training_rate,
    )
    from .training_probe import TrainingProbe as TrainingProbe
    from .validation import (
        is_validation as is_validation,
        probed_set as probed_set,
        validation_splits as validation_splits,
    )

import_when_used(__name__)
