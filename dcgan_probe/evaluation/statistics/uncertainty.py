"""Uncertainty of a mean accuracy: over draws of labeled rows, over test images, and over both.

Two samples decide a mean accuracy: the labeled rows and the test images. ``standard_error_over_draws`` holds the test
images fixed, ``bootstrap_images`` holds the draws fixed, and ``mean_over_draws`` includes the variance of both.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...runtime import numpy_generator

RESAMPLES = 10_000
LEVEL = 0.95
"""Nominal coverage of every interval."""


@dataclass(frozen=True)
class ImageUncertainty:
    """Uncertainty of a mean accuracy over test images, with the draws held fixed. Fractions of 1."""

    standard_error: float
    low: float
    """Lower end of the 95 % interval."""
    high: float


@dataclass(frozen=True)
class MeanEstimate:
    """Mean of a table of draws and test images, with its standard error over both. Fractions of 1."""

    mean: float
    standard_error: float
    degrees_of_freedom: float

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval of Student's t."""
        return self.mean - self._half_width

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval of Student's t."""
        return self.mean + self._half_width

    @property
    def p(self) -> float:
        """Two-sided p of the t test that the expected mean is 0; for differences.

        Without any variance, 1 for a mean of 0 and 0 for every other.
        """
        if not self.standard_error:
            return float(self.mean == 0.0)
        from scipy.stats import t as student_t  # late, since its import is slow and most tables need no test

        return float(2.0 * student_t.sf(abs(self.mean) / self.standard_error, self.degrees_of_freedom))

    @property
    def _half_width(self) -> float:
        from scipy.stats import t as student_t

        return float(student_t.ppf((1.0 + LEVEL) / 2.0, self.degrees_of_freedom)) * self.standard_error


def bootstrap_images(correct: np.ndarray, *, seed: int = 0, resamples: int = RESAMPLES) -> ImageUncertainty:
    """Compute the uncertainty over test images by resampling them with replacement, all draws of an image together.

    ::

        accuracy* = 1/N sum_j m_j s_j,    s_j = share of the draws that are right on image j,   m ~ Multinomial(N, 1/N)

    Only the number of right draws of an image matters. The counts of images with 0, 1, ..., ``draws`` right draws are
    multinomial too, and are resampled instead: the same distribution, in time and memory that do not grow with N.

    Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993: section 6.2 (standard error) and 13.3
    (percentile interval).

    Parameters
    ----------
    correct
        bool (draws, N): whether the fit of a draw is right on a test image.
    seed
        Seed of the resampling.
    resamples
        Number of resamples.
    """
    found = np.bincount(correct.sum(axis=0), minlength=len(correct) + 1)
    return _bootstrap_counts(tuple(found.tolist()), seed, resamples)


@lru_cache(maxsize=1024)  # since tables are rewritten after each row of a plan
def _bootstrap_counts(found: tuple[int, ...], seed: int, resamples: int) -> ImageUncertainty:
    """Resample the numbers of images with 0, 1, ..., draws right draws."""
    draws, images = len(found) - 1, sum(found)
    shares = np.array(found) / images
    counts = numpy_generator(seed, "bootstrap over images").multinomial(images, shares, size=resamples)
    accuracies = counts @ np.arange(draws + 1) / (draws * images)
    low, high = percentile_interval(accuracies)
    return ImageUncertainty(float(accuracies.std(ddof=1)), low, high)


