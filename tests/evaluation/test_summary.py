import statistics

import pandas
import pytest

from dcgan_probe.evaluation import Results, summarise, summarise_evaluation


def draws(record, accuracies, **changes):
    return [
        record(draw=draw, draws=len(accuracies), accuracy=accuracy, error=1 - accuracy, **changes)
        for draw, accuracy in enumerate(accuracies)
    ]


def test_mean_and_spread_by_definition(record):
    accuracies = [0.70, 0.74, 0.69, 0.77]
    summary = summarise_evaluation(draws(record, accuracies))
    assert summary.accuracy == pytest.approx(sum(accuracies) / 4)
    assert summary.spread == pytest.approx(statistics.stdev(accuracies))
    wide = summarise_evaluation(draws(record, accuracies, spread_definition="1.96 x standard deviation over draws"))
    assert wide.spread == pytest.approx(1.96 * statistics.stdev(accuracies))
    assert wide.standard_error == pytest.approx(statistics.stdev(accuracies) / 2)


def test_fits_that_did_not_converge_are_counted(record):
    rows = [record(draw=0), record(draw=1, converged=False, gap=2e-3)]
    summary = summarise_evaluation(rows)
    assert (summary.unconverged, summary.largest_gap) == (1, 2e-3)


def test_types_fit_json(record):
    summary = summarise_evaluation(draws(record, [0.5, 0.6], notes="one | two"))
    assert summary.labels == 30
    assert summary.to_dict()["layers"] == ["conv1", "conv2"]
    assert summary.to_dict()["notes"] == ["one", "two"]
    assert summarise_evaluation(draws(record, [0.5], labels="all")).labels == "all"


def test_the_newest_complete_evaluation_counts(record):
    old = draws(record, [0.5, 0.6], evaluation="old", date="2026-01-01T00:00:00+00:00")
    new = draws(record, [0.7, 0.8, 0.9], evaluation="new", date="2026-01-02T00:00:00+00:00")
    torn = draws(record, [0.1, 0.2], evaluation="torn", date="2026-01-03T00:00:00+00:00")[:1]
    select = [record(evaluation="new", stage="select", split="validation", draw=draw) for draw in range(9)]
    (summary,) = summarise(old + select + new + torn)
    assert (summary.evaluation, summary.draws, summary.accuracy) == ("new", 3, pytest.approx(0.8))
    (summary,) = summarise(new + old)
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
        {"extraction": "grid 1"},
        {"images_fingerprint_test": "other"},
        {"c_given": True},
    ],
)
def test_different_experiments_are_kept_apart(record, changes):
    rows = draws(record, [0.5, 0.6], evaluation="a") + draws(record, [0.7, 0.8], evaluation="b", **changes)
    assert [summary.evaluation for summary in summarise(rows)] == ["a", "b"]


def test_values_of_c_that_were_tried_out_all_stay_in_sight(record):
    rows = [row for C in (1e-3, 1e-2) for row in draws(record, [0.5], evaluation=f"{C}", c_given=True, C=C)]
    assert len(summarise(rows)) == 2
    rows = [row for C in (1e-3, 1e-2) for row in draws(record, [0.5], evaluation=f"{C}", C=C)]
    assert len(summarise(rows)) == 1


@pytest.mark.parametrize("largest_layer", [2, None])
def test_a_table_gives_the_same_as_records(record, tmp_path, largest_layer):
    rows = draws(record, [0.5, 0.6], largest_layer=largest_layer) + draws(
        record, [0.7], evaluation="b", scale="standardise"
    )
    results = Results(tmp_path)
    results.append(rows)
    frame = results.read()
    assert isinstance(frame, pandas.DataFrame)
    assert summarise(frame) == summarise(rows)
    assert summarise(frame[frame["scale"] == "none"]) == summarise(rows)[:1]


def test_time_counts_the_fits_that_chose_c(record):
    rows = draws(record, [0.5, 0.6], seconds=2.0)
    rows += [record(stage="select", split="validation", draw=draw, seconds=0.5) for draw in range(3)]
    (summary,) = summarise(rows)
    assert summary.seconds == pytest.approx(5.5)
    assert (summary.draws, summary.accuracy) == (2, pytest.approx(0.55))
