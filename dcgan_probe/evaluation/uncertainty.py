"""Takes which test predictions are right, gives how far the mean accuracy depends on the test images; knows no row.

Two kinds of uncertainty are kept apart. Over draws of labelled rows: ``Summary.spread`` and ``Summary.standard_error``,
with the test images as they are. Over test images: here, with the draws as they are. Neither contains the other.
"""

from dataclasses import dataclass

import numpy as np

from ..runtime import numpy_generator

RESAMPLES = 10_000
LEVEL = 0.95
"""Share of the resamples that an interval holds."""


@dataclass(frozen=True)
class ImageUncertainty:
    """How far a mean accuracy depends on which test images there happen to be. Fractions of 1."""

    standard_error: float
    low: float
    """Lower end of the 95 % interval."""
    high: float


def bootstrap_images(correct: np.ndarray, *, seed: int = 0, resamples: int = RESAMPLES) -> ImageUncertainty:
    """Resample the test images with replacement, all draws of an image together, and see how the mean accuracy moves.

    ::

        accuracy* = 1/N sum_j m_j s_j,    s_j = share of the draws that are right on image j,   m ~ Multinomial(N, 1/N)

    An image counts by the number of its right draws only. So the numbers of images with 0, 1, ..., ``draws`` right
    draws are resampled, which are multinomial too: the same distribution, in time and memory that do not grow with N.

    Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993: section 6.2 (standard error) and 13.3
    (percentile interval).

    Parameters
    ----------
    correct
        bool (draws, N): whether the fit of a draw was right on a test image.
    """
    draws, images = correct.shape
    found = np.bincount(correct.sum(axis=0), minlength=draws + 1)
    counts = numpy_generator(seed, "bootstrap over images").multinomial(images, found / images, size=resamples)
    accuracies = counts @ np.arange(draws + 1) / (draws * images)
    low, high = percentile_interval(accuracies)
    return ImageUncertainty(float(accuracies.std(ddof=1)), low, high)


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """Give the ends of the interval that holds the middle 95 % of resampled values."""
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(values, (tail, 1.0 - tail))
    return float(low), float(high)
