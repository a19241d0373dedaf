from dataclasses import replace

import numpy as np
import pytest

from dcgan_probe.evaluation import protocol_for
from dcgan_probe.evaluation.draws import class_rows, draw_rows, lay_out, most_labels
from dcgan_probe.runtime import UserError


def labels_of(counts, seed=0):
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))


def positions(rows, size):
    return np.arange(size)[rows]


def test_a_draw_has_as_many_rows_of_each_class_without_repetition():
    labels = labels_of([20, 30, 25])
    rows = draw_rows(labels, 3, 7, np.random.default_rng(3))
    assert (np.bincount(labels[rows]) == 7).all()
    assert len(set(rows)) == 21
    assert (np.diff(rows) > 0).all()


def test_every_row_of_a_class_is_drawn_equally_often():
    labels = labels_of([10, 10])
    counts = np.zeros(20)
    for seed in range(2000):
        counts[draw_rows(labels, 2, 3, np.random.default_rng(seed))] += 1
    assert np.abs(counts / 2000 - 0.3).max() < 0.05


def test_undrawn_rows_are_all_rows_that_were_not_drawn():
    labels = labels_of([20, 20, 20])
    layout = lay_out(protocol_for("glyphs", 60, 3, 15), labels, seed=0)
    trains, scores = layout.select_rows(4)
    assert sorted([*trains, *scores]) == list(range(60))
    assert len(trains) == 15
    assert (layout.labels == labels).all()


def test_all_labels_hold_out_a_fifth_of_each_class_and_refit_on_all():
    labels = labels_of([50, 20, 10])
    layout = lay_out(protocol_for("glyphs", 80, 3), labels, seed=0)
    trains, scores = layout.select_rows(0)
    assert isinstance(trains, slice)
    assert list(np.bincount(layout.labels[scores])) == [10, 4, 2]
    assert sorted([*positions(trains, 80), *positions(scores, 80)]) == list(range(80))
    assert len(positions(layout.report_rows(0), 80)) == 80
    assert sorted(layout.order) == list(range(80))
    assert (layout.labels == labels[layout.order]).all()


def test_svhn_draws_never_touch_the_fixed_validation_rows():
    labels = labels_of([1200] * 10)
    layout = lay_out(protocol_for("svhn", 12_000, 10, 100), labels, seed=0)
    validation = set(layout.order[layout.rest :])
    assert len(validation) == 10_000
    for draw in range(3):
        trains, scores = layout.select_rows(draw)
        assert set(layout.order[scores]) == validation
        assert not validation & set(layout.order[trains])
        assert not validation & set(layout.order[layout.report_rows(draw)])
    other = lay_out(protocol_for("svhn", 12_000, 10, 500), labels, seed=0)
    assert set(other.order[other.rest :]) == validation


def test_draws_differ_between_stages_draws_seeds_and_protocols_and_repeat_for_the_same_seed():
    labels = labels_of([100, 100])
    layout = lay_out(protocol_for("glyphs", 200, 2, 20), labels, seed=0)
    selected = [tuple(layout.select_rows(draw)[0]) for draw in range(10)]
    reported = [tuple(layout.report_rows(draw)) for draw in range(10)]
    other_seed = tuple(lay_out(layout.protocol, labels, seed=1).report_rows(0))
    other_set = tuple(lay_out(protocol_for("mnist", 200, 2, 20), labels, seed=0).report_rows(0))
    assert len({*selected, *reported, other_seed, other_set}) == 22
    assert tuple(lay_out(layout.protocol, labels, seed=0).report_rows(3)) == reported[3]


@pytest.mark.parametrize(
    ("counts", "labels", "option", "text"),
    [
        ([20, 20, 4], 15, "labels", "class 2 has 4 training rows to draw from, expected at least 6.* use at most 9"),
        ([20, 20, 5], 15, "labels", "class 2 has 5 training rows to draw from, expected at least 6.* use at most 12"),
        ([20, 20, 1], None, "dataset", "1 training row of class 2; expected at least 2 of each class"),
        ([20, 0, 20], None, "dataset", "no training row of class 1; .* number the classes from 0 on without gaps"),
        ([0, 20, 20], None, "dataset", "no training row of class 0; .* subtract 1 from the labels of both splits"),
    ],
)
def test_too_few_rows_of_a_class_are_refused(counts, labels, option, text):
    with pytest.raises(UserError, match=text) as caught:
        lay_out(protocol_for("glyphs", sum(counts), 3, labels), labels_of(counts), seed=0)
    assert caught.value.parameter == option


def test_as_many_labels_as_the_message_names_are_accepted():
    layout = lay_out(protocol_for("glyphs", 45, 3, 12), labels_of([20, 20, 5]), seed=0)
    assert len(layout.report_rows(0)) == 12


@pytest.mark.parametrize("labels", [labels_of([20, 20]), labels_of([20, 20, 20, 20])])
def test_labels_of_another_set_are_refused(labels):
    with pytest.raises(UserError, match="glyphs-15 is for 60 training rows of classes 0 to 2, got"):
        lay_out(protocol_for("glyphs", 60, 3, 15), labels, seed=0)


def test_a_label_of_a_billion_is_refused_at_once():
    labels = np.array([*[0, 1] * 20, 10**9])
    with pytest.raises(UserError, match="labels from 0 to 1000000000, of 3 of 1000000001 classes") as caught:
        class_rows(labels, 10**9 + 1, "glyphs")
    assert caught.value.parameter == "dataset"


@pytest.mark.parametrize("dataset", ["glyphs", "svhn"])
def test_the_most_labels_that_are_named_can_be_drawn(dataset):
    labels = labels_of([3000, 4000, 5000])
    most = most_labels(dataset, labels, 3, seed=2)
    assert most == (8997 if dataset == "glyphs" else pytest.approx(1500, abs=200))
    protocol = protocol_for(dataset, 12_000, 3, most, most=most)
    assert len(lay_out(protocol, labels, seed=2).report_rows(0)) == most
    with pytest.raises(UserError, match=f"use at most {most}, or all"):
        protocol_for(dataset, 12_000, 3, 99_999, most=most)


def test_draws_of_all_rows_are_refused():
    protocol = replace(protocol_for("svhn", 12_000, 2, 100), held_out_rows=11_900)
    labels = np.arange(12_000) % 2
    layout = lay_out(replace(protocol, labels=2), labels, seed=0)
    given = np.empty_like(labels)
    given[layout.order] = labels
    with pytest.raises(UserError, match="100 draws would have the same rows; use fewer labels, or `draws=1`"):
        lay_out(protocol, given, seed=0)
