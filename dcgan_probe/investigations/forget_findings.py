"""Numbers of forgetting beside their controls, and the warnings and lines that report them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

CONTROLS = 5
"""Number of draws of as many random maps."""
UNITS = {
    "change": "mean absolute difference of pixels, 0 to 255",
    "contrast": "standard deviation of an image's pixels, 0 to 127.5, mean over the samples",
    "score": "log-odds; shares and balanced accuracies are 0 to 1, 0.5 is chance for accuracies",
    "weights": "of the regression, for each map's activation, penalized by C over a sum of positions",
}
LEAST_ACCURACY = 0.55
"""Balanced accuracy of the regression below which its maps are hardly better than random ones."""
FADED = 1 / 2
"""Share of the original contrast below which samples are unlike the real images that trained the probes."""


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
    """Return the number without the maps, and the mean, least and largest number without as many random maps."""
    without, *random = map(float, numbers)
    return {
        "without": without,
        "without_random": float(np.mean(random)),
        "without_random_least": min(random),
        "without_random_largest": max(random),
    }


def warnings(numbers: dict[str, Any]) -> list[str]:
    """Return a sentence for each reason to doubt the numbers."""
    found = []
    if numbers.get("balanced_accuracy", 1.0) < LEAST_ACCURACY:
        found.append(
            f"The regression separates boxed positions from others with a balanced accuracy of "
            f"{100 * numbers['balanced_accuracy']:.1f} %, and 50 % is chance: its maps may be no better than random "
            "ones."
        )
    if numbers["contrast"]["without"] < FADED * numbers["contrast_before"]:
        found.append(
            "Without the maps, samples have less than half of their contrast. The probes were trained on real images, "
            "which differ from such samples, so their scores mean little. A smaller top drops fewer maps."
        )
    return found


def summary(numbers: dict[str, Any]) -> list[str]:
    """Return lines with the main numbers."""
    one = len(numbers["dropped"]) == 1
    control = f"{CONTROLS} single maps at random" if one else f"{CONTROLS} draws of as many random maps"
    lines = [f"{len(numbers['dropped'])} of {numbers['maps']} maps of {numbers['layer']} dropped"]
    if "boxes" in numbers:
        lines = [
            f"{numbers['boxes']} boxes on {numbers['boxed_samples']} samples; balanced accuracy of the regression on "
            f"held-out samples: {100 * numbers['balanced_accuracy']:.1f} %",
            *lines,
            f"mean change of pixels, of 255: inside of the boxes {_beside(numbers['change_inside'], control)}, "
            f"outside {_beside(numbers['change_outside'], control)}",
        ]
    lines += [
        f"mean change of pixels of other samples, of 255: {_beside(numbers['change'], control)}",
        f"their contrast, of 255: {numbers['contrast_before']:.1f} before, "
        f"{_beside(numbers['contrast'], control)} after",
    ]
    if "score" in numbers:
        quarter = f"the {numbers['score_of_surest']['samples']} with the highest scores by the selecting probe"
        for which, score in (("other samples", numbers["score"]), (quarter, numbers["score_of_surest"])):
            lines.append(
                f"{which}, with the attribute by the scoring probe, %: {100 * score['share_before']:.1f} before, "
                f"{_beside(score['share_after'], control, 100)} after; mean score {score['before']:.1f} before, "
                f"{_beside(score['after'], control)} after"
            )
        lines.append(
            f"balanced accuracy of the scoring probe on real images: {100 * numbers['probe_balanced_accuracy']:.1f} %"
        )
    return lines


def _beside(numbers: dict[str, float], control: str, times: float = 1.0) -> str:
    """Format a number with those of its controls."""
    mine, mean, least, largest = (times * each for each in numbers.values())
    return f"{mine:.1f} ({control}: {mean:.1f}, {least:.1f} to {largest:.1f})"
