import statistics
from dataclasses import replace

import pytest

from dcgan_probe.evaluation import summarize, summarize_evaluation


def draws(record, accuracies, **changes):
    return [
        record(draw=draw, draws=len(accuracies), accuracy=accuracy, **changes)
        for draw, accuracy in enumerate(accuracies)
    ]


def test_mean_and_spread_by_definition(record):
    accuracies = [0.70, 0.74, 0.69, 0.77]
    summary = summarize_evaluation(draws(record, accuracies))
    assert summary.accuracy == pytest.approx(sum(accuracies) / 4)
    assert summary.spread == pytest.approx(statistics.stdev(accuracies))
    wide = summarize_evaluation(draws(record, accuracies, spread_definition="1.96 x standard deviation over draws"))
    assert wide.spread == pytest.approx(1.96 * statistics.stdev(accuracies))
    # Two draws share a quarter of their rows.
    assert wide.standard_error == pytest.approx(statistics.stdev(accuracies) * (1 / 4 + 1 / 3) ** 0.5)
    apart = summarize_evaluation(draws(record, accuracies, overlap=0.0))
    assert apart.standard_error == pytest.approx(statistics.stdev(accuracies) / 2)


def test_fits_that_did_not_converge_are_counted(record):
    rows = [record(draw=0), record(draw=1, converged=False, gap=2e-3)]
    summary = summarize_evaluation(rows)
    assert (summary.unconverged, summary.largest_gap) == (1, 2e-3)


def test_types_fit_json(record):
    summary = summarize_evaluation(draws(record, [0.5, 0.6], notes="one | two"))
    assert summary.labels == 30
    assert summary.to_dict()["layers"] == ["conv1", "conv2"]
    assert summary.to_dict()["notes"] == ["one", "two"]
    assert summarize_evaluation(draws(record, [0.5], labels="all")).labels == "all"


def test_the_newest_complete_evaluation_counts(record):
    old = draws(record, [0.5, 0.6], evaluation="old", date="2026-01-01T00:00:00+00:00")
    new = draws(record, [0.7, 0.8, 0.9], evaluation="new", date="2026-01-02T00:00:00+00:00")
    torn = draws(record, [0.1, 0.2], evaluation="torn", date="2026-01-03T00:00:00+00:00")[:1]
    select = [record(evaluation="new", draws=3, stage="select", split="validation", draw=draw) for draw in range(9)]
    (summary,) = summarize(old + select + new + torn)
    assert (summary.evaluation, summary.draws, summary.accuracy) == ("new", 3, pytest.approx(0.8))
    (summary,) = summarize(new + old)
    assert summary.evaluation == "new"


@pytest.mark.parametrize(
    "changes",
    [
        {"protocol": "glyphs-60"},
        {"features": "random"},
        {"layers": "conv1"},
        {"scale": "standardise"},
        {"classifier": "ridge"},
        {"weights": "other"},
        {"images_seen": 1},
        {"seed": 1},
        {"options": {"grid": 1}},
        {"images_fingerprint_test": "other"},
        {"given": True},
    ],
)
def test_different_experiments_are_kept_apart(record, changes):
    rows = draws(record, [0.5, 0.6], evaluation="a") + draws(record, [0.7, 0.8], evaluation="b", **changes)
    assert [summary.evaluation for summary in summarize(rows)] == ["a", "b"]


def test_values_of_c_that_were_tried_out_all_stay_in_sight(record):
    rows = [row for C in (1e-3, 1e-2) for row in draws(record, [0.5], evaluation=f"{C}", given=True, chosen=C)]
    assert len(summarize(rows)) == 2
    rows = [row for C in (1e-3, 1e-2) for row in draws(record, [0.5], evaluation=f"{C}", chosen=C)]
    assert len(summarize(rows)) == 1


def test_options_and_notes_are_those_of_the_evaluation_and_of_its_fits(record):
    fits = [replace(each, options={"passes": 3}, notes="own") for each in draws(record, [0.5, 0.6], notes="shared")]
    summary = summarize_evaluation(fits)
    assert summary.options == {"grid": 2, "passes": 3}
    assert summary.notes == ("shared", "own")


@pytest.mark.parametrize(
    ("select", "train_rows", "budget"),
    [
        ([], 90, 30),  # C was given
        ([(30, 60), (30, 60)], 90, 90),  # C is chosen on the undrawn rows
        ([(72, 18)], 90, 90),  # a fifth is held out
        ([(30, 100), (30, 100)], 1000, 190),  # fixed validation rows, two draws, and the fresh one
        ([(30, 100), (30, 100)], 150, 150),  # at most the training set
    ],
)
def test_the_label_budget_counts_the_labels_that_chose(record, select, train_rows, budget):
    rows = draws(record, [0.5, 0.6], train_rows=train_rows)
    rows += [
        record(stage="select", draw=draw, train_rows=train_rows, rows_trained=trained, rows_scored=scored)
        for draw, (trained, scored) in enumerate(select)
    ]
    assert summarize_evaluation(rows).label_budget == budget


def test_time_counts_the_fits_that_chose_c(record):
    rows = draws(record, [0.5, 0.6], seconds=2.0)
    rows += [record(stage="select", split="validation", draw=draw, seconds=0.5) for draw in range(3)]
    (summary,) = summarize(rows)
    assert summary.seconds == pytest.approx(5.5)
    assert (summary.draws, summary.accuracy) == (2, pytest.approx(0.55))
