"""Built-in sources of features."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from .feature_source import FeatureSource
from .source_options import (
    ComponentsOptions,
    DeepKMeansOptions,
    DiscriminatorOptions,
    KMeansOptions,
    PixelOptions,
    UntrainedOptions,
    WhitenedOptions,
)
from .sources import register_source


class _Functions:
    """Functions of ``source_functions``; the first call imports that module, and torch with it."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            return getattr(import_module(".source_functions", __package__), name)(*arguments)

        return call


_functions = _Functions()
SOURCES = (
    FeatureSource(
        "dcgan",
        "DCGAN",
        DiscriminatorOptions,
        make=_functions.make_trained,
        columns=_functions.discriminator_columns,
        needs_run=True,
        recorded=_functions.discriminator_recorded,
        cost=_functions.discriminator_cost,
    ),
    FeatureSource(
        "random",
        "untrained",
        UntrainedOptions,
        make=_functions.make_untrained,
        columns=_functions.discriminator_columns,
        needs_run=True,
        recorded=_functions.discriminator_recorded,
        cost=_functions.discriminator_cost,
    ),
    FeatureSource("pixels", "raw pixels", PixelOptions, make=_functions.make_pixels, columns=_functions.pixel_columns),
    FeatureSource(
        "whitened",
        "whitened pixels",
        WhitenedOptions,
        make=_functions.make_whitened,
        columns=_functions.component_columns,
        recorded=_functions.components_recorded,
        cost=_functions.component_cost,
        separator=", ",
    ),
    FeatureSource(
        "pca",
        "PCA of pixels",
        ComponentsOptions,
        make=_functions.make_components,
        columns=_functions.component_columns,
        recorded=_functions.components_recorded,
        cost=_functions.component_cost,
        separator=", ",
    ),
    FeatureSource(
        "kmeans",
        "k-means",
        KMeansOptions,
        make=_functions.make_kmeans,
        columns=_functions.kmeans_columns,
        default_scale="standardise+0.01",
        recorded=_functions.kmeans_recorded,
        cost=_functions.kmeans_cost,
    ),
    FeatureSource(
        "kmeans3",
        "three-layer k-means",
        DeepKMeansOptions,
        make=_functions.make_deep_kmeans,
        columns=_functions.deep_kmeans_columns,
        default_scale="standardise+0.01",
        recorded=_functions.deep_kmeans_recorded,
        cost=_functions.deep_kmeans_cost,
    ),
)

for _source in SOURCES:
    register_source(_source)
