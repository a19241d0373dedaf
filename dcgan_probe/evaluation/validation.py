"""Takes a labelled training split, gives two parts of it that stand where training and test split stand."""

from dataclasses import replace

import numpy as np

from ..images import ImageSet, Part
from ..runtime import numpy_generator
from ..storage import LONGEST, plain_name
from .draws import class_rows, draw_rows
from .protocols import HELD_OUT_SHARE

ENDING = "-validation"


def is_validation(dataset: str) -> bool:
    """Tell whether figures of a set of this name are of held-out training images, by ``validation_splits``."""
    return dataset.endswith(ENDING)


def probed_set(dataset: str) -> str:
    """Return the name of the set whose training images a validation set is a part of; any other name as it is."""
    return dataset.removesuffix(ENDING)


def validation_splits(images: ImageSet) -> tuple[ImageSet, ImageSet]:
    """Divide training images, so that settings can be compared without the test split.

    A fifth of the smallest class is held out of each class, always the same images, whatever is compared. The parts are
    named after the set with ``-validation``, so that no table mixes their figures with those of the test split.

    Parameters
    ----------
    images
        A labelled training split.

    Returns
    -------
    tuple
        The images that train, and those that are reported, both in memory. Their features are rows of those of
        ``images``, so that what is encoded for either figure serves the other.

    Raises
    ------
    UserError
        If the set has no labels, or a class fewer than three images: to train, to choose C and to report on.
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
