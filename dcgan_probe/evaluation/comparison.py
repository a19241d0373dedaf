"""Paired comparisons of evaluations on the same draws and test images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..runtime import UserError
from .paired import Discordant, difference_over_draws, discordant, holm
from .summary import Summary
from .uncertainty import MeanEstimate

PAIRED = {
    "protocol": "protocol",
    "images_fingerprint_train": "training images",
    "images_fingerprint_test": "test images",
    "seed": "seed of the draws",
}
"""Fields that two evaluations on the same draws and test images have in common, and their names in messages."""

LEAST_DRAWS = 5
"""Least number of several draws.

With fewer, Satterthwaite's degrees of freedom make intervals too narrow where draws matter more than images: simulated
coverage is down to 87, 92 and 93 % with 2, 3 and 4 draws (`benchmarks/bench_comparisons.py`).
"""


@dataclass(frozen=True)
class Scored:
    """One evaluation, with its correct and incorrect test predictions."""

    summary: Summary
    correct: np.ndarray
    """bool (draws, test rows): whether the fit of a draw is right on a test image."""


@dataclass(frozen=True)
class Comparison:
    """Two evaluations on the same draws and test images."""

    first: Summary
    second: Summary
    difference: MeanEstimate
    """Of the mean accuracies, the first less the second; for single fits over test images only."""
    discordant: Discordant | None
    """For single fits; None for several draws."""
    p: float
    """Two-sided, for this comparison alone: exact McNemar for single fits, else Student's t over draws and images."""
    holm_p: float
    """``p`` adjusted for the number of comparisons."""
    comparisons: int
    """Number of comparisons made at once."""
    first_accuracy: float
    """Mean over the draws compared, which may be fewer than the row has."""
    second_accuracy: float
    draws: int
    """Number of draws compared, which both have. Draws of the same number have the same rows."""

    @property
    def test(self) -> str:
        """Name of the test that ``p`` is of."""
        return "t" if self.discordant is None else "McNemar"


def compare(pairs: Sequence[tuple[Scored, Scored]]) -> list[Comparison]:
    """Compare evaluations in pairs, on the same draws and test images, and adjust each p for the number of pairs.

    Where one has more draws than the other, the draws that both have are compared.

    Raises
    ------
    UserError
        If two evaluations are not paired: see ``require_paired``.
    """
    for first, second in pairs:
        require_paired(first.summary, second.summary)
    draws = [min(len(first.correct), len(second.correct)) for first, second in pairs]
    common = [(first.correct[:n], second.correct[:n]) for (first, second), n in zip(pairs, draws, strict=True)]
    overlaps = [first.summary.overlap for first, _ in pairs]
    differences = [difference_over_draws(*both, overlap) for both, overlap in zip(common, overlaps, strict=True)]
    counts = [discordant(*both) if n == 1 else None for both, n in zip(common, draws, strict=True)]
    ps = [each.p if count is None else count.p for each, count in zip(differences, counts, strict=True)]
    return [
        Comparison(
            first=first.summary,
            second=second.summary,
            difference=difference,
            discordant=count,
            p=p,
            holm_p=holm_p,
            comparisons=len(pairs),
            first_accuracy=float(correct[0].mean()),
            second_accuracy=float(correct[1].mean()),
            draws=n,
        )
        for (first, second), correct, difference, count, p, holm_p, n in zip(
            pairs, common, differences, counts, ps, holm(ps), draws, strict=True
        )
    ]


def require_paired(first: Summary, second: Summary) -> None:
    """Check that two evaluations share their test images and one draw, or at least ``LEAST_DRAWS`` draws.

    Raises
    ------
    UserError
        If protocol, training or test images or the seed of the draws are not the same, or if they share 2 to 4 draws.
    """
    reason = why_not_paired(first, second)
    if reason:
        raise UserError(
            f"{first.evaluation} and {second.evaluation} cannot be compared: {reason}; run eval-svm again for one of "
            "them, with the other's images and --seed, and enough --draws"
        )


def why_not_paired(first: Summary, second: Summary) -> str:
    """Return the reason why two evaluations cannot be compared; empty if they can."""
    for name, words in PAIRED.items():
        got, other = getattr(first, name), getattr(second, name)
        if got != other:
            return f"the {words} of one is {got}, of the other {other}"
    draws = min(first.draws, second.draws)
    if 1 < draws < LEAST_DRAWS:
        return f"{draws} draws are too few for a test; expected 1, or at least {LEAST_DRAWS}"
    return ""
