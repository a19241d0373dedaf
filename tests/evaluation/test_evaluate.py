import json
import re
from dataclasses import replace
from functools import partial

import h5py
import numpy as np
import pytest
from sklearn.svm import LinearSVC

from dcgan_probe.evaluation import C_GRID, SCALES, Results, evaluate, protocol_for, summarize
from dcgan_probe.linear import fit_path
from dcgan_probe.runtime import UserError, derive_seed
from dcgan_probe.storage import open_feature_file


def drawn_by_hand(labels, classes, per_class, seed, name, stage, draw):
    rng = np.random.default_rng(derive_seed(seed, name, stage, draw))
    rows = [rng.permutation(np.flatnonzero(labels == c))[:per_class] for c in range(classes)]
    return np.sort(np.concatenate(rows))


def accuracy_by_hand(train, test, rows, score_X, score_y, C, scale):
    X, y = train.load()[rows].astype(np.float64), train.labels[rows]
    score_X = score_X.astype(np.float64)
    if scale != "none":
        added = {"standardise": 0.0, "standardise+0.01": 0.01}[scale]
        mean, deviation = X.mean(axis=0), np.sqrt(X.var(axis=0) + added)
        deviation[X.min(axis=0) == X.max(axis=0)] = 1.0
        X, score_X = (X - mean) / deviation, (score_X - mean) / deviation
    model = LinearSVC(C=C, dual=False, tol=1e-8, max_iter=10_000).fit(X, y)
    return float((model.predict(score_X) == score_y).mean())


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("ours", [False, True])
def test_draws_agree_with_the_protocol_done_by_hand(splits, liblinear_path, scale, ours):
    train, test = splits(noise=2.5)
    fit = partial(fit_path, tol=1e-9) if ours else liblinear_path
    protocol = protocol_for("glyphs", 90, 3, 15, draws=3, select_draws=2)
    records = []
    summary = evaluate(train, test, protocol, scale=scale, seed=4, on_fits=records.extend, fit=fit)
    selected = [r for r in records if r.stage == "select"]
    means = {}
    for record in selected:
        rows = drawn_by_hand(train.labels, 3, 5, 4, "glyphs-15", "select", record.draw)
        others = np.setdiff1d(np.arange(90), rows)
        by_hand = accuracy_by_hand(train, test, rows, train.load()[others], train.labels[others], record.chosen, scale)
        assert record.accuracy == pytest.approx(by_hand, abs=1e-12), record
        assert (record.rows_trained, record.rows_scored, record.split) == (15, 75, "validation")
        assert record.evaluation.select_draws == 2
        means.setdefault(record.chosen, []).append(by_hand)
    best = max(sorted(means), key=lambda C: np.mean(means[C]))
    assert best == summary.chosen
    by_hand = []
    for draw in range(3):
        rows = drawn_by_hand(train.labels, 3, 5, 4, "glyphs-15", "report", draw)
        by_hand.append(accuracy_by_hand(train, test, rows, test.load(), test.labels, best, scale))
    reported = [r for r in records if r.stage == "report"]
    assert [r.accuracy for r in reported] == pytest.approx(by_hand, abs=1e-12)
    assert summary.accuracy == pytest.approx(np.mean(by_hand))
    assert summary.error == pytest.approx(1 - np.mean(by_hand))
    assert summary.spread == pytest.approx(np.std(by_hand, ddof=1))
    # Two draws of 5 of 30 rows a class share a sixth of them.
    assert summary.standard_error == pytest.approx(np.std(by_hand, ddof=1) * np.sqrt(1 / 3 + (1 / 6) / (5 / 6)))


@pytest.mark.parametrize("scale", ["none", "standardise"])
def test_all_labels_refit_on_every_training_row(splits, liblinear_path, scale):
    train, test = splits(noise=2.5)
    records = []
    summary = evaluate(
        train, test, protocol_for("glyphs", 90, 3), scale=scale, on_fits=records.extend, fit=liblinear_path
    )
    assert {(r.rows_trained, r.rows_scored) for r in records if r.stage == "select"} == {(72, 18)}
    (reported,) = (r for r in records if r.stage == "report")
    by_hand = accuracy_by_hand(train, test, np.arange(90), test.load(), test.labels, summary.chosen, scale)
    assert reported.accuracy == summary.accuracy == pytest.approx(by_hand, abs=1e-12)
    assert (reported.rows_trained, reported.rows_scored, reported.evaluation.labels) == (90, 45, "all")
    assert (summary.spread, summary.standard_error, summary.draws, summary.labels) == (None, None, 1, "all")


def test_our_solver_has_the_accuracies_of_liblinear(splits, liblinear_path):
    train, test = splits(noise=2.5)
    protocol = protocol_for("glyphs", 90, 3, 15, draws=3, select_draws=2)
    ours, theirs = [], []
    evaluate(train, test, protocol, scale="standardise", C=1e-3, on_fits=ours.extend)
    evaluate(train, test, protocol, scale="standardise", C=1e-3, on_fits=theirs.extend, fit=liblinear_path)
    assert [r.accuracy for r in ours] == pytest.approx([r.accuracy for r in theirs], abs=1.01 / 45)
    assert all(r.converged and r.gap < 1e-5 and r.iterations > 0 and r.objective > 0 for r in ours)
    assert {r.status for r in ours} == {"converged"}


