"""Raw pixels as features, read from the images themselves: no file holds them a second time, four times as large."""

from typing import Any

import numpy as np

from ..images import ImageSet
from ..storage import fingerprint_settings
from .encoders import PixelEncoder


class PixelFeatures:
    """Pixels of an image set, converted when rows are read; has what a feature file has."""

    def __init__(self, encoder: PixelEncoder, images: ImageSet, settings: dict[str, Any]):
        """Keep the images.

        Parameters
        ----------
        settings
            Those that a feature file of these pixels would have; they give the ``key``, and ``dtype`` that of the rows.
        """
        self._encoder, self._images = encoder, images
        self.settings, self.key = settings, fingerprint_settings(settings)
        self.layers = encoder.layers
        self.labels = images.labels
        self.dtype = np.dtype(settings["dtype"])
        self.shape = (len(images), images.channels * images.height * images.width)
        self.path = images.source
        """Where the pixels lie, for people."""

    def read(self, start: int = 0, stop: int | None = None, columns: slice = slice(None)) -> np.ndarray:
        """Read rows ``start`` to ``stop`` and a range of columns, in the dtype of the settings.

        Raises
        ------
        UserError
            If the file of the images has changed since it was opened.
        """
        pixels = self._encoder.encode(self._images.images[start:stop])
        self._images.require_unchanged()  # the key promises the pixels that were there when the file was opened
        return pixels[:, columns].astype(self.dtype, copy=False)
