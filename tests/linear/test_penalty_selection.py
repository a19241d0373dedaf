from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dcgan_probe.linear import CONVERGED, LOSSES, Selection, fit_path, select_penalty, solve
from dcgan_probe.runtime import UserError

from .cases import file_of, tall, targets_of, two_classes, wide

PENALTIES = [1e-4, 1e-2, 1.0]


def make_folds(rows: int, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    fold = np.random.default_rng(0).permutation(rows) % count
    return [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(count)]


def refuse(*_: Any, **__: Any) -> None:
    raise AssertionError("taken the other way")


@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize("case", [tall, wide, two_classes])
def test_folds_stacked_equal_folds_one_by_one(case, classifier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = case()
    folds = make_folds(len(labels), 4)
    with monkeypatch.context() as patch:
        patch.setattr("dcgan_probe.linear.penalty_selection._one_by_one", refuse)
        stacked = select_penalty(features, labels, PENALTIES, folds, classifier=classifier, tol=1e-9)
    monkeypatch.setattr("dcgan_probe.linear.penalty_selection.STACKED_SHARE", 2.0)
    separate = select_penalty(features, labels, PENALTIES, folds, classifier=classifier, tol=1e-9)
    assert stacked.accuracies.shape == (4, 3)
    np.testing.assert_allclose(stacked.accuracies, separate.accuracies)
    assert stacked.C == separate.C
    assert (stacked.status, separate.status) == (CONVERGED, CONVERGED)
    assert max(stacked.gap, separate.gap) <= 1e-9


@pytest.mark.parametrize("standardise", [False, True])
def test_accuracies_are_those_of_classifiers_fitted_by_hand(standardise: bool) -> None:
    features, labels = tall()
    folds = make_folds(200, 3)
    chosen = select_penalty(features, labels, PENALTIES, folds, standardise=standardise)
    for fold, (trains, held_out) in enumerate(folds):
        fits = fit_path(features[trains], labels[trains], PENALTIES, standardise=standardise)
        expected = [(fit.predict(features[held_out]) == labels[held_out]).mean() for fit in fits]
        np.testing.assert_allclose(chosen.accuracies[fold], expected, atol=0.016)  # one row on a decision boundary


def test_draws_of_few_rows_are_fitted_on_their_own_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = tall()
    monkeypatch.setattr("dcgan_probe.linear.penalty_selection._stacked", refuse)
    draw = np.random.default_rng(0)
    orders = [draw.permutation(200) for _ in range(3)]
    chosen = select_penalty(features, labels, PENALTIES, [(order[:40], order[40:]) for order in orders])
    assert chosen.accuracies.shape == (3, 3)
    assert chosen.start is None
    for fold, order in enumerate(orders):
        (fit,) = fit_path(features[order[:40]], labels[order[:40]], [1e-2])
        assert chosen.accuracies[fold, 1] == (fit.predict(features[order[40:]]) == labels[order[40:]]).mean()


@pytest.mark.parametrize("train_share", [0.1, 0.7])
def test_files_and_tensors_choose_like_arrays(
    train_share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcgan_probe.linear.penalty_selection.READ_ROWS", 30)
    features, labels = tall()
    features = features.astype(np.float16)
    order = np.random.default_rng(0).permutation(200)
    cut = int(200 * train_share)
    splits = [(order[:cut], order[cut:]), (order[-cut:], order[:-cut])]
    plain = select_penalty(features, labels, PENALTIES, splits)
    for other in (file_of(tmp_path, features), torch.from_numpy(features)):
        np.testing.assert_array_equal(select_penalty(other, labels, PENALTIES, splits).accuracies, plain.accuracies)


def test_scores_in_parts_equal_scores_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = tall()
    whole = select_penalty(features, labels, PENALTIES, make_folds(200, 5))
    monkeypatch.setattr("dcgan_probe.linear.penalty_selection.SCORE_NUMBERS", 2 * 3 * 4 * 200)
    parts = select_penalty(features, labels, PENALTIES, make_folds(200, 5))
    np.testing.assert_array_equal(parts.accuracies, whole.accuracies)


@pytest.mark.parametrize("classifier", LOSSES)
def test_the_start_is_near_the_fit_on_all_rows(classifier: str) -> None:
    features, labels = tall()
    chosen = select_penalty(features, labels, [1e-2], make_folds(200, 4), classifier=classifier)
    assert chosen.start is not None
    assert chosen.start.shape == (4, 13)
    refit = solve(features, targets_of(classifier, labels), [1e-2], loss=LOSSES[classifier])
    whole = np.hstack([refit.coefficients[0], refit.intercepts[0][:, np.newaxis]])
    assert np.linalg.norm(chosen.start - whole) < 0.3 * np.linalg.norm(whole)


def test_the_smallest_of_equal_values_is_chosen() -> None:
    accuracies = np.array([[0.5, 0.9, 0.8], [0.5, 0.7, 0.8]])
    assert Selection(np.array([1e-3, 1.0, 0.1]), accuracies, 0.0, CONVERGED, None).C == 0.1
    assert Selection(np.array([1e-3, 0.1, 1.0]), accuracies, 0.0, CONVERGED, None).C == 0.1
    assert Selection(np.array([1e-3, 0.1, 1.0]), accuracies[:1], 0.0, CONVERGED, None).best == 1


def test_splits_that_cannot_choose_are_refused() -> None:
    features, labels = tall()
    everything = np.arange(200)
    with pytest.raises(UserError, match=r"split 1 trains on 4 of 4 classes and holds 0 rows out; .* use fewer folds"):
        select_penalty(
            features, labels, PENALTIES, [(everything[:150], everything[150:]), (everything, everything[:0])]
        )
    with pytest.raises(UserError, match="split 0 trains on 3 of 4 classes and holds 50 rows out"):
        select_penalty(features, labels, PENALTIES, [(everything[labels != 2], everything[labels == 2])])


def test_rows_that_are_drawn_twice_count_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = tall()
    draw = np.random.default_rng(0)
    splits = []
    for _ in range(3):
        trains = draw.integers(0, 200, 200)
        splits.append((trains, np.setdiff1d(np.arange(200), trains)))
    stacked = select_penalty(features, labels, PENALTIES, splits, tol=1e-9)
    monkeypatch.setattr("dcgan_probe.linear.penalty_selection.STACKED_SHARE", 2.0)
    separate = select_penalty(features, labels, PENALTIES, splits, tol=1e-9)
    np.testing.assert_allclose(stacked.accuracies, separate.accuracies)


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ([], "got no splits; expected at least one"),
        ([(np.arange(100), np.array([200]))], "split 0 contains row 200; expected rows from 0 to 199"),
        ([(np.arange(-1, 100), np.array([150]))], "split 0 contains row"),
    ],
)
def test_rows_out_of_range_are_refused(splits: list, message: str) -> None:
    features, labels = tall()
    with pytest.raises(UserError, match=message):
        select_penalty(features, labels, PENALTIES, splits)
