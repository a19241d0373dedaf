"""Floor 3. From images to cached features: pooling, batch-norm statistics, encoders, the feature cache; no probe."""

from .batchnorm import real_statistics
from .cache import DTYPES, cached_features
from .dictionaries import LEARNINGS, Dictionary, DictionaryConfig, kept_dictionary, learn_dictionary
from .encoders import DiscriminatorEncoder, Encoder, PixelEncoder, choose_layers, count_columns
from .feature_set import EncoderOrigin, FeatureSet
from .kmeans import lloyd
from .kmeans_encoder import ACTIVATIONS, KMeansEncoder
from .pooling import POOLS, pool_to_grid
from .principal import PrincipalConfig, PrincipalEncoder, kept_axes, principal_axes
from .run_encoders import BN_STATS, run_encoder

__all__ = [
    "ACTIVATIONS",
    "BN_STATS",
    "DTYPES",
    "LEARNINGS",
    "POOLS",
    "Dictionary",
    "DictionaryConfig",
    "DiscriminatorEncoder",
    "Encoder",
    "EncoderOrigin",
    "FeatureSet",
    "KMeansEncoder",
    "PixelEncoder",
    "PrincipalConfig",
    "PrincipalEncoder",
    "cached_features",
    "choose_layers",
    "count_columns",
    "kept_axes",
    "kept_dictionary",
    "learn_dictionary",
    "lloyd",
    "pool_to_grid",
    "principal_axes",
    "real_statistics",
    "run_encoder",
]
