"""Ground of an investigation that looks by the discriminator's features: its encoder, and probes of attributes."""

from collections.abc import Collection
from functools import cached_property
from typing import Any

import numpy as np

from ..features import DiscriminatorEncoder, cached_features, run_encoder
from ..gan import Investigation
from ..images import ImageSet
from .attributes import Attribute
from .scoring import ProbePair, encode_images, fit_probe_pairs


class FeatureInvestigation(Investigation):
    """One investigation of a run, under way, with features and probes."""

    @cached_property
    def encoder(self) -> DiscriminatorEncoder:
        """All layers of the run's discriminator on a 4x4 grid, batch norm by the real-images rule."""
        return self.make_encoder("dcgan")

    def make_encoder(self, features: str, **options: Any) -> DiscriminatorEncoder:
        """Make the encoder of the run's discriminator, ``dcgan`` or ``random``; options as ``run_encoder``."""
        return run_encoder(
            self.run,
            features,
            training_images=self.training_images,
            device=self.device,
            on_progress=self.counter(f"batch-norm statistics of {features}", self.run.trained_on.images),
            **options,
        )

    def features(self, images: np.ndarray) -> np.ndarray:
        """Encode images uint8 (n, channels, H, W), not cached: float32 (n, D)."""
        return encode_images(self.encoder, images, self.counter("features of samples", len(images), brief=True))

    def labeled(self, dataset: str | None) -> ImageSet:
        """Return the training split that teaches probes: of a named set, or the run's own images."""
        return self.training_images() if dataset is None else self.load(dataset, "train")

    def probes(self, attributes: Collection[Attribute], dataset: str | None) -> dict[str, ProbePair]:
        """Fit two probes of each attribute on a labeled set's training split, by default the run's own images."""
        if not attributes:
            return {}
        labeled = self.labeled(dataset)
        # Checked first: a wrong name should not cost the time of the features.
        answers = {str(attribute): attribute.of(labeled) for attribute in attributes}
        features, _ = cached_features(
            self.encoder,
            labeled,
            self.run.folder / "features",
            on_progress=self.counter(f"features of {labeled.name}", len(labeled)),
        )
        return fit_probe_pairs(features.load(), answers, self.seed)
