"""Takes summaries and which of their test predictions are right, gives paired comparisons of them; knows no file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..runtime import UserError
from .paired import Difference, Discordant, bootstrap_difference, discordant, holm
from .summary import Summary

PAIRED = {
    "protocol": "protocol",
    "images_fingerprint_train": "training images",
    "images_fingerprint_test": "test images",
    "seed": "seed of the draws",
}
"""What two evaluations must have in common for their draws and test images to be the same, and what it is called."""

LEAST_DRAWS = 5
"""Of several draws, at least so many are needed: for fewer, the bootstrap over draws rejects far too often."""


@dataclass(frozen=True)
class Scored:
    """One evaluation, and which of its test predictions are right."""

    summary: Summary
    correct: np.ndarray
    """bool (draws, test rows)."""


@dataclass(frozen=True)
class Comparison:
    """Two evaluations on the same draws and test images."""

    first: Summary
    second: Summary
    difference: Difference
    """Of the mean accuracies, the first less the second."""
    discordant: Discordant | None
    """For single fits; None for several draws."""
    p: float
    """Two-sided, for this comparison alone: exact McNemar for single fits, else of the two-level bootstrap."""
    holm_p: float
    """``p`` adjusted for the number of comparisons."""
    comparisons: int
    """How many were made at once."""
    first_accuracy: float
    """Mean over the draws compared, which may be fewer than the row has."""
    second_accuracy: float
    draws: int
    """Compared: those that both have. Draws are numbered, and one of the same number has the same rows."""

    @property
    def test(self) -> str:
        """What ``p`` is of."""
        return "bootstrap" if self.discordant is None else "McNemar"


def compare(pairs: Sequence[tuple[Scored, Scored]], *, seed: int = 0) -> list[Comparison]:
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
    differences = [bootstrap_difference(*both, seed=seed) for both in common]
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
    """Refuse two evaluations that do not share their draws and their test images, or too few draws.

    Raises
    ------
    UserError
        If protocol, training or test images or the seed of the draws are not the same, or they share 2 to 4 draws.
    """
    reason = why_not_paired(first, second)
    if reason:
        raise UserError(
            f"{first.evaluation} and {second.evaluation} cannot be compared: {reason}; run eval-svm again for one of "
            "them, with the other's images and --seed, and enough --draws"
        )


def why_not_paired(first: Summary, second: Summary) -> str:
    """Say what two evaluations that cannot be compared do not share, or share too few of; empty if they can."""
    for name, words in PAIRED.items():
        got, other = getattr(first, name), getattr(second, name)
        if got != other:
            return f"the {words} of one is {got}, of the other {other}"
    draws = min(first.draws, second.draws)
    if 1 < draws < LEAST_DRAWS:
        return f"{draws} draws are too few for a test; expected 1, or at least {LEAST_DRAWS}"
    return ""
