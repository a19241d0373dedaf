"""Test splits that cannot be read before C is fixed."""

import numpy as np

from ..features import FeatureSet
from ..images import ImageSet
from ..runtime import UserError
from .loading import load_finite, required_labels


class SealedSplitError(RuntimeError):
    """Error for a test split that is read before C is fixed: a fault of the program, not of its user."""


class SealedTest:
    """Test split that is sealed until C is chosen.

    Its size and its classes, which decide no figure, are available at once; features and labels only after ``open``.
    """

    def __init__(self, features: FeatureSet, classes: int):
        """Seal a test split whose labels must lie in 0 to ``classes`` - 1.

        Raises
        ------
        UserError
            If it has no labels, or labels outside that range.
        """
        self._features = features
        self._seal(required_labels(features), classes, f"{features.dataset} ({features.split})")

    def _seal(self, labels: np.ndarray, classes: int, name: str) -> None:
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= classes:
            raise UserError(
                f"{name} has labels from {low} to {high}, but the training set has classes 0 to {classes - 1}; use "
                "test images of the same classes",
                parameter="dataset",
            )
        self._labels = labels
        self._opened_for: float | None = None

    def __len__(self) -> int:
        return len(self._labels)

    def open(self, C: float) -> None:
        """Break the seal for one fixed C.

        Raises
        ------
        SealedSplitError
            If it was opened for another C before.
        """
        if self._opened_for not in (None, C):
            raise SealedSplitError(f"the test split was opened for C = {self._opened_for:g}; C cannot become {C:g} now")
        self._opened_for = C

    def _check_open(self) -> None:
        if self._opened_for is None:
            raise SealedSplitError("the test split was read before C was fixed; call open(C) once C is chosen")

    @property
    def labels(self) -> np.ndarray:
        """Labels int64 (N,)."""
        self._check_open()
        return self._labels

    def load(self) -> np.ndarray:
        """Read the features (N, D) in their stored dtype; raise ``UserError`` if one is not finite."""
        self._check_open()
        return load_finite(self._features, np.arange(len(self)))


class SealedImages(SealedTest):
    """Sealed images of a test split, for a network that classifies images."""

    def __init__(self, images: ImageSet, classes: int):
        """Seal a labeled test split; errors as for ``SealedTest``."""
        self._images = images
        self._seal(images.require_labels("a probe"), classes, f"{images.name} ({images.split})")

    def load(self) -> np.ndarray:
        """Read the images uint8 (N, channels, H, W)."""
        self._check_open()
        return self._images.images[:]
