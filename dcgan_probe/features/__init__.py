"""Floor 3. From images to cached features: pooling, batch-norm statistics, encoders, the feature cache; no probe."""

from typing import TYPE_CHECKING

from ..runtime.late_names import import_when_used

if TYPE_CHECKING:
    from .array_features import Arrays, array_pair
    from .authors_runs import ImportedNet, import_authors, missing_parts
    from .batchnorm import permuted_rows, real_statistics
    from .cache import cached_features
    from .config import ExtractConfig, FeatureConfig
    from .deep_kmeans import DeepKMeans, kept_deep_kmeans, require_positions
    from .deep_kmeans_encoder import DeepKMeansEncoder, deep_columns
    from .dictionaries import Dictionary, kept_dictionary, learn_dictionary
    from .encoders import (
        DiscriminatorEncoder,
        Encoder,
        PixelEncoder,
        choose_layer,
        choose_layers,
        count_columns,
        layer_columns,
    )
    from .exported_runs import export_named_run, export_run, import_run
    from .extraction import extract, features_of, find_run
    from .feature_set import EncoderOrigin, FeatureSet, MapShare
    from .field_layers import FieldLayer
    from .kmeans import first_centroids, lloyd
    from .kmeans_encoder import Cells, KMeansEncoder
    from .operations import deep_kmeans_operations, discriminator_operations, kmeans_operations
    from .patches import PatchGrid
    from .pixel_features import PixelFeatures
    from .pooling import pool_to_grid
    from .principal import PrincipalConfig, PrincipalEncoder, kept_axes, principal_axes
    from .run_encoders import run_encoder, statistics_path, write_statistics
    from .settings import (
        ACTIVATIONS,
        BN_STATS,
        DTYPES,
        LEARNINGS,
        POOLS,
        REAL_RULES,
        STARTS,
        BatchNormRule,
        DictionaryConfig,
        FieldConfig,
        Start,
    )
    from .sources import (
        FeatureSource,
        SourceContext,
        SourceCost,
        feature_sources,
        load_plugin,
        register_source,
        source_named,
        source_options,
    )
    from .transfer_config import ExportRunConfig, ImportAuthorsConfig, ImportRunConfig

__all__ = [
    "ACTIVATIONS",
    "BN_STATS",
    "DTYPES",
    "LEARNINGS",
    "POOLS",
    "REAL_RULES",
    "STARTS",
    "Arrays",
    "BatchNormRule",
    "Cells",
    "DeepKMeans",
    "DeepKMeansEncoder",
    "Dictionary",
    "DictionaryConfig",
    "DiscriminatorEncoder",
    "Encoder",
    "EncoderOrigin",
    "ExportRunConfig",
    "ExtractConfig",
    "FeatureConfig",
    "FeatureSet",
    "FeatureSource",
    "FieldConfig",
    "FieldLayer",
    "ImportAuthorsConfig",
    "ImportRunConfig",
    "ImportedNet",
    "KMeansEncoder",
    "MapShare",
    "PatchGrid",
    "PixelEncoder",
    "PixelFeatures",
    "PrincipalConfig",
    "PrincipalEncoder",
    "SourceContext",
    "SourceCost",
    "Start",
    "array_pair",
    "cached_features",
    "choose_layer",
    "choose_layers",
    "count_columns",
    "deep_columns",
    "deep_kmeans_operations",
    "discriminator_operations",
    "export_named_run",
    "export_run",
    "extract",
    "feature_sources",
    "features_of",
    "find_run",
    "first_centroids",
    "import_authors",
    "import_run",
    "kept_axes",
    "kept_deep_kmeans",
    "kept_dictionary",
    "kmeans_operations",
    "layer_columns",
    "learn_dictionary",
    "lloyd",
    "load_plugin",
    "missing_parts",
    "permuted_rows",
    "pool_to_grid",
    "principal_axes",
    "real_statistics",
    "register_source",
    "require_positions",
    "run_encoder",
    "source_named",
    "source_options",
    "statistics_path",
    "write_statistics",
]

import_when_used(__name__)