def test_the_spread_of_svhn_is_196_standard_deviations_with_a_note_on_overlap(splits, liblinear_path):
    train, test = splits(dataset="svhn", noise=3.0)
    records = []
    protocol = protocol_for("svhn", 90, 3, 15, draws=4, select_draws=1)
    summary = evaluate(train, test, protocol, on_fits=records.extend, fit=liblinear_path)
    accuracies = [r.accuracy for r in records if r.stage == "report"]
    assert summary.spread == pytest.approx(1.96 * np.std(accuracies, ddof=1))
    assert summary.spread > 0
    assert summary.spread_definition == "1.96 x standard deviation over draws"
    assert "draws overlap, since all come from the same 90 training rows" in summary.notes[0]


def test_the_same_seed_gives_the_same_records_and_another_seed_other_draws(splits, liblinear_path):
    train, test = splits(noise=3.0)
    protocol = protocol_for("glyphs", 90, 3, 15, draws=3, select_draws=2)

    def run(seed):
        records = []
        evaluate(train, test, protocol, seed=seed, on_fits=records.extend, fit=liblinear_path)
        shared = {"id": "", "date": ""}
        return [replace(r, evaluation=replace(r.evaluation, **shared), date="", seconds=0.0) for r in records]

    assert run(0) == run(0)
    assert [r.accuracy for r in run(0)] != [r.accuracy for r in run(1)]


def test_every_feature_set_is_probed_with_the_same_draws(splits):
    train, test = splits()
    seen = {}

    def remember(name):
        def fit(X, labels, Cs, **settings):
            seen.setdefault(name, []).append(labels.tolist())
            return [Always(0)] * len(Cs)

        return fit

    protocol = protocol_for("glyphs", 90, 3, 15, draws=2, select_draws=2)
    for name in ("conv1", "conv2"):
        evaluate(train.select([name]), test.select([name]), protocol, C=1e-3, fit=remember(name))
    assert seen["conv1"] == seen["conv2"]


class Always:
    """Classifier that predicts one class."""

    objective, gradient_norm, gap, iterations, status, converged = 1.0, 0.0, 0.0, 1, "converged", True

    def __init__(self, label):
        self.label = label

    def predict(self, X):
        return np.full(len(X), self.label)


def test_equal_accuracies_of_all_values_take_the_smallest_of_the_grid(splits):
    train, test = splits()
    sizes, progress = [], []
    summary = evaluate(
        train,
        test,
        protocol_for("glyphs", 90, 3),
        fit=lambda X, labels, Cs, **settings: sizes.append(len(Cs)) or [Always(0)] * len(Cs),
        on_progress=lambda step: progress.append((step.done, step.total)),
    )
    assert summary.chosen == 1e-4
    assert sizes == [7, 1]
    assert progress == [(0, 8), (7, 8), (8, 8)]
    assert summary.notes == ()


def test_equal_accuracies_of_the_smaller_values_extend_the_grid_to_its_limit_and_say_so(splits):
    train, test = splits()
    sizes, progress = [], []

    def fit(X, labels, Cs, **settings):
        sizes.append(len(Cs))
        return [Always(0 if C < 1e-2 else -1) for C in Cs]

    summary = evaluate(
        train,
        test,
        protocol_for("glyphs", 90, 3),
        fit=fit,
        on_progress=lambda step: progress.append((step.done, step.total)),
    )
    assert summary.chosen == 1e-8
    assert sizes == [7, 3, 3, 3, 3, 1]
    assert progress == [(0, 8), (7, 8), (10, 11), (13, 14), (16, 17), (19, 20), (20, 20)]
    assert summary.notes == ("C = 1e-08 is the limit of the grid's extension, so the best value may lie beyond it",)


def test_a_given_c_skips_selection_and_is_noted(splits, liblinear_path):
    train, test = splits()
    records, progress = [], []
    summary = evaluate(
        train,
        test,
        protocol_for("glyphs", 90, 3, 15, draws=2),
        C=0.7,
        on_fits=records.extend,
        on_progress=lambda step: progress.append((step.done, step.total)),
        fit=liblinear_path,
    )
    assert [(r.stage, r.chosen, r.evaluation.given) for r in records] == [("report", 0.7, True)] * 2
    assert progress == [(0, 2), (1, 2), (2, 2)]
    assert (summary.chosen, summary.given) == (0.7, True)
    assert summary.notes[1:] == ("C was given by the user, not chosen on validation rows",)


