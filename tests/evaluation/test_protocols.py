from dataclasses import replace
from itertools import product

import pytest

from dcgan_probe.evaluation import protocol_for
from dcgan_probe.evaluation.protocols import disjoint
from dcgan_probe.runtime import UserError

ALL_SPLITS = ("train", "rest", "held out", "drawn", "undrawn", "test")


def test_cifar10_with_all_labels_holds_out_a_fifth_and_refits_on_all():
    protocol = protocol_for("cifar10", 50_000, 10)
    assert (protocol.name, protocol.labels, protocol.draws, protocol.select_draws) == ("cifar10-all", None, 1, 1)
    assert (protocol.held_out_share, protocol.held_out_rows) == (0.2, 0)
    assert (protocol.select_trains_on, protocol.chooses_on) == ("rest", "held out")
    assert (protocol.report_trains_on, protocol.reports_on) == ("train", "test")


def test_cifar10_with_4000_labels_draws_400_of_each_class_ten_times():
    protocol = protocol_for("cifar10", 50_000, 10, 4000)
    assert (protocol.name, protocol.per_class, protocol.select_draws, protocol.draws) == ("cifar10-4000", 400, 10, 10)
    assert (protocol.select_trains_on, protocol.chooses_on) == ("drawn", "undrawn")
    assert protocol.spread == "standard deviation over draws"
    assert protocol.notes == ()


def test_other_sets_follow_cifar10():
    ours, cifar10 = protocol_for("glyphs", 2000, 10, 500), protocol_for("cifar10", 2000, 10, 500)
    assert replace(ours, name="", dataset="") == replace(cifar10, name="", dataset="")


def test_svhn_has_a_fixed_validation_split_and_100_draws():
    protocol = protocol_for("svhn", 73_257, 10, 1000)
    assert (protocol.chooses_on, protocol.held_out_rows, protocol.held_out_share) == ("held out", 10_000, 0.0)
    assert (protocol.select_draws, protocol.draws, protocol.notes) == (10, 100, ())
    assert protocol.spread == "1.96 x standard deviation over draws"
    everything = protocol_for("svhn", 73_257, 10)
    assert (everything.held_out_rows, everything.held_out_share, everything.draws) == (10_000, 0.0, 1)


@pytest.mark.parametrize(("rows", "fixed"), [(10_999, 0), (11_000, 10_000)])
def test_svhn_with_under_11000_rows_has_no_fixed_split_and_a_note_on_overlap(rows, fixed):
    protocol = protocol_for("svhn", rows, 10, 500)
    assert protocol.held_out_rows == fixed
    assert protocol.chooses_on == ("held out" if fixed else "undrawn")
    assert bool(protocol.notes) == (not fixed)
    if not fixed:
        assert "draws overlap" in protocol.notes[0]
        assert "narrower than the paper's" in protocol.notes[0]
        assert protocol_for("svhn", rows, 10).held_out_share == 0.2


def test_draws_can_be_changed():
    protocol = protocol_for("svhn", 4434, 10, 1000, draws=3, select_draws=2)
    assert (protocol.draws, protocol.select_draws) == (3, 2)


@pytest.mark.parametrize(
    ("arguments", "option", "text"),
    [
        (
            ("svhn", 4434, 10, 1005),
            "labels",
            "got 1005 labels for svhn, expected a multiple of its 10 classes; use 1000",
        ),
        (("svhn", 4434, 10, 3), "labels", "multiple of its 10 classes; use 10 or 20"),
        (("glyphs", 500, 10, 500), "labels", "500 training rows to draw from, .*; use at most 490, or all"),
        (("svhn", 11_000, 10, 1000), "labels", "1000 training rows to draw from"),
        (("svhn", 4434, 10, 99_999), "labels", "4434 training rows to draw from, .*; use at most 4430, or all"),
        (("svhn", 4434, 10, 1005, None, None, 980), "labels", "use at most 980, or all"),
        (
            ("svhn", 4434, 10, 975, None, None, 980),
            "labels",
            "multiple of its 10 classes; use 970 or 980, at most 980",
        ),
        (("glyphs", 20, 10, 10, None, None, 0), "labels", "use all"),
        (("svhn", 4434, 10, 1000, 0), "draws", "got 0 draws; expected at least 1"),
        (("svhn", 4434, 10, 1000, 5, 0), "select_draws", "got 0 select draws; expected at least 1"),
        (("cifar10", 50_000, 10, None, 10), "draws", "got 10 draws with all labels"),
        (("cifar10", 50_000, 1, None), "dataset", "cifar10 has 1 class, expected at least 2"),
    ],
)
def test_impossible_protocols_are_refused(arguments, option, text):
    with pytest.raises(UserError, match=text) as caught:
        protocol_for(*arguments)
    assert caught.value.parameter == option


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"chooses_on": "test"}, "the split that chooses C and the reported split share rows"),
        ({"reports_on": "undrawn"}, "the split that chooses C and the reported split share rows"),
        ({"reports_on": "train"}, "the split that chooses C and the reported split share rows"),
        ({"select_trains_on": "train"}, "the split that trains and the split that chooses C share rows"),
        ({"chooses_on": "drawn"}, "the split that trains and the split that chooses C share rows"),
        ({"report_trains_on": "test"}, "the split that trains and the reported split share rows"),
        ({"held_out_rows": 5}, "exactly one of them if the held-out rows choose C"),
    ],
)
def test_construction_fails_if_splits_share_rows(changes, text):
    with pytest.raises(UserError, match=text):
        replace(protocol_for("cifar10", 50_000, 10, 4000), **changes)


def test_disjoint_agrees_with_sets_of_rows():
    # A training set of rows 0 to 9, of which 8 and 9 are held out and 0 to 2 drawn; the test rows are others.
    rows = {
        "train": set(range(10)),
        "rest": set(range(8)),
        "held out": {8, 9},
        "drawn": {0, 1, 2},
        "undrawn": set(range(3, 8)),
        "test": set(range(100, 110)),
    }
    # Undrawn and held-out rows are disjoint too, but no protocol uses both, so this is not guaranteed.
    unpromised = {frozenset({"undrawn", "held out"})}
    for first, second in product(ALL_SPLITS, ALL_SPLITS):
        if frozenset({first, second}) not in unpromised:
            assert disjoint(first, second) == rows[first].isdisjoint(rows[second]), (first, second)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"draws": 0}, "got draws 0, expected at least 1"),
        ({"select_draws": 0}, "got select_draws 0, expected at least 1"),
        ({"draws": 2.5}, "got draws 2.5, expected int"),
        ({"labels": "20"}, "got labels '20', expected int or None"),
        ({"labels": 501}, "got 501 labels for 10 classes, expected a multiple"),
        ({"labels": -10}, "got -10 labels for 10 classes"),
        ({"spread": "sd"}, "got the spread 'sd', expected 'standard deviation over draws' or"),
    ],
)
def test_values_out_of_range_are_refused(change, message):
    with pytest.raises(UserError, match=message):
        replace(protocol_for("mine", 2000, 10, 500), **change)
