"""Raw pixels as features, read from the images instead of a feature file four times their size."""

from typing import Any

import numpy as np

from ..images import ImageSet
from ..storage import fingerprint_settings
from .encoders import PixelEncoder


class PixelFeatures:
    """Pixels of an image set, converted when rows are read, with the interface of ``FeatureFile``."""

    def __init__(self, encoder: PixelEncoder, images: ImageSet, settings: dict[str, Any]):
        """Store the images and the settings.

        Parameters
        ----------
        settings
            Settings of a feature file of these pixels; they determine ``key``, and the dtype of the rows.
        """
        self._encoder, self._images = encoder, images
        self.settings, self.key = settings, fingerprint_settings(settings)
        self.layers = encoder.layers
        self.labels = images.labels
        self.dtype = np.dtype(settings["dtype"])
        self.shape = (len(images), images.channels * images.height * images.width)
        self.path = images.source
        """Path of the images, for messages."""

    def read(self, start: int = 0, stop: int | None = None, columns: slice = slice(None)) -> np.ndarray:
        """Read rows ``start`` to ``stop`` and a range of columns, in the dtype of the settings.

        Raises
        ------
        UserError
            If the file of the images has changed since it was opened.
        """
        pixels = self._encoder.encode(self._images.images[start:stop])
        self._images.require_unchanged()  # the key is a hash of the pixels when the file was opened
        return pixels[:, columns].astype(self.dtype, copy=False)
