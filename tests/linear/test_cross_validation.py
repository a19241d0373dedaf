from typing import ClassVar

import numpy as np
import pytest
import sklearn
import torch
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    cross_validate,
)

from dcgan_probe.linear import L2SVMClassifier, L2SVMClassifierCV
from dcgan_probe.runtime import UserError

from .cases import tall, two_classes

PENALTIES = [1e-4, 1e-2, 1.0]
GROUPS = np.arange(200) // 8 % 7


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


class Recorder(StratifiedKFold):
    """Splitter that records its arguments."""

    __metadata_request__split: ClassVar[dict] = {"groups": True}

    def split(self, X, y=None, groups=None, mark=None):
        self.seen = {"X": X, "groups": groups, "mark": mark}
        return super().split(X, y)


@pytest.mark.parametrize("case", [tall, two_classes])
def test_cross_validation_equals_a_grid_search(case) -> None:
    features, labels = case()
    penalties, folds = [1e-4, 1e-3, 1e-2, 1.0], StratifiedKFold(4, shuffle=True, random_state=0)
    ours = L2SVMClassifierCV(penalties, cv=folds).fit(features, labels)
    search = GridSearchCV(L2SVMClassifier(), {"C": penalties}, cv=folds).fit(features, labels)
    theirs = [[search.cv_results_[f"split{fold}_test_score"][m] for m in range(4)] for fold in range(4)]
    np.testing.assert_allclose(ours.scores_, theirs, atol=1.01 / 20)  # a row on the decision boundary may go either way
    np.testing.assert_allclose(ours.scores_.mean(axis=0), np.mean(theirs, axis=0), atol=0.006)
    assert penalties[int(ours.scores_.mean(axis=0).argmax())] == ours.C_
    alone = L2SVMClassifier(ours.C_).fit(features, labels)
    np.testing.assert_allclose(ours.objective_, alone.objective_, rtol=2e-6)
    np.testing.assert_array_equal(ours.Cs_, penalties)
    assert ours.selection_gap_ <= 1e-6


def test_cross_validation_chooses_the_smallest_penalty_if_all_tie() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    penalties = [1e-1, 1e-3, 1e-4, 1e-2]
    constant = L2SVMClassifierCV(penalties).fit(np.ones((100, 4), np.float32), labels)
    np.testing.assert_array_equal(constant.scores_, np.full((5, 4), 0.5))  # share of the largest class
    assert constant.C_ == 1e-4
    separable = L2SVMClassifierCV(penalties).fit(np.eye(3, dtype=np.float32)[labels] * 100, labels)
    np.testing.assert_array_equal(separable.scores_, np.ones((5, 4)))
    assert separable.C_ == 1e-4


def test_cross_validation_accepts_splitters_and_pairs_of_row_numbers() -> None:
    features, labels = tall()
    validation = np.arange(200) % 5 == 0
    fitted = L2SVMClassifierCV([1e-3, 1.0], cv=PredefinedSplit(np.where(validation, 0, -1))).fit(features, labels)
    pairs = [(np.flatnonzero(~validation), np.flatnonzero(validation))]
    again = L2SVMClassifierCV([1e-3, 1.0], cv=pairs).fit(features, labels)
    assert fitted.scores_.shape == (1, 2)
    np.testing.assert_array_equal(fitted.scores_, again.scores_)
    for m, C in enumerate([1e-3, 1.0]):
        alone = L2SVMClassifier(C).fit(features[~validation], labels[~validation])
        assert fitted.scores_[0, m] == pytest.approx(alone.score(features[validation], labels[validation]), abs=0.026)


def test_cross_validation_refuses_a_fold_without_a_class() -> None:
    features, labels = tall()
    with pytest.raises(UserError, match="split 0 trains on 3 of 4 classes and holds 50 rows out"):
        L2SVMClassifierCV(cv=KFold(4)).fit(features, np.sort(labels))


@pytest.mark.parametrize("cv", [GroupKFold(3), LeaveOneGroupOut(), StratifiedGroupKFold(3)])
def test_groups_reach_the_splitter(cv) -> None:
    features, labels = tall()
    fitted = L2SVMClassifierCV(PENALTIES, cv=cv).fit(features, labels, groups=GROUPS)
    again = L2SVMClassifierCV(PENALTIES, cv=list(cv.split(features, labels, GROUPS))).fit(features, labels)
    np.testing.assert_array_equal(fitted.scores_, again.scores_)
    with pytest.raises(ValueError, match="groups"):
        L2SVMClassifierCV(PENALTIES, cv=cv).fit(features, labels)


def test_a_splitter_receives_the_original_rows() -> None:
    features, labels = tall()
    for X in (features, features.tolist(), torch.from_numpy(features)):
        folds = Recorder(3)
        L2SVMClassifierCV(PENALTIES, cv=folds).fit(X, labels)
        assert folds.seen["X"] is X