def test_records_say_where_a_figure_comes_from(splits, liblinear_path):
    train, test = splits()
    records = []
    evaluate(
        train, test, protocol_for("glyphs", 90, 3, 15, draws=1), C=1e-3, on_fits=records.extend, fit=liblinear_path
    )
    (record,) = records
    shared = record.evaluation
    assert (shared.features, shared.network, shared.layers, shared.dimension) == ("dcgan", "demo", "conv1+conv2", 12)
    # conv2 has 8 columns on a grid of 2 x 2.
    assert shared.largest_layer == 2
    assert (shared.options, record.options) == ({"grid": 2}, {})
    assert (shared.trained_on, shared.trained_on_images, record.images_seen) == ("glyphs", 500, 64_000)
    assert (shared.features_key_train, shared.features_key_test) == (train.key, test.key)
    assert (shared.images_fingerprint_train, shared.images_fingerprint_test) == ("glyphs-train", "glyphs-test")
    assert (shared.train_rows, shared.test_rows, shared.classifier) == (90, 45, "l2-svm")
    assert (shared.chosen_name, shared.given, shared.select_draws, shared.draws) == ("C", True, 0, 1)
    assert shared.overlap == pytest.approx(5 / 30)
    assert record.accuracy + record.error == pytest.approx(1)
    assert "torch 2." in shared.versions
    assert shared.threads >= 1
    assert record.date.endswith("+00:00")


def test_a_results_folder_stores_everything_in_the_summary(splits, liblinear_path, tmp_path):
    train, test = splits()
    results = Results(tmp_path / "results")
    summary = evaluate(
        train,
        test,
        protocol_for("glyphs", 90, 3, 15, draws=3, select_draws=1),
        results=results,
        fit=liblinear_path,
    )
    assert results.summaries() == [summary]
    assert summarize(results.records()) == [replace(summary, over_images=None)]
    json.dumps(summary.to_dict())
    with np.load(results.predictions_path(summary.evaluation)) as stored:
        assert stored["predictions"].dtype == np.uint8
        assert stored["predictions"].shape == (3, 45)
        assert float(stored["chosen"]) == summary.chosen
        assert int(stored["draws"]) == 3
        accuracies = (stored["predictions"] == test.labels).mean(axis=1)
    reported = [r.accuracy for r in results.records() if r.stage == "report"]
    assert accuracies.tolist() == pytest.approx(reported)


def test_progress_counts_fits_and_shows_the_state_of_the_current_one(splits):
    train, test = splits()
    steps = []
    evaluate(train, test, protocol_for("glyphs", 90, 3, 15, draws=2), C=1e-3, on_progress=steps.append)
    assert {(step.title, step.unit, step.kept) for step in steps} == {("glyphs-15 on dcgan features", "fits", True)}
    notes = [step.note for step in steps if step.done == 1]
    assert notes[0] == ""
    assert re.fullmatch(r"\d+ problems of this fit left, gap \de[+-]\d\d", notes[1])


def test_features_that_are_not_finite_are_refused_with_layer_and_column(splits):
    train, test = splits()
    path = train.file.path
    train.file._features.file.close()
    with h5py.File(path, "r+") as file:
        file["features"][17, 9] = np.nan
    broken = replace(train, file=open_feature_file(path))
    with pytest.raises(
        UserError, match=r"feature nan at image 17 of glyphs \(train\), layer conv2, column 5, is not finite"
    ):
        evaluate(broken, test, protocol_for("glyphs", 90, 3))
    # The other layer is sound.
    evaluate(broken.select(["conv1"]), test.select(["conv1"]), protocol_for("glyphs", 90, 3), fit=always_first)


def always_first(X, labels, Cs, **settings):
    return [Always(0)] * len(Cs)


def test_features_of_different_encoders_or_layers_are_refused(splits, write_features):
    train, test = splits()
    protocol = protocol_for("glyphs", 90, 3)
    with pytest.raises(UserError, match=r"training features have layers conv1 \(4 columns\), the test features conv1"):
        evaluate(train.select(["conv1"]), test, protocol)
    with pytest.raises(UserError, match="different encoders: images_seen is 64000 and 1; extract both again"):
        evaluate(train, replace(test, origin=replace(test.origin, images_seen=1)), protocol)
    other = write_features(test.labels, test.load(), "test2", weights="changed")
    with pytest.raises(UserError, match="different encoders: weights is w and changed"):
        evaluate(train, other, protocol)
    with pytest.raises(UserError, match=r"glyphs \(train\) and glyphs \(train\) are the same images"):
        evaluate(train, train, protocol)


def test_bad_settings_are_refused(splits):
    train, test = splits()
    protocol = protocol_for("glyphs", 90, 3)
    with pytest.raises(UserError, match="got C = 0, expected a positive, finite number"):
        evaluate(train, test, protocol, C=0.0)
    with pytest.raises(
        UserError, match=r"got scale 'l2', expected one of none, standardise, standardise\+0.01"
    ) as caught:
        evaluate(train, test, protocol, scale="l2")
    assert caught.value.parameter == "scale"


def test_two_classes_are_enough(splits, liblinear_path):
    train, test = splits(classes=2)
    summary = evaluate(
        train, test, protocol_for("glyphs", 90, 2, 10, draws=2, select_draws=1), C=C_GRID[0], fit=liblinear_path
    )
    ours = evaluate(train, test, protocol_for("glyphs", 90, 2, 10, draws=2, select_draws=1), C=C_GRID[0])
    assert summary.accuracy == pytest.approx(ours.accuracy, abs=0.05)
