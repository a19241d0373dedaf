"""Notes on trained networks that do no better than their untrained controls."""

from dataclasses import replace

import numpy as np
import pytest

from dcgan_probe.evaluation import compare
from dcgan_probe.report import format_tables, result_table
from dcgan_probe.report.rows import table_rows
from dcgan_probe.report.untrained_controls import control_notes, control_of


def predicted(first_only, second_only, draws=1, images=400):
    """Make two correct predictions, bool (draws, images): half of the images are right in both, some in one only."""
    first, second = np.zeros((2, draws, images), bool)
    first[:, : images // 2] = second[:, : images // 2] = True
    for draw in range(draws):
        first[draw, images // 2 + draw :][:first_only] = True
        second[draw, images // 2 + 20 + first_only :][:second_only] = True
    return first, second


@pytest.fixture
def pair(cifar10):
    """Return a function that makes a trained row and its control, with predictions that only one has right."""

    def make(first_only, second_only, draws=1, **changes):
        rows = zip(cifar10(), predicted(first_only, second_only, draws), strict=True)
        return [
            replace(row, correct=correct, accuracy=correct.mean(), error=1 - correct.mean(), draws=draws, **changes)
            for row, correct in rows
        ]

    return make


@pytest.mark.parametrize(("first_only", "second_only"), [(30, 36), (36, 36), (36, 30)])
def test_a_row_without_a_significant_difference_from_its_control_has_a_note(pair, first_only, second_only):
    rows = pair(first_only, second_only)
    (found,) = compare([tuple(rows)])
    assert found.p > 0.4
    (note,) = table_rows(rows)[0].measured[0].figure_notes
    difference = (first_only - second_only) / 4
    assert note == (
        f"the paired test finds no difference from the untrained control: {difference:+.2f} points of accuracy, 95 % "
        f"interval {100 * found.difference.low:+.2f} to {100 * found.difference.high:+.2f}, McNemar test, "
        f"p {found.p:.4f}"
    )


def test_a_row_that_loses_by_the_test_says_so(pair):
    rows = pair(10, 60)
    (note,) = table_rows(rows)[0].measured[0].figure_notes
    assert note.startswith("loses to its untrained control: -12.50 points of accuracy, 95 % interval -16.")
    assert note.endswith("McNemar test, p < 0.0001; training has not helped on this task")
    assert result_table(rows, full=True).iloc[0]["notes"].startswith(note)


def test_a_row_that_is_better_by_the_test_says_nothing(pair):
    assert table_rows(pair(60, 10))[0].measured[0].figure_notes == ()


def test_several_draws_are_judged_by_t(pair):
    (note,) = control_notes(pair(30, 36, draws=5, overlap=0.2)).values()
    assert "no difference" in note
    assert "-1.50 points" in note
    assert "t test, p 0." in note
    assert control_notes(pair(5, 90, draws=5, overlap=0.2))["e1"].startswith("loses to its untrained control: -21.25")


@pytest.mark.parametrize("draws", [2, 3, 4])
def test_without_a_test_there_is_no_note(pair, draws):
    assert control_notes(pair(5, 90, draws=draws)) == {}
    trained, control = pair(5, 90)
    for rows in ([replace(trained, correct=None), control], [trained, replace(control, correct=None)]):
        assert control_notes(rows) == {}


def test_p_is_adjusted_for_the_number_of_controls(pair):
    """14 against 29 have p 0.03; with three such pairs, no difference is significant."""
    one = pair(14, 29)
    assert 0.02 < compare([tuple(one)])[0].p < 0.05
    assert "loses" in control_notes(one)["e1"]
    three = [replace(row, run=f"runs/{run}", evaluation=f"{row.evaluation}-{run}") for run in "abc" for row in one]
    notes = control_notes(three)
    assert set(notes) == {"e1-a", "e1-b", "e1-c"}
    assert all("finds no difference" in note and ", Holm p 0.09" in note for note in notes.values())
    assert all(note.endswith(" for 3 controls") for note in notes.values())


@pytest.mark.parametrize("form", ["markdown", "latex", "console"])
def test_the_note_is_in_every_format(pair, form):
    text = " ".join(format_tables(pair(10, 60), form).split())
    percent = r"\%" if form == "latex" else "%"
    assert f"Loses to its untrained control: -12.50 points of accuracy, 95 {percent} interval" in text
    assert "not helped on this task." in text


def test_a_control_counts_only_if_it_was_probed_in_the_same_way(pair):
    trained, control = pair(10, 60)
    for change in ({"layers": ("conv1",)}, {"scale": "standardise"}, {"run": "runs/b"}, {"options": {"grid": 2}}):
        assert control_of(trained, [trained, replace(control, **change)]) is None
    assert control_of(trained, [trained, control]) is control
    assert table_rows([trained, replace(control, protocol="cifar10-500")])[0].measured[0].figure_notes == ()
