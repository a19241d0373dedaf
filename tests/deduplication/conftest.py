"""Images with large and small structure, as photographs have, drawn at random."""

import numpy as np
import pytest
from PIL import Image

from dcgan_probe.images import ImageSet


def draw_photographs(count, side=32, channels=3, seed=0):
    """Sum random fields of 2, 4, 8, 16 cells a side, enlarged smoothly; coarser ones are stronger, colors weaker."""
    random = np.random.default_rng(seed)
    images = np.zeros((count, channels, side, side))
    for cells, strength in ((2, 60), (4, 40), (8, 30), (16, 20)):
        shape = (count, channels, cells, cells)
        fields = random.normal(0, strength, (count, 1, cells, cells)) + random.normal(0, strength / 4, shape)
        for image, planes in zip(images, fields, strict=True):
            for channel, plane in enumerate(planes):
                image[channel] += Image.fromarray(plane.astype(np.float32)).resize(
                    (side, side), Image.Resampling.BICUBIC
                )
    return np.clip(images + 128, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def photographs():
    """Return a function that draws a set: ``photographs(count, side=32, channels=3, seed=0, labels=False)``."""

    def draw(count, labels=False, **how):
        pixels = draw_photographs(count, **how)
        return ImageSet(pixels, np.arange(count) % 3 if labels else None, "photographs", "train", "made by a test")

    return draw
