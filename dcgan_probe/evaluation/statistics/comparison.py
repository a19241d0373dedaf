"""Paired comparisons of evaluations on the same draws and test images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...runtime import UserError
from ..summary import Summary
from .paired import Discordant, difference_over_draws, discordant, holm
from .uncertainty import MeanEstimate

PAIRED = {
    "protocol": "protocol",
    "images_fingerprint_train": "training images",
    "images_fingerprint_test": "test images",
    "seed": "seed of the draws",
}
"""Fields that two evaluations on the same draws and test images share, with their names in messages."""

LEAST_DRAWS = 5
"""Least number of draws for a t test.

With 2 to 4 draws, Satterthwaite's degrees of freedom make intervals too narrow if draws matter more than images; the
coverage is simulated in `benchmarks/bench_comparisons.py`.
"""


@dataclass(frozen=True)
class Comparison:
    """Comparison of two evaluations on the same draws and test images."""

    first: Summary
    second: Summary
    difference: MeanEstimate
    """Difference of the mean accuracies, first minus second; for single fits, its error is over test images only."""
    discordant: Discordant | None
    """Discordant images of single fits; None for several draws."""
    p: float
    """Two-sided p of this comparison alone: exact McNemar for single fits, else Student's t over draws and images."""
    holm_p: float
    """``p`` adjusted for the number of comparisons."""
    comparisons: int
    """Number of comparisons made together."""
    first_accuracy: float
    """Mean over the compared draws, which may be fewer than all draws of the evaluation."""
    second_accuracy: float
    draws: int
    """Number of compared draws, which both evaluations have; draws of the same number have the same rows."""

    @property
    def test(self) -> str:
        """Name of the test of ``p``: ``t`` or ``McNemar``."""
        return "t" if self.discordant is None else "McNemar"


def compare(pairs: Sequence[tuple[Summary, Summary]]) -> list[Comparison]:
    """Compare pairs of evaluations on the same draws and test images, and adjust each p for the number of pairs.

    If one evaluation has more draws than the other, only the draws of both are compared.

    Raises
    ------
    UserError
        If two evaluations are not paired: see ``require_paired``.
    """
    common = [_common_predictions(first, second) for first, second in pairs]
    differences = [difference_over_draws(*both, first.overlap) for both, (first, _) in zip(common, pairs, strict=True)]
    counts = [discordant(*both) if len(both[0]) == 1 else None for both in common]
    ps = [each.p if count is None else count.p for each, count in zip(differences, counts, strict=True)]
    return [
        Comparison(
            first=first,
            second=second,
            difference=difference,
            discordant=count,
            p=p,
            holm_p=holm_p,
            comparisons=len(pairs),
            first_accuracy=float(correct[0].mean()),
            second_accuracy=float(correct[1].mean()),
            draws=len(correct[0]),
        )
        for (first, second), correct, difference, count, p, holm_p in zip(
            pairs, common, differences, counts, ps, holm(ps), strict=True
        )
    ]


def _common_predictions(first: Summary, second: Summary) -> tuple[np.ndarray, np.ndarray]:
    """Return whether the predictions of the common draws are right, bool (draws, test rows) for each evaluation."""
    require_paired(first, second)
    assert first.correct is not None
    assert second.correct is not None
    draws = min(len(first.correct), len(second.correct))
    return first.correct[:draws], second.correct[:draws]


def require_paired(first: Summary, second: Summary) -> None:
    """Check that two evaluations can be compared: with one common draw, or at least ``LEAST_DRAWS``.

    Raises
    ------
    UserError
        If test predictions are missing, if protocol, training or test images or the seed of the draws differ, or if
        the two share 2 to 4 draws.
    """
    reason = why_not_paired(first, second)
    if reason:
        raise UserError(
            f"{first.evaluation} and {second.evaluation} cannot be compared: {reason}; run eval-svm again for one of "
            "them, with the other's images and `seed`, and enough `draws`"
        )


def why_not_paired(first: Summary, second: Summary) -> str:
    """Return the reason why two evaluations cannot be compared; empty if they can."""
    for name, words in PAIRED.items():
        got, other = getattr(first, name), getattr(second, name)
        if got != other:
            return f"the {words} of one is {got}, of the other {other}"
    for each in (first, second):
        if each.correct is None:
            return f"the test predictions of {each.evaluation} are missing"
    draws = min(first.draws, second.draws)
    if 1 < draws < LEAST_DRAWS:
        return f"{draws} draws are too few for a test; expected 1, or at least {LEAST_DRAWS}"
    return ""
