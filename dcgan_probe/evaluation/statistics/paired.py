"""Paired statistics of two evaluations on the same draws and test images: difference, McNemar test, Holm adjustment."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .uncertainty import MeanEstimate, mean_over_draws


def difference_over_draws(first: np.ndarray, second: np.ndarray, overlap: float) -> MeanEstimate:
    """Estimate the expected difference of two accuracies, first minus second, from paired predictions.

    ::

        d_ij = a_ij - b_ij,    difference = 1/(R N) sum_ij d_ij

    Both evaluations have the same draws and test images, so variation that affects both equally cancels in d. Standard
    error, interval and p are those of ``mean_over_draws`` of d. With one draw, the interval is over test images only,
    and the exact p is ``Discordant.p``.

    Parameters
    ----------
    first, second
        bool (R, N): whether the fit of a draw is right on a test image.
    overlap
        Share of a draw's rows of a class that another draw has too, mean over the classes; in [0, 1).
    """
    return mean_over_draws(first.astype(np.int8) - second.astype(np.int8), overlap)


@dataclass(frozen=True)
class Discordant:
    """Numbers of test images that one of two fits gets right and the other wrong."""

    first_only: int
    """Right in the first fit only."""
    second_only: int

    @property
    def p(self) -> float:
        """Two-sided p of the exact McNemar test: under equal accuracy, an image is on either side with probability 1/2.

        ::

            p = min(1, 2 sum_{k <= min(b, c)} binomial(b + c, k) / 2^(b + c))

        Source: McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
        Psychometrika 12, 1947; exact by the binomial distribution as in Agresti, "Categorical data analysis", section
        on matched pairs.
        """
        from scipy.stats import binomtest  # late, since its import is slow and most tables need no test

        total = self.first_only + self.second_only
        return float(binomtest(self.first_only, total).pvalue) if total else 1.0


def discordant(first: np.ndarray, second: np.ndarray) -> Discordant:
    """Count the images that only one of two fits classifies correctly, from bool (N,) or (1, N) each."""
    return Discordant(int((first & ~second).sum()), int((second & ~first).sum()))


def holm(ps: Sequence[float]) -> list[float]:
    """Adjust p-values for the number of comparisons by Holm's step-down procedure; the order is kept.

    ::

        p'_(k) = max_{l <= k} min(1, (n - l + 1) p_(l)),    p_(1) <= ... <= p_(n)

    Rejecting if ``p' <= 0.05`` bounds the probability of any false rejection by 5 %, for any dependence of the tests.
    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics
    6, 1979.
    """
    adjusted, highest = [math.nan] * len(ps), 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = highest
    return adjusted
