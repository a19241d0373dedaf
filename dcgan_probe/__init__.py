"""Probe what a network has learnt without labels, as the DCGAN paper does.

::

    images ──► gan ──► features ──► cache ──► probe ──► evaluation ──► report ──► results/
    uint8      G, D    float32      HDF5      L2-SVM    records        tables
    N,3,H,W            N,D                              one row a fit
      │         └──► latent   walks, arithmetic, guided backprop, forgetting
      └──► k-means, pixels, any encoder ──► the same features, cache, probe and protocols

A module imports from lower floors or its own folder, never sideways or up::

    7  commands                     click verbs
    6  reproductions                whole result tables: rows as commands, sizes, costs
    5  report  presets              tables, comparisons | trainings from their plans
    4  evaluation  latent           protocols, records, comparisons | looking inside G and D
    3  features                     pooling, batch-norm statistics, encoders, k-means, the feature cache
    2  gan  baselines               training, checkpoints, run folders | the purely supervised network
       deduplication                near-duplicates by semantic hashes, confirmed by pixels
    1  images  networks  probe      sources, grids, glyphs | architectures | objective, solver, estimator
    0  runtime  storage             device, seeds, errors | whole-or-absent files, fingerprints, the HDF5 layouts

Four artifacts cross the floors: ``ImageSet``, the run folder (``Run``), ``FeatureSet`` and ``ProbeRecord``.
"""

from typing import TYPE_CHECKING

from .runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .deduplication import DedupConfig, DedupPlan, run_deduplication
    from .evaluation import (
        EvalConfig,
        GeneratedConfig,
        GeneratedResult,
        Results,
        SupervisedConfig,
        TrainingProbe,
        compare,
        evaluate,
        evaluate_generated,
        protocol_for,
        run_evaluation,
        run_evaluations,
        run_supervised,
    )
    from .features import (
        DictionaryConfig,
        Encoder,
        EncoderOrigin,
        ExportRunConfig,
        ExtractConfig,
        FeatureSet,
        FeatureSource,
        ImportAuthorsConfig,
        ImportRunConfig,
        KMeansEncoder,
        PixelEncoder,
        cached_features,
        export_named_run,
        extract,
        feature_sources,
        import_authors,
        import_run,
        learn_dictionary,
        register_source,
        run_encoder,
    )
    from .gan import Probe, Run, SampleConfig, SampleResult, TrainConfig, latest_run, preset_config, sample, train
    from .images import ImageSet, PrepareConfig, load_images, prepare, prepare_file
    from .latent import (
        ArithmeticConfig,
        ArithmeticResult,
        ForgetConfig,
        ForgetResult,
        SaliencyConfig,
        SaliencyResult,
        TurnConfig,
        TurnResult,
        WalkConfig,
        WalkResult,
        arithmetic,
        forget,
        saliency,
        turn,
        walk,
    )
    from .presets import TrainedRun, TrainingPlan, describe_training, run_training
    from .probe import (
        L2SVMClassifier,
        L2SVMClassifierCV,
        LogisticClassifier,
        RidgeClassifier,
        fit_path,
        predict_path,
        select_penalty,
        solve,
    )
    from .report import (
        CompareConfig,
        TableConfig,
        compare_rows,
        format_comparisons,
        format_tables,
        make_tables,
        result_table,
    )
    from .runtime import UserError, Workspace, resolve_device
    from .storage import open_feature_file

__all__ = [
    "ArithmeticConfig",
    "ArithmeticResult",
    "CompareConfig",
    "DedupConfig",
    "DedupPlan",
    "DictionaryConfig",
    "Encoder",
    "EncoderOrigin",
    "EvalConfig",
    "ExportRunConfig",
    "ExtractConfig",
    "FeatureSet",
    "FeatureSource",
    "ForgetConfig",
    "ForgetResult",
    "GeneratedConfig",
    "GeneratedResult",
    "ImageSet",
    "ImportAuthorsConfig",
    "ImportRunConfig",
    "KMeansEncoder",
    "L2SVMClassifier",
    "L2SVMClassifierCV",
    "LogisticClassifier",
    "PixelEncoder",
    "PrepareConfig",
    "Probe",
    "Results",
    "RidgeClassifier",
    "Run",
    "SaliencyConfig",
    "SaliencyResult",
    "SampleConfig",
    "SampleResult",
    "SupervisedConfig",
    "TableConfig",
    "TrainConfig",
    "TrainedRun",
    "TrainingPlan",
    "TrainingProbe",
    "TurnConfig",
    "TurnResult",
    "UserError",
    "WalkConfig",
    "WalkResult",
    "Workspace",
    "arithmetic",
    "cached_features",
    "compare",
    "compare_rows",
    "describe_training",
    "evaluate",
    "evaluate_generated",
    "export_named_run",
    "extract",
    "feature_sources",
    "fit_path",
    "forget",
    "format_comparisons",
    "format_tables",
    "import_authors",
    "import_run",
    "latest_run",
    "learn_dictionary",
    "load_images",
    "make_tables",
    "open_feature_file",
    "predict_path",
    "prepare",
    "prepare_file",
    "preset_config",
    "protocol_for",
    "register_source",
    "resolve_device",
    "result_table",
    "run_deduplication",
    "run_encoder",
    "run_evaluation",
    "run_evaluations",
    "run_supervised",
    "run_training",
    "saliency",
    "sample",
    "select_penalty",
    "solve",
    "train",
    "turn",
    "walk",
]

import_when_used(__name__)
