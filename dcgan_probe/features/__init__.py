"""Floor 3. From images to cached features: pooling, batch-norm statistics, encoders, the feature cache; no probe."""

from .batchnorm import real_statistics
from .cache import DTYPES, cached_features
from .encoders import DiscriminatorEncoder, Encoder, PixelEncoder, choose_layers, count_columns
from .feature_set import EncoderOrigin, FeatureSet
from .pooling import POOLS, pool_to_grid
from .run_encoders import BN_STATS, run_encoder

__all__ = [
    "BN_STATS",
    "DTYPES",
    "POOLS",
    "DiscriminatorEncoder",
    "Encoder",
    "EncoderOrigin",
    "FeatureSet",
    "PixelEncoder",
    "cached_features",
    "choose_layers",
    "count_columns",
    "pool_to_grid",
    "real_statistics",
    "run_encoder",
]
