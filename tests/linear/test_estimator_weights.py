from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, RidgeClassifier as TheirRidgeClassifier
from sklearn.svm import LinearSVC

from dcgan_probe.linear import L2SVMClassifier, LogisticClassifier, RidgeClassifier, fit_path
from dcgan_probe.runtime import UserError

from .cases import blobs, file_of, imbalanced, tall, two_classes, wide

ESTIMATORS = [L2SVMClassifier, LogisticClassifier, RidgeClassifier]
CLASSIFIERS = {L2SVMClassifier: "svm", LogisticClassifier: "logistic", RidgeClassifier: "ridge"}
SETTINGS = [{}, {"intercept": "free"}, {"standardise": True}, {"standardise": True, "intercept": "free"}]


def agree(ours, theirs, features: np.ndarray) -> None:
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    np.testing.assert_allclose(ours.objective_, theirs.objective_, rtol=1e-9)
    np.testing.assert_allclose(ours.decision_function(features), theirs.decision_function(features), atol=1e-5)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("case", [tall, wide, two_classes])
@pytest.mark.parametrize("make", ESTIMATORS)
def test_whole_weights_equal_repeated_rows_and_zero_equals_removed_ones(make, case, settings: dict) -> None:
    features, labels = case()
    weights = np.random.default_rng(0).integers(0, 4, len(labels))
    weighted = make(0.1, tol=1e-12, **settings).fit(features, labels, weights)
    repeated = make(0.1, tol=1e-12, **settings).fit(np.repeat(features, weights, axis=0), np.repeat(labels, weights))
    agree(weighted, repeated, features)


@pytest.mark.parametrize("settings", [{}, {"standardise": True}])
@pytest.mark.parametrize("make", ESTIMATORS)
def test_weights_of_many_rows_equal_repeated_ones(make, settings: dict) -> None:
    features, labels = blobs(3_000, 12, 4, spread=2.0)
    features = (features + 3.0).astype(np.float32)
    weights = np.random.default_rng(0).integers(0, 4, len(labels))
    weighted = make(0.1, tol=1e-10, **settings).fit(features, labels, weights)
    repeated = make(0.1, tol=1e-10, **settings).fit(np.repeat(features, weights, axis=0), np.repeat(labels, weights))
    np.testing.assert_allclose(weighted.objective_, repeated.objective_, rtol=1e-6)
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("make", ESTIMATORS)
def test_a_scalar_weight_multiplies_the_penalty(make) -> None:
    features, labels = tall()
    weighted = make(0.1, tol=1e-12).fit(features, labels, 3.0)
    agree(weighted, make(0.1, tol=1e-12).fit(features, labels, np.full(200, 3.0)), features)
    agree(weighted, make(0.3, tol=1e-12).fit(features, labels), features)


@pytest.mark.parametrize("make", ESTIMATORS)
def test_a_class_without_weight_equals_a_removed_class(make) -> None:
    features, labels = tall()
    without = make(0.1, tol=1e-12).fit(features, labels, labels != 1)
    removed = make(0.1, tol=1e-12).fit(features[labels != 1], labels[labels != 1])
    agree(without, removed, features)
    assert list(without.classes_) == [0, 2, 3]
    with pytest.raises(UserError, match="labels of rows with a weight above 0 hold one class only, 1; expected two"):
        make().fit(features, labels, labels == 1)


@pytest.mark.parametrize("value", [0.0, 1e6, np.float32(1e6)])
def test_the_content_of_rows_without_weight_does_not_matter(value: float) -> None:
    features, labels = tall()
    weights = np.arange(200) % 3
    changed = np.where(weights[:, np.newaxis] == 0, value, features)
    for settings in SETTINGS:
        plain, other = (
            L2SVMClassifier(0.1, tol=1e-12, **settings).fit(X, labels, weights) for X in (features, changed)
        )
        np.testing.assert_allclose(other.objective_, plain.objective_, rtol=1e-9)


