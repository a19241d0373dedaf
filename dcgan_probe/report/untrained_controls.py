"""Notes on trained networks that do no better than their untrained controls, by the paired test of ``compare``."""

from collections.abc import Sequence
from typing import Any

from ..evaluation import Comparison, Summary, compare, why_not_paired
from .number_formats import p_value, points

LEVEL = 0.05
"""Significance level, for p adjusted for the number of controls in a table."""
CONTROL_OF = {"dcgan": "random"}
SAME_AS_CONTROL = ("network", "layers", "scale", "classifier", "run", "encoder_seed", "seed", "draws", "given")
OF_TRAINED_ONLY = ("batch_norm", "chosen_by", "chosen_by_labels")
"""Options in which a trained network and its control may differ."""
LOSES = "loses to its untrained control: {figures}; training has not helped on this task"
NO_DIFFERENCE = "the paired test finds no difference from the untrained control: {figures}"


def control_notes(group: Sequence[Summary]) -> dict[str, str]:
    """Return a note for each trained network of one table that is not better than its control, keyed by evaluation id.

    Rows that cannot be tested have no note: rows of 2 to 4 draws, and rows without test predictions of their own or of
    their control.
    """
    pairs = [(summary, control) for summary in group if (control := control_of(summary, group)) is not None]
    compared = compare([pair for pair in pairs if not why_not_paired(*pair)])
    notes = {each.first.evaluation: _note(each) for each in compared}
    return {evaluation: note for evaluation, note in notes.items() if note}


def _note(comparison: Comparison) -> str:
    """Return the note on one comparison; empty if the row is better than its control."""
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
    """Find the untrained network of the same shape and the same evaluation settings among the rows of one table."""
    wanted = CONTROL_OF.get(summary.features)
    for other in group:
        same = all(getattr(other, name) == getattr(summary, name) for name in SAME_AS_CONTROL)
        same &= _geometry(other) == _geometry(summary)
        # Each row chooses a C of its own, but given values have to be the same.
        if other.features == wanted and same and (not summary.given or other.chosen == summary.chosen):
            return other
    return None


def _geometry(summary: Summary) -> dict[str, Any]:
    """Return the options of the features without the batch-norm rule and the choice of the checkpoint.

    An untrained network has no running averages and no checkpoint to choose.
    """
    return {name: value for name, value in summary.options.items() if name not in OF_TRAINED_ONLY}
