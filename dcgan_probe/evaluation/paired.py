"""Takes which predictions of two evaluations are right, gives the difference and its p; knows no record and no row.

The draws and the test images are the same for both, so what is resampled is their difference, for both at once.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from ..runtime import numpy_generator
from .uncertainty import RESAMPLES, percentile_interval

BLOCK = 64
"""Resamples that are held at once: a few megabytes for tens of thousands of images."""


@dataclass(frozen=True)
class Difference:
    """How far two accuracies on the same draws and images lie apart. Fractions of 1."""

    mean: float
    """Positive where the first is better."""
    low: float
    """Lower end of the 95 % interval."""
    high: float
    p: float
    """Two-sided."""


def bootstrap_difference(
    first: np.ndarray, second: np.ndarray, *, seed: int = 0, resamples: int = RESAMPLES
) -> Difference:
    """Resample draws and test images with replacement, the same ones for both, and see how the difference moves.

    ::

        difference* = sum_ij w_i/(R - 1) m_j/N (a_ij - b_ij),    w ~ Multinomial(R - 1, 1/R),    m ~ Multinomial(N, 1/N)

        p = min(1, 2 (1 + min(#{difference* <= 0}, #{difference* >= 0})) / (1 + resamples))

    R - 1 draws of R are taken, since R would give (R - 1)/R of the variance of a mean over R draws. With one draw, only
    the images are resampled. Draws and images are crossed, for which no bootstrap is exact. This one errs to the wide
    side by what draw and image do together, which it counts three times instead of once; and to the narrow side for
    few draws, since percentiles know nothing of Student's t: where the draws decide (their deviation 0.08), 11 % of
    1,000 simulated pairs without a difference have p < 0.05 with 5 draws, 8 % with 10, 6 % with 20 and 4 % with 100
    (`benchmarks/bench_comparisons.py`).

    Source: Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1(2), 2007 (two levels, and how it errs); Rao
    and Wu, "Resampling inference with complex survey data", Journal of the American Statistical Association 83, 1988
    (R - 1); Davison and Hinkley, "Bootstrap methods and their application", 1997, equation 4.11 (the ones in p, which
    is therefore never 0), with the interval's own resamples in the place of resamples under the null hypothesis: p is
    below 0.05 where the 95 % interval leaves out 0.

    Parameters
    ----------
    first, second
        bool (draws, N): whether the fit of a draw was right on a test image.
    """
    rng = numpy_generator(seed, "bootstrap over draws and images")
    resampled = _resampled_images if len(first) == 1 else _resampled_draws_and_images
    values = resampled(first, second, rng, resamples)
    beyond = int(min((values <= 0.0).sum(), (values >= 0.0).sum()))
    p = min(1.0, 2.0 * (1 + beyond) / (1 + resamples))
    mean = (int(first.sum()) - int(second.sum())) / first.size
    return Difference(mean, *percentile_interval(values), p)


def _resampled_draws_and_images(
    first: np.ndarray, second: np.ndarray, rng: np.random.Generator, resamples: int
) -> np.ndarray:
    draws, images = first.shape
    difference = first.astype(np.float32) - second  # (R, N), -1, 0 or 1
    values = np.empty(resamples)
    for start in range(0, resamples, BLOCK):
        block = values[start : start + BLOCK]
        weights = rng.multinomial(draws - 1, np.full(draws, 1.0 / draws), size=len(block))
        summed = weights.astype(np.float32) @ difference  # (block, N): whole numbers, exact in float32
        drawn = rng.integers(images, size=(len(block), images), dtype=np.int32)
        block[:] = [row.take(some).sum(dtype=np.float64) for row, some in zip(summed, drawn, strict=True)]
    return values / ((draws - 1) * images)


def _resampled_images(first: np.ndarray, second: np.ndarray, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """Resample the numbers of images that one fit alone gets right: the same distribution, whatever N is."""
    images, only = first.size, discordant(first, second)
    same = images - only.first_only - only.second_only
    shares = np.array([only.first_only, only.second_only, same]) / images
    return rng.multinomial(images, shares, size=resamples) @ (1, -1, 0) / images


@dataclass(frozen=True)
class Discordant:
    """Test images that one of two fits gets right and the other wrong."""

    first_only: int
    """Right in the first fit only."""
    second_only: int

    @property
    def p(self) -> float:
        """Exact McNemar test, two-sided: where both fits are as good, each image falls on either side like a coin.

        ::

            p = min(1, 2 sum_{k <= min(b, c)} binomial(b + c, k) / 2^(b + c))

        Source: McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
        Psychometrika 12, 1947; exact by the binomial distribution as in Agresti, "Categorical data analysis", section
        on matched pairs.
        """
        total = self.first_only + self.second_only
        return float(binomtest(self.first_only, total).pvalue) if total else 1.0


def discordant(first: np.ndarray, second: np.ndarray) -> Discordant:
    """Count the images on which two fits differ, from bool (N,) or (1, N) each."""
    return Discordant(int((first & ~second).sum()), int((second & ~first).sum()))


def holm(ps: Sequence[float]) -> list[float]:
    """Adjust p for the number of comparisons made, by Holm's step-down procedure; in the order given.

    ::

        p'_(k) = max_{l <= k} min(1, (n - l + 1) p_(l)),    p_(1) <= ... <= p_(n)

    Rejecting where ``p' <= 0.05`` keeps the chance of any false rejection at 5 %, however the tests depend on each
    other. Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics
    6, 1979.
    """
    adjusted, highest = [math.nan] * len(ps), 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = highest
    return adjusted
