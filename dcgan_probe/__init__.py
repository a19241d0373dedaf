"""Probe what a network has learned without labels, as the DCGAN paper does.

::

     images ──► gan ──► features ──► cache ──► linear ──► evaluation ──► report ──► results/
     uint8      G, D    float32      HDF5      L2-SVM     records        tables
     N,3,H,W            N,D                               one row per fit
       │         └──► investigations   walks, arithmetic, guided backprop, forgetting
       ├──► k-means, pixels, any encoder ──► the same features, cache, classifiers and protocols
       └──► deduplication   near-duplicates, found by hashes and confirmed by pixels

     7  cli                          command line: click options become one config and one call
     6  reproduce                    tables and jobs as TOML plans, their costs, the runner
     5  report  presets              tables, comparisons, published figures | training runs from their plans
     4  evaluation  investigations   protocols, records, statistics | walk, arithmetic, turn, saliency, forget
     3  features                     sources of features, encoders, k-means, the feature cache
     2  gan  deduplication           training, checkpoints, run folders, released weights | near-duplicates
     1  images  networks  linear     image sources, grids, glyphs | architectures | classifiers and their solver
     0  runtime  storage             device, ranks, seeds, errors | atomic files, fingerprints, the HDF5 layouts

A module imports from lower floors or its own folder, never sideways or up. Every command is a function of a config and
a ``Workspace``: ``run_evaluation(EvalConfig(...))`` is ``eval-svm``, from images to records; ``evaluate(train, test)``
is its last part, for features that exist already, including arrays. ``run_training(TrainingPlan(...))`` is ``train``: a
plan is a preset with changes and settings of its monitoring, and resolves to a ``TrainConfig``, which decides the
weights and which ``train`` takes together with loaded images.

Four artifacts cross the floors: ``ImageSet``, the run folder (``Run``), ``FeatureSet`` and ``ProbeRecord``.
"""

from typing import TYPE_CHECKING

from .runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .deduplication import (
        DedupConfig as DedupConfig,
        DedupPlan as DedupPlan,
        run_deduplication as run_deduplication,
    )
    from .evaluation import (
        EvalConfig as EvalConfig,
        Protocol as Protocol,
        Results as Results,
        SupervisedConfig as SupervisedConfig,
        TrainingProbe as TrainingProbe,
        compare as compare,
        evaluate as evaluate,
        protocol_for as protocol_for,
        run_evaluation as run_evaluation,
        run_evaluations as run_evaluations,
        run_supervised as run_supervised,
    )
    from .features import (
        DictionaryConfig as DictionaryConfig,
        Encoder as Encoder,
        EncoderOrigin as EncoderOrigin,
        ExportRunConfig as ExportRunConfig,
        ExtractConfig as ExtractConfig,
        FeatureSet as FeatureSet,
        FeatureSource as FeatureSource,
        ImportAuthorsConfig as ImportAuthorsConfig,
        ImportRunConfig as ImportRunConfig,
        KMeansEncoder as KMeansEncoder,
        PixelEncoder as PixelEncoder,
        SourceContext as SourceContext,
        SourceCost as SourceCost,
        cached_features as cached_features,
        export_named_run as export_named_run,
        extract as extract,
        feature_sources as feature_sources,
        import_authors as import_authors,
        import_run as import_run,
        learn_dictionary as learn_dictionary,
        load_plugin as load_plugin,
        register_source as register_source,
        run_encoder as run_encoder,
    )
    from .gan import (
        Probe as Probe,
        Run as Run,
        TrainConfig as TrainConfig,
        latest_run as latest_run,
        preset_config as preset_config,
        train as train,
    )
    from .images import (
        ImageSet as ImageSet,
        PrepareConfig as PrepareConfig,
        load_images as load_images,
        prepare as prepare,
        prepare_file as prepare_file,
    )
    from .investigations import (
        ArithmeticConfig as ArithmeticConfig,
        ArithmeticResult as ArithmeticResult,
        ForgetConfig as ForgetConfig,
        ForgetResult as ForgetResult,
        GeneratedConfig as GeneratedConfig,
        GeneratedResult as GeneratedResult,
        SaliencyConfig as SaliencyConfig,
        SaliencyResult as SaliencyResult,
        SampleConfig as SampleConfig,
        SampleResult as SampleResult,
        TurnConfig as TurnConfig,
        TurnResult as TurnResult,
        WalkConfig as WalkConfig,
        WalkResult as WalkResult,
        arithmetic as arithmetic,
        evaluate_generated as evaluate_generated,
        forget as forget,
        saliency as saliency,
        sample as sample,
        turn as turn,
        walk as walk,
    )
    from .linear import (
        L2SVMClassifier as L2SVMClassifier,
        L2SVMClassifierCV as L2SVMClassifierCV,
        LogisticClassifier as LogisticClassifier,
        RidgeClassifier as RidgeClassifier,
        fit_path as fit_path,
        predict_path as predict_path,
        select_penalty as select_penalty,
        solve as solve,
    )
    from .presets import (
        TrainedRun as TrainedRun,
        TrainingPlan as TrainingPlan,
        describe_training as describe_training,
        run_training as run_training,
    )
    from .report import (
        CompareConfig as CompareConfig,
        TableConfig as TableConfig,
        compare_rows as compare_rows,
        format_comparisons as format_comparisons,
        format_tables as format_tables,
        make_tables as make_tables,
        result_table as result_table,
    )
    from .runtime import UserError as UserError, Workspace as Workspace, resolve_device as resolve_device
    from .storage import open_feature_file as open_feature_file

import_when_used(__name__)
