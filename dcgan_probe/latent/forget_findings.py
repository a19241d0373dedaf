"""Numbers of forgetting beside their controls, and the warnings and lines that tell them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

CONTROLS = 5
"""Draws of as many random maps."""
UNITS = {
    "change": "mean absolute difference of pixels, 0 to 255",
    "contrast": "standard deviation of an image's pixels, 0 to 127.5, mean over the samples",
    "score": "logarithm of the odds; shares and balanced accuracies are 0 to 1, 0.5 is chance for accuracies",
    "weights": "of the regression, for each map's activation, penalised by C over a sum of positions",
}
TELLS = 0.55
"""Balanced accuracy of the regression below which its maps are hardly better than any."""
FADED = 1 / 2
"""Of the contrast before: with less, probes of real images judge what they never saw."""


def scored(scores: Sequence[np.ndarray]) -> dict[str, Any]:
    """Return the mean score of samples and the share judged to have the attribute, before and without the maps."""
    before, *after = scores
    return {
        "before": before.mean(),
        "after": beside_controls([each.mean() for each in after]),
        "share_before": (before > 0).mean(),
        "share_after": beside_controls([(each > 0).mean() for each in after]),
    }


def beside_controls(numbers: Sequence[float]) -> dict[str, float]:
    """Return the number without the maps; and the mean, least and largest of those without as many random ones."""
    without, *random = map(float, numbers)
    return {
        "without": without,
        "without_random": float(np.mean(random)),
        "without_random_least": min(random),
        "without_random_largest": max(random),
    }


def warnings(told: dict[str, Any]) -> list[str]:
    """Return sentences on where the numbers mean less than they seem to."""
    found = []
    if told.get("balanced_accuracy", 1.0) < TELLS:
        found.append(
            f"The regression tells boxed positions from others in {100 * told['balanced_accuracy']:.1f} % of cases, "
            f"and 50 % is chance: the maps that it drops may as well be any others."
        )
    if told["contrast"]["without"] < FADED * told["contrast_before"]:
        found.append(
            "Without the maps, samples have less than half of their contrast; probes taught by real images were never "
            "shown such, so their scores mean little. A smaller top drops fewer maps."
        )
    return found


def summary(told: dict[str, Any]) -> list[str]:
    """Return lines that tell the main numbers."""
    one = len(told["dropped"]) == 1
    control = f"{CONTROLS} single maps at random" if one else f"{CONTROLS} draws of as many random maps"
    lines = [f"{len(told['dropped'])} of {told['maps']} maps of {told['layer']} dropped"]
    if "boxes" in told:
        lines = [
            f"{told['boxes']} boxes on {told['boxed_samples']} samples; balanced accuracy of the regression on samples "
            f"held out: {100 * told['balanced_accuracy']:.1f} %",
            *lines,
            f"mean change of pixels, of 255: inside of the boxes {_beside(told['change_inside'], control)}, "
            f"outside {_beside(told['change_outside'], control)}",
        ]
    lines += [
        f"mean change of pixels of other samples, of 255: {_beside(told['change'], control)}",
        f"their contrast, of 255: {told['contrast_before']:.1f} before, {_beside(told['contrast'], control)} after",
    ]
    if "score" in told:
        quarter = f"the {told['score_of_surest']['samples']} that the selecting probe is surest of"
        for which, score in (("other samples", told["score"]), (quarter, told["score_of_surest"])):
            lines.append(
                f"{which}, with the attribute by the scoring probe, %: {100 * score['share_before']:.1f} before, "
                f"{_beside(score['share_after'], control, 100)} after; mean score {score['before']:.1f} before, "
                f"{_beside(score['after'], control)} after"
            )
        lines.append(
            f"balanced accuracy of the scoring probe on real images: {100 * told['probe_balanced_accuracy']:.1f} %"
        )
    return lines


def _beside(numbers: dict[str, float], control: str, times: float = 1.0) -> str:
    """Write a number with those of its controls."""
    mine, mean, least, largest = (times * each for each in numbers.values())
    return f"{mine:.1f} ({control}: {mean:.1f}, {least:.1f} to {largest:.1f})"
