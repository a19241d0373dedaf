"""Probe what a network has learnt without labels, as the DCGAN paper does.

::

    images ──► gan ──► features ──► cache ──► probe ──► evaluation ──► report ──► results/
    uint8      G, D    float32      HDF5      L2-SVM    records        tables
    N,3,H,W            N,D                              one row a fit
      │         └──► latent   samples; room for walks, arithmetic, guided backprop, forgetting
      └──► pixels, any encoder ──► the same features, cache, probe and protocols

A module imports from lower floors or its own folder, never sideways or up::

    6  commands                     click verbs
    5  presets  report              named settings | tables
    4  evaluation  latent           protocols, records, comparisons | looking inside the generator
    3  features                     pooling, batch-norm statistics, encoders, the feature cache
    2  gan  (baselines)             training, checkpoints, run folders | supervised and other baselines
    1  images  networks  probe      sources, grids, glyphs | architectures | objective, solver, estimator
    0  runtime  storage             device, seeds, errors | whole-or-absent files, fingerprints, the HDF5 layouts

Four artifacts cross the floors: ``ImageSet``, the run folder (``Run``), ``FeatureSet`` and ``ProbeRecord``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .evaluation import evaluate, protocol_for
    from .features import PixelEncoder, cached_features, run_encoder
    from .gan import Run, TrainConfig, latest_run, train
    from .images import ImageSet, load_images
    from .latent import sample
    from .presets import preset_config
    from .probe import L2SVMClassifier
    from .report import result_table
    from .runtime import UserError, resolve_device

_HOMES = {
    "ImageSet": "images",
    "L2SVMClassifier": "probe",
    "PixelEncoder": "features",
    "Run": "gan",
    "TrainConfig": "gan",
    "UserError": "runtime",
    "cached_features": "features",
    "evaluate": "evaluation",
    "latest_run": "gan",
    "load_images": "images",
    "preset_config": "presets",
    "protocol_for": "evaluation",
    "resolve_device": "runtime",
    "result_table": "report",
    "run_encoder": "features",
    "sample": "latent",
    "train": "gan",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: ``import dcgan_probe`` itself stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
