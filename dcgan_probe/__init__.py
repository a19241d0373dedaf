"""Probe what a network has learnt without labels, as the DCGAN paper does.

::

    images ──► gan ──► features ──► cache ──► probe ──► evaluation ──► report ──► results/
    uint8      G, D    float32      HDF5      L2-SVM    records        tables
    N,3,H,W            N,D                              one row a fit
      │         └──► latent   walks, arithmetic, guided backprop, forgetting
      └──► k-means, pixels, any encoder ──► the same features, cache, probe and protocols

A module imports from lower floors or its own folder, never sideways or up::

    7  commands                     click verbs
    6  reproductions                tables and jobs from plans: rows, sizes, costs, the runner
    5  report  presets              tables, comparisons | trainings from their plans
    4  evaluation  latent           protocols, records, comparisons | looking inside G and D
    3  features                     pooling, batch-norm statistics, encoders, k-means, the feature cache
    2  gan  baselines               training, checkpoints, run folders | the purely supervised network
       deduplication                near-duplicates by semantic hashes, confirmed by pixels
    1  images  networks  probe      sources, grids, glyphs | architectures | objective, solver, estimator
    0  runtime  storage             device, seeds, errors | whole-or-absent files, fingerprints, the HDF5 layouts

Each verb of the command line is a function of a config and a ``Workspace``: ``run_evaluation(EvalConfig(...))`` is
``eval-svm``, from images to records, and ``evaluate(train, test)`` the part of it that fits features which are there
already, arrays among them. ``run_training(TrainingPlan(...))`` is ``train``: a preset, what differs from it, and how it
is watched; that resolves to a ``TrainConfig``, which alone decides the weights, and which ``train`` takes with images
that are loaded.

Four artifacts cross the floors: ``ImageSet``, the run folder (``Run``), ``FeatureSet`` and ``ProbeRecord``.
"""

from typing import TYPE_CHECKING

from .runtime.late_names import import_when_used

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
