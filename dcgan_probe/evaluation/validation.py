"""Division of a labeled training split into two parts that serve as training and test split."""

from dataclasses import replace

import numpy as np

from ..images import ImageSet, Part
from ..runtime import numpy_generator
from ..storage import LONGEST, plain_name
from .draws import class_rows, draw_rows
from .protocols import HELD_OUT_SHARE

ENDING = "-validation"


def is_validation(dataset: str) -> bool:
    """Return whether the figures of a set of this name are for held-out training images of ``validation_splits``."""
    return dataset.endswith(ENDING)


def probed_set(dataset: str) -> str:
    """Return the name of the set that a validation set was divided from; any other name unchanged."""
    return dataset.removesuffix(ENDING)


def validation_splits(images: ImageSet) -> tuple[ImageSet, ImageSet]:
    """Divide training images, so that settings can be compared without the test split.

    From each class, a fifth of the size of the smallest class is held out: always the same images. The name of both
    parts is that of the set with ``-validation``, so that no table mixes their figures with those of the test split.

    Parameters
    ----------
    images
        Labeled training split.

    Returns
    -------
    tuple of ImageSet
        Training images and held-out images, both in memory. Their features are rows of the features of ``images``, so
        that they share the cached features of the whole split.

    Raises
    ------
    UserError
        If the set has no labels, or a class has fewer than three images: one to train on, one to choose C on and one to
        report on.
    """
    labels = images.require_labels("a validation split")
    per_class = max(1, round(HELD_OUT_SHARE * int(class_rows(labels, images.classes, images.name, least=3).min())))
    reported = draw_rows(labels, images.classes, per_class, numpy_generator(0, images.name, ENDING))
    trains = np.setdiff1d(np.arange(len(images)), reported, assume_unique=True)
    name = plain_name(images.name, LONGEST - len(ENDING)) + ENDING
    return (
        replace(images.subset(trains), name=name, part_of=Part(images, trains)),
        replace(images.subset(reported), name=name, split="val", part_of=Part(images, reported)),
    )
