"""Context of an investigation of the discriminator's features: its encoder, and probes of attributes."""

from collections.abc import Collection
from functools import cached_property
from typing import Any

import numpy as np

from ..features import DiscriminatorEncoder, cached_features, run_encoder
from ..images import ImageSet
from .attribute_probes import ProbePair, encode_images, fit_probe_pairs
from .attributes import Attribute
from .investigation import Investigation


class FeatureInvestigation(Investigation):
    """Investigation of a run, in progress, with features and probes."""

    @cached_property
    def encoder(self) -> DiscriminatorEncoder:
        """Encoder of all layers of the run's discriminator on a 4x4 grid, with batch norm by the real-images rule."""
        return self.make_encoder("dcgan")

    def make_encoder(self, features: str, **options: Any) -> DiscriminatorEncoder:
        """Build the encoder of the run's discriminator, ``dcgan`` or ``random``; options as for ``run_encoder``."""
        return run_encoder(
            self.run,
            features,
            training_images=self.training_images,
            device=self.device,
            on_progress=self.counter(f"batch-norm statistics of {features}", self.run.trained_on.images),
            **options,
        )

    def features(self, images: np.ndarray) -> np.ndarray:
        """Encode images uint8 (n, channels, H, W) as float32 features (n, D), without the cache."""
        return encode_images(self.encoder, images, self.counter("features of samples", len(images), brief=True))

    def labeled(self, dataset: str | None) -> ImageSet:
        """Return the training split for the probes, of a named set or of the run's own images."""
        return self.training_images() if dataset is None else self.load(dataset, "train")

    def probes(self, attributes: Collection[Attribute], dataset: str | None) -> dict[str, ProbePair]:
        """Fit two probes of each attribute on a labeled set's training split, by default the run's own images."""
        if not attributes:
            return {}
        labeled = self.labeled(dataset)
        # Checked first, so that a wrong name fails before the features are computed.
        answers = {str(attribute): attribute.of(labeled) for attribute in attributes}
        features, _ = cached_features(
            self.encoder,
            labeled,
            self.run.folder / "features",
            on_progress=self.counter(f"features of {labeled.name}", len(labeled)),
        )
        return fit_probe_pairs(features.load(), answers, self.seed)