def standard_error_over_draws(accuracies: Sequence[float], overlap: float) -> float:
    """Compute the standard error of the mean accuracy over draws from one finite pool, with the test images fixed.

    ::

        s.e. = S sqrt(1/R + f/(1 - f))

    R is the number of draws, S their standard deviation (divisor R - 1) and f the overlap. Two draws of one pool share
    a part f of their rows on average. With these rows they share a part of their variance, at most f, which S does not
    contain and which does not average out over draws. S^2 therefore estimates (1 - f) sigma^2, and the variance of the
    mean is sigma^2 ((1 - f)/R + f). This is exact for an accuracy that is a sum of contributions of single rows.
    Otherwise the common part is smaller and the standard error too large: by the theory of U-statistics, draws share a
    part of about f^q of a joint effect of q rows. If pools differ in size, f is a mean over the classes, as if the rows
    of each class contributed equally to the variance.

    Source: Nadeau and Bengio, "Inference for the generalization error", Machine Learning 52, 2003: the corrected
    resampled t test, whose 1/J + n2/n1 is 1/R + f/(1 - f) here; Hoeffding, "A class of statistics with asymptotically
    normal distribution", Annals of Mathematical Statistics 19, 1948, theorem 5.2 (f as the upper bound).

    Parameters
    ----------
    accuracies
        Accuracy of each draw, at least two.
    overlap
        Share f of a draw's rows of a class that another draw has too, mean over the classes; in [0, 1).

    Raises
    ------
    ValueError
        If there are fewer than two accuracies, or the overlap is outside [0, 1).
    """
    return statistics.stdev(accuracies) * math.sqrt(_variance_factor(len(accuracies), overlap))


def mean_over_draws(values: np.ndarray, overlap: float) -> MeanEstimate:
    """Estimate the expected mean over fresh labeled rows and fresh test images.

    ::

        Var(mean) = k S_D^2 + S_I^2/N - k MS_DI/N,    k = 1/R + f/(1 - f)

    S_D^2 is the variance of the R means of a draw, S_I^2 that of the N means of an image, MS_DI the residual mean
    square of the two-way table and f the overlap (``standard_error_over_draws``). Draws and images are crossed random
    effects. Their interaction is in S_D^2 and in S_I^2, so it is subtracted once; the total is at least the larger of
    the first two terms, each of which is the variance with the other sample held fixed. The degrees of freedom are
    Satterthwaite's::

        nu = Var(mean)^2 / ((k S_D^2)^2/(R - 1) + (S_I^2/N)^2/(N - 1))

    With one draw, the draw is held fixed: Var(mean) = S_I^2/N, nu = N - 1, and the overlap is not used. Without any
    variance, nu is the smaller of R - 1 and N - 1.

    Source: Cornfield and Tukey, "Average values of mean squares in factorials", Annals of Mathematical Statistics 27,
    1956 (crossed random effects); Searle, Casella and McCulloch, "Variance components", 1992, section 4.3;
    Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics Bulletin 2, 1946. The
    coverage is simulated in `benchmarks/bench_comparisons.py`.

    Parameters
    ----------
    values
        bool or float (R, N): whether the fit of a draw is right on a test image, or differences of two such tables.
    overlap
        Share f of a draw's rows of a class that another draw has too, mean over the classes; in [0, 1).

    Raises
    ------
    ValueError
        If there are fewer than two test images, or several draws with an overlap outside [0, 1).
    """
    values = np.asarray(values, dtype=np.float64)  # (R, N)
    draws, images = values.shape
    if images < 2:
        raise ValueError(f"got {images} test images, expected at least 2: one has no variance over images")
    mean, by_image = float(values.mean()), values.mean(axis=0)  # (N,)
    image_term = float(by_image.var(ddof=1)) / images
    if draws == 1:
        return MeanEstimate(mean, math.sqrt(image_term), images - 1)
    factor, by_draw = _variance_factor(draws, overlap), values.mean(axis=1)  # (R,)
    draw_term = factor * float(by_draw.var(ddof=1))
    residuals = values - by_draw[:, None] - by_image + mean
    interaction = factor * float(np.square(residuals).sum()) / ((draws - 1) * (images - 1) * images)
    variance = max(draw_term + image_term - interaction, draw_term, image_term)
    least = min(draws, images) - 1.0
    spread = draw_term**2 / (draws - 1) + image_term**2 / (images - 1)
    return MeanEstimate(mean, math.sqrt(variance), variance**2 / spread if spread else least)


def _variance_factor(draws: int, overlap: float) -> float:
    """Return the variance of a mean over draws, in units of the variance between draws: 1/R + f/(1 - f)."""
    if not 0.0 <= overlap < 1.0:
        raise ValueError(f"got an overlap of {overlap}, expected a share in [0, 1)")
    return 1.0 / draws + overlap / (1.0 - overlap)


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """Return the ends of the interval that holds the middle 95 % of resampled values."""
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(values, (tail, 1.0 - tail))
    return float(low), float(high)