def test_a_column_that_varies_only_in_rows_without_weight_is_constant() -> None:
    features, labels = tall()
    weights = np.arange(200) % 3
    features[:, 4] = np.where(weights == 0, np.arange(200.0), 7.0)
    fitted = L2SVMClassifier(standardise=True).fit(features, labels, weights)
    removed = L2SVMClassifier(standardise=True).fit(features[weights > 0], labels[weights > 0], weights[weights > 0])
    np.testing.assert_allclose(fitted.coef_, removed.coef_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(fitted.coef_[:, 4], 0.0, atol=1e-9)


@pytest.mark.parametrize("case", [tall, two_classes, imbalanced])
@pytest.mark.parametrize("class_weight", ["balanced", {0: 2.0, 1: 0.5}, {1: 3.0}])
@pytest.mark.parametrize("make", ESTIMATORS)
def test_class_weights_multiply_the_weights_of_rows(make, class_weight, case) -> None:
    features, labels = case()
    weights = np.random.default_rng(0).integers(0, 4, len(labels)).astype(float)
    counts = np.bincount(labels, weights)
    of_class = weights.sum() / (len(counts) * counts)
    if class_weight != "balanced":
        of_class = np.array([class_weight.get(label, 1.0) for label in range(len(counts))])
    inside = make(0.1, tol=1e-12, class_weight=class_weight).fit(features, labels, weights)
    agree(inside, make(0.1, tol=1e-12).fit(features, labels, weights * of_class[labels]), features)


@pytest.mark.parametrize("make", ESTIMATORS)
def test_balanced_classes_keep_weights_equal_to_repeated_rows(make) -> None:
    features, labels = tall()
    weights = np.random.default_rng(0).integers(0, 4, 200)
    settings = {"tol": 1e-12, "class_weight": "balanced", "standardise": True}
    weighted = make(0.1, **settings).fit(features, labels, weights)
    agree(
        weighted, make(0.1, **settings).fit(np.repeat(features, weights, axis=0), np.repeat(labels, weights)), features
    )


@pytest.mark.parametrize("class_weight", [None, "balanced", {"no": 3.0, "yes": 0.1}])
def test_weighted_fits_agree_with_scikit_learn(class_weight) -> None:
    features, codes = imbalanced()
    labels, weights = np.array(["no", "yes"])[codes], np.random.default_rng(0).random(len(codes)) + 0.5
    svc = LinearSVC(C=0.1, tol=1e-10, dual=False, max_iter=20_000, class_weight=class_weight)
    theirs_and_ours = [
        (svc, L2SVMClassifier(0.1, tol=1e-12, class_weight=class_weight)),
        (
            LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000, class_weight=class_weight),
            LogisticClassifier(0.1, intercept="free", tol=1e-12, class_weight=class_weight),
        ),
        (
            TheirRidgeClassifier(alpha=5.0, class_weight=class_weight),
            RidgeClassifier(0.1, intercept="free", tol=1e-12, class_weight=class_weight),
        ),
    ]
    # "balanced" of scikit-learn counts rows and ignores sample weights.
    rows = None if class_weight == "balanced" else weights
    for theirs, ours in theirs_and_ours:
        theirs.fit(features, labels, sample_weight=rows)
        ours.fit(features, labels, sample_weight=rows)
        np.testing.assert_allclose(ours.coef_, np.atleast_2d(theirs.coef_), rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("make", ESTIMATORS)
def test_tensors_files_and_paths_are_weighted_like_arrays(make, tmp_path: Path) -> None:
    features, labels = tall()
    weights = np.arange(200) % 3 / 2.0
    settings = {"standardise": True, "class_weight": {0: 2.0}, "tol": 1e-12}
    plain = make(0.1, **settings).fit(features, labels, weights)
    for other in (torch.from_numpy(features), file_of(tmp_path, features)):
        agree(make(0.1, **settings).fit(other, labels, torch.from_numpy(weights)), plain, features)
    (fit,) = fit_path(features, labels, [0.1], classifier=CLASSIFIERS[make], sample_weight=weights, **settings)
    np.testing.assert_allclose(fit.coefficients, plain.coef_, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(199), r"sample_weight has shape \(199,\); expected one number for each of the 200 rows"),
        (np.ones((200, 1)), r"sample_weight has shape \(200, 1\); expected one number for each"),
        (-np.ones(200), "sample_weight is -1 at row 0; expected 0 or a positive, finite number"),
        (np.where(np.arange(200) == 7, np.nan, 1.0), "sample_weight is nan at row 7; expected 0 or a positive"),
        (np.where(np.arange(200) == 7, np.inf, 1.0), "sample_weight is inf at row 7; expected 0 or a positive"),
        (np.zeros(200), "sample_weight is zero in all 200 rows; expected a positive number in at least one"),
        (np.full(200, "heavy"), "sample_weight is <U5; expected numbers"),
        ([None] * 200, "sample_weight is nan at row 0; expected 0 or a positive, finite number"),
        ([{}] * 200, r"sample_weight holds \{\}; expected numbers"),
        ("balanced", "sample_weight is <U8; expected numbers"),
        (np.full(200, 1e13), r"row weights of up to 1e\+13 times a C of 1 exceed 1e\+12; scale the weights"),
    ],
)
def test_invalid_sample_weights_are_refused(weights, message: str) -> None:
    features, labels = tall()
    for X in (features, torch.from_numpy(features)):
        with pytest.raises(UserError, match=message):
            L2SVMClassifier().fit(X, labels, weights)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({0: -1.0}, r"got class_weight \{0: -1.0\}, expected weights of 0 or positive, finite numbers"),
        ({0: 0, 1: 0, 2: 0, 3: 0}, "zero for all classes; expected a positive number for one"),
        ({0: np.nan}, "expected weights of 0 or positive, finite numbers"),
        ({"0": 1.0}, r"The classes, \[0, 1, 2, 3\], are not in class_weight; expected a number for each label"),
        ({0: "heavy"}, "could not convert string to float: 'heavy'; expected a number for each label"),
    ],
)
def test_invalid_class_weights_are_refused(class_weight: dict, message: str) -> None:
    features, labels = tall()
    with pytest.raises(UserError, match=message):
        L2SVMClassifier(class_weight=class_weight).fit(features, labels)


def test_a_path_refuses_an_unknown_string_for_class_weights() -> None:
    features, labels = tall()
    with pytest.raises(UserError, match="got class_weight 'even', expected a dict of weights by label, 'balanced'"):
        fit_path(features, labels, [1.0], class_weight="even")
