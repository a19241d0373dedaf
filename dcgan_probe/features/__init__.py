"""Floor 3. Registry of feature sources, encoders, pooling, batch-norm statistics and the feature cache."""

from typing import TYPE_CHECKING

from ..runtime.lazy_imports import import_when_used

if TYPE_CHECKING:
    from .array_features import Arrays as Arrays, array_pair as array_pair
    from .authors_runs import (
        ImportedNet as ImportedNet,
        import_authors as import_authors,
        missing_parts as missing_parts,
    )
    from .batchnorm import permuted_rows as permuted_rows, real_statistics as real_statistics
    from .built_in_sources import SOURCES as SOURCES
    from .cache import cached_features as cached_features
    from .config import ExtractConfig as ExtractConfig, FeatureConfig as FeatureConfig
    from .encoders import (
        DiscriminatorEncoder as DiscriminatorEncoder,
        Encoder as Encoder,
        PixelEncoder as PixelEncoder,
        count_columns as count_columns,
        layer_columns as layer_columns,
    )
    from .exchange_config import (
        ExportRunConfig as ExportRunConfig,
        ImportAuthorsConfig as ImportAuthorsConfig,
        ImportRunConfig as ImportRunConfig,
    )
    from .exported_runs import export_named_run as export_named_run, export_run as export_run, import_run as import_run
    from .extraction import extract as extract, features_of as features_of, find_run as find_run
    from .feature_set import EncoderOrigin as EncoderOrigin, FeatureSet as FeatureSet, MapShare as MapShare
    from .feature_source import (
        FeatureSource as FeatureSource,
        SourceContext as SourceContext,
        SourceCost as SourceCost,
    )
    from .kmeans.deep_dictionary import (
        DeepKMeans as DeepKMeans,
        kept_deep_kmeans as kept_deep_kmeans,
        require_positions as require_positions,
    )
    from .kmeans.deep_encoder import DeepKMeansEncoder as DeepKMeansEncoder, deep_columns as deep_columns
    from .kmeans.dictionaries import (
        Dictionary as Dictionary,
        kept_dictionary as kept_dictionary,
        learn_dictionary as learn_dictionary,
    )
    from .kmeans.encoder import Cells as Cells, KMeansEncoder as KMeansEncoder
    from .kmeans.field_layers import FieldLayer as FieldLayer
    from .kmeans.lloyd import first_centroids as first_centroids, lloyd as lloyd
    from .kmeans.patches import PatchGrid as PatchGrid
    from .layer_names import (
        check_layers as check_layers,
        choose_layer as choose_layer,
        choose_layers as choose_layers,
    )
    from .operations import (
        deep_kmeans_operations as deep_kmeans_operations,
        discriminator_operations as discriminator_operations,
        kmeans_operations as kmeans_operations,
    )
    from .pca import (
        PrincipalConfig as PrincipalConfig,
        PrincipalEncoder as PrincipalEncoder,
        kept_axes as kept_axes,
        principal_axes as principal_axes,
    )
    from .pixel_features import PixelFeatures as PixelFeatures
    from .plugin_encoders import recorded_options as recorded_options
    from .plugins import load_plugin as load_plugin
    from .pooling import pool_to_grid as pool_to_grid
    from .run_encoders import (
        run_encoder as run_encoder,
        statistics_path as statistics_path,
        write_statistics as write_statistics,
    )
    from .settings import (
        ACTIVATIONS as ACTIVATIONS,
        BN_STATS as BN_STATS,
        DTYPES as DTYPES,
        LEARNINGS as LEARNINGS,
        POOLS as POOLS,
        REAL_RULES as REAL_RULES,
        SCALES as SCALES,
        STARTS as STARTS,
        BatchNormRule as BatchNormRule,
        DictionaryConfig as DictionaryConfig,
        FieldConfig as FieldConfig,
        Scale as Scale,
        Start as Start,
    )
    from .sources import (
        feature_sources as feature_sources,
        is_built_in as is_built_in,
        register_source as register_source,
        source_label as source_label,
        source_named as source_named,
        source_options as source_options,
    )

import_when_used(__name__)
