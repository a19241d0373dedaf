"""Trained networks beside their untrained controls, judged by the paired test of ``compare``."""

from collections.abc import Sequence
from typing import Any

from ..evaluation import Comparison, Summary, compare, why_not_paired
from .numbers import p_value, points

LEVEL = 0.05
"""Greatest p, adjusted for the number of controls in a table, at which a note says that a row loses to its control."""
CONTROL_OF = {"dcgan": "random"}
SAME_AS_CONTROL = ("network", "layers", "scale", "classifier", "run", "encoder_seed", "seed", "draws", "given")
OF_TRAINED_ONLY = ("batch_norm", "chosen_by", "chosen_by_labels")
"""Options in which a trained network and its control may differ."""
LOSES = "loses to its untrained control: {figures}; for this task the training has not helped"
NO_DIFFERENCE = "the paired test finds no difference from the untrained control: {figures}"


def control_notes(group: Sequence[Summary]) -> dict[str, str]:
    """Return a note for each trained network of one table that is not better than its control, by its evaluation.

    A row whose predictions, or whose control's, were not kept has no note, nor have rows of 2 to 4 draws: without a
    test, nothing is said.
    """
    pairs = [(summary, control) for summary in group if (control := control_of(summary, group)) is not None]
    compared = compare([pair for pair in pairs if not why_not_paired(*pair)])
    notes = {each.first.evaluation: _note(each) for each in compared}
    return {evaluation: note for evaluation, note in notes.items() if note}


def _note(comparison: Comparison) -> str:
    """Return what the test says against the training; empty where the row is better than its control."""
    difference, found = comparison.difference, comparison.holm_p <= LEVEL
    if found and difference.mean > 0:
        return ""
    several = f", Holm p {p_value(comparison.holm_p)} for {comparison.comparisons} controls"
    figures = (
        f"{points(difference.mean)} points of accuracy, 95 % interval {points(difference.low)} to "
        f"{points(difference.high)}, {comparison.test} test, p {p_value(comparison.p)}"
        f"{several if comparison.comparisons > 1 else ''}"
    )
    return (LOSES if found else NO_DIFFERENCE).format(figures=figures)


def control_of(summary: Summary, group: Sequence[Summary]) -> Summary | None:
    """Find the untrained network of the same shape, probed in the same way, among the rows of one table."""
    wanted = CONTROL_OF.get(summary.features)
    for other in group:
        same = all(getattr(other, name) == getattr(summary, name) for name in SAME_AS_CONTROL)
        same &= _geometry(other) == _geometry(summary)
        # Each chooses its own C, but a given one has to be the same.
        if other.features == wanted and same and (not summary.given or other.chosen == summary.chosen):
            return other
    return None


def _geometry(summary: Summary) -> dict[str, Any]:
    """Return how features were made but for the batch-norm rule and the choice of the checkpoint.

    An untrained network has no running averages, and nothing to choose.
    """
    return {name: value for name, value in summary.options.items() if name not in OF_TRAINED_ONLY}
