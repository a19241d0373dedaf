"""Table of nearest-neighbor errors on generated and on real images."""

import pytest

from dcgan_probe.images import SplitCaveats
from dcgan_probe.investigations import NeighborError
from dcgan_probe.report import format_neighbor_errors

ERRORS = [NeighborError(fitted_on, 10, 25, 100, 0.4321) for fitted_on in ("generated", "real")]
ERRORS += [NeighborError("generated", 20, 20, 100, 0.3)]


def test_a_row_a_count_and_nothing_where_none_was_measured():
    text = format_neighbor_errors(ERRORS, "glyphs", SplitCaveats(0, 1.5, 0.1))
    rows = [line.split() for line in text.splitlines()]
    assert ["10", "25.00", "±", "8.49", "25.00", "±", "8.49"] in rows
    assert ["20", "20.00", "±", "7.84", "–"] in rows
    assert "balanced" not in text
    assert "exact copies" not in text


def test_unbalanced_classes_and_copies_are_mentioned():
    text = format_neighbor_errors(ERRORS, "glyphs", SplitCaveats(7, 19.0, 0.95))
    rows = [line.split() for line in text.splitlines()]
    assert ["10", "25.00", "±", "8.49", "43.21", "25.00", "±", "8.49", "43.21"] in rows
    assert ["20", "20.00", "±", "7.84", "30.00", "–", "–"] in rows
    text = " ".join(text.split())
    assert "7 of the 100 test images are exact copies of training images" in text
    assert "by up to 19.0 to 1: always predicting the most frequent class has an error of 5.00 %" in text


@pytest.mark.parametrize("caveats", [SplitCaveats(None, None, None), SplitCaveats(0, 1.0, 0.1)])
def test_balanced_or_unknown_classes_are_not_mentioned(caveats):
    assert "nbalanced" not in format_neighbor_errors(ERRORS, "glyphs", caveats)