def test_masks_select_training_and_held_out_rows() -> None:
    features, labels = tall()
    held_out = np.arange(200) % 5 == 0
    masks = L2SVMClassifierCV(PENALTIES, cv=[(~held_out, held_out)]).fit(features, labels)
    numbers = L2SVMClassifierCV(PENALTIES, cv=[(np.flatnonzero(~held_out), np.flatnonzero(held_out))])
    np.testing.assert_array_equal(masks.scores_, numbers.fit(features, labels).scores_)


@pytest.mark.parametrize("standardise", [False, True])
def test_weights_of_a_group_equal_repeated_and_removed_rows(standardise: bool) -> None:
    features, labels = tall()
    weights = np.where(GROUPS == 0, np.arange(200) % 4, 1)
    settings = {"cv": LeaveOneGroupOut(), "tol": 1e-12, "standardise": standardise}
    weighted = L2SVMClassifierCV(PENALTIES, **settings).fit(features, labels, weights, groups=GROUPS)
    features, labels, groups = (np.repeat(each, weights, axis=0) for each in (features, labels, GROUPS))
    repeated = L2SVMClassifierCV(PENALTIES, **settings).fit(features, labels, groups=groups)
    np.testing.assert_allclose(weighted.scores_, repeated.scores_, rtol=1e-12)
    assert weighted.C_ == repeated.C_
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("share", [0.9, 0.2])
def test_balanced_weights_come_from_the_training_rows(share: float) -> None:
    features, labels = two_classes()
    kept = np.flatnonzero((labels == 0) | (np.arange(80) % 8 == 1))
    features, labels = features[kept], labels[kept]
    cv = StratifiedShuffleSplit(3, train_size=share, random_state=0)
    ours = L2SVMClassifierCV(PENALTIES, cv=cv, class_weight="balanced").fit(features, labels)
    search = GridSearchCV(L2SVMClassifier(class_weight="balanced"), {"C": PENALTIES}, cv=cv).fit(features, labels)
    for fold in range(3):
        theirs = [search.cv_results_[f"split{fold}_test_score"][m] for m in range(3)]
        np.testing.assert_allclose(ours.scores_[fold], theirs, atol=1e-12)


def test_a_split_whose_rows_have_no_weight_is_refused() -> None:
    features, labels = tall()
    folds = [(np.arange(0, 150), np.arange(150, 200))]
    with pytest.raises(UserError, match="split 0 trains on 4 of 4 classes and holds 0 rows with a weight above 0 out"):
        L2SVMClassifierCV(cv=folds).fit(features, labels, np.arange(200) < 150)
    alone = (np.arange(200) >= 150) | (labels != 2)
    with pytest.raises(UserError, match="split 0 trains on 3 of 4 classes and holds 50 rows with a weight above 0 out"):
        L2SVMClassifierCV(cv=folds).fit(features, labels, alone)


def test_metadata_without_a_recipient_is_refused() -> None:
    features, labels = tall()
    with pytest.raises(UserError, match=r"fit got mark; expected X, y, sample_weight and groups: .*set_config"):
        L2SVMClassifierCV().fit(features, labels, mark=1)


@pytest.mark.usefixtures("routing")
def test_metadata_is_routed_to_the_splitter() -> None:
    features, labels = tall()
    folds = Recorder(3)
    folds.set_split_request(mark=True)
    L2SVMClassifierCV(PENALTIES, cv=folds).fit(features, labels, np.ones(200), groups=GROUPS, mark="this")
    assert folds.seen["mark"] == "this"
    np.testing.assert_array_equal(folds.seen["groups"], GROUPS)
    with pytest.raises(TypeError, match="mark"):
        L2SVMClassifierCV(PENALTIES, cv=3).fit(features, labels, mark="this")


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("requested", [True, False])
def test_a_search_routes_weights_and_groups_through_the_estimator(requested: bool) -> None:
    features, labels = tall()
    weights = np.arange(200) % 3 + 0.5
    inner = L2SVMClassifierCV(PENALTIES, cv=GroupKFold(3)).set_fit_request(sample_weight=requested)
    inner.set_score_request(sample_weight=requested)
    found = cross_validate(
        inner,
        features,
        labels,
        cv=GroupKFold(2),
        params={"groups": GROUPS, "sample_weight": weights} if requested else {"groups": GROUPS},
        return_estimator=True,
        return_indices=True,
    )
    for fitted, rows in zip(found["estimator"], found["indices"]["train"], strict=True):
        alone = L2SVMClassifierCV(PENALTIES, cv=GroupKFold(3))
        alone.fit(features[rows], labels[rows], weights[rows] if requested else None, groups=GROUPS[rows])
        np.testing.assert_array_equal(fitted.scores_, alone.scores_)


@pytest.mark.usefixtures("routing")
def test_weights_without_a_request_are_refused() -> None:
    features, labels = tall()
    search = GridSearchCV(L2SVMClassifier(), {"C": PENALTIES}, cv=3)
    with pytest.raises(ValueError, match="sample_weight"):
        search.fit(features, labels, sample_weight=np.ones(200))
    asking = L2SVMClassifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    GridSearchCV(asking, {"C": PENALTIES}, cv=3).fit(features, labels, sample_weight=np.ones(200))
