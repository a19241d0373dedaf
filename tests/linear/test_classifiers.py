import itertools
import multiprocessing
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, RidgeClassifier as TheirRidgeClassifier
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from dcgan_probe.linear import (
    CONVERGED,
    ITERATION_LIMIT,
    STALLED,
    L2SVMClassifier,
    L2SVMClassifierCV,
    LogisticClassifier,
    RidgeClassifier,
)
from dcgan_probe.runtime import UserError

from .cases import blobs, file_of, tall, two_classes, wide

ESTIMATORS = [L2SVMClassifier, LogisticClassifier, RidgeClassifier, L2SVMClassifierCV]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # some checks allow five iterations
@parametrize_with_checks(
    [L2SVMClassifier(), LogisticClassifier(), RidgeClassifier(), L2SVMClassifierCV(Cs=(1e-3, 1e-1), cv=2)]
)
def test_scikit_learn_conventions(estimator, check) -> None:
    check(estimator)


def test_it_agrees_with_linear_svc_on_many_classes() -> None:
    features, labels = tall()
    names = np.array(["d", "a", "c", "b"])[labels]
    ours = L2SVMClassifier(C=0.1, tol=1e-10).fit(features, names)
    theirs = LinearSVC(C=0.1, tol=1e-10, dual=False, max_iter=20_000).fit(features, names)
    assert list(ours.classes_) == ["a", "b", "c", "d"]
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(ours.predict(features), theirs.predict(features))
    assert ours.objective_.shape == ours.gap_.shape == ours.gradient_norm_.shape == ours.status_.shape == (4,)
    np.testing.assert_allclose(ours.gap_, 0.5 * ours.gradient_norm_**2 / ours.objective_)
    assert set(ours.status_) == {CONVERGED}
    assert ours.n_features_in_ == 12


def test_two_classes_have_linear_svcs_shapes_and_sign() -> None:
    features, labels = two_classes()
    ours = L2SVMClassifier(C=0.1, tol=1e-10).fit(features, labels)
    theirs = LinearSVC(C=0.1, tol=1e-10, dual=False, max_iter=20_000).fit(features, labels)
    assert ours.coef_.shape == (1, 6)
    assert ours.intercept_.shape == (1,)
    np.testing.assert_allclose(ours.decision_function(features), theirs.decision_function(features), atol=1e-4)
    np.testing.assert_array_equal(ours.predict(features), theirs.predict(features))


@pytest.mark.parametrize("case", [tall, wide, two_classes])
def test_softmax_agrees_with_logistic_regression(case) -> None:
    features, labels = case()
    ours = LogisticClassifier(C=0.1, intercept="free", tol=1e-12).fit(features, labels)
    theirs = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000).fit(features, labels)
    assert ours.coef_.shape == theirs.coef_.shape
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(ours.predict_proba(features), theirs.predict_proba(features), atol=1e-4)
    np.testing.assert_allclose(ours.predict_proba(features).sum(axis=1), 1.0)
    assert ours.objective_.shape == (1,)


@pytest.mark.parametrize("case", [tall, wide, two_classes])
def test_ridge_agrees_with_ridge_classifier(case) -> None:
    features, labels = case()
    ours = RidgeClassifier(C=0.1, intercept="free", tol=1e-12).fit(features, labels)
    theirs = TheirRidgeClassifier(alpha=1.0 / (2.0 * 0.1)).fit(features, labels)
    np.testing.assert_allclose(ours.coef_, np.atleast_2d(theirs.coef_), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(ours.predict(features), theirs.predict(features))


@pytest.mark.parametrize(
    ("given", "computed"), [(np.float32, np.float32), (np.float64, np.float64), (np.float16, np.float32), (int, float)]
)
def test_the_dtype_of_the_computation_follows_the_input(given: type, computed: type) -> None:
    features, labels = tall()
    fitted = L2SVMClassifier(C=0.01).fit(features.astype(given), labels)
    assert fitted.coef_.dtype == fitted.intercept_.dtype == np.float64
    assert fitted.decision_function(features.astype(given)).dtype == computed


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("make", ESTIMATORS)
def test_tensors_and_files_are_fitted_like_arrays(make, dtype: type, tmp_path: Path) -> None:
    features, labels = tall()
    features = features.astype(dtype)
    plain = make().fit(features, labels)
    for other in (torch.from_numpy(features), file_of(tmp_path, features)):
        fitted = make().fit(other, labels)
        np.testing.assert_allclose(fitted.coef_, plain.coef_, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(fitted.objective_, plain.objective_, rtol=2e-6)
        assert fitted.coef_.dtype == plain.coef_.dtype
        assert fitted.n_features_in_ == 12
        np.testing.assert_array_equal(plain.predict(other), plain.predict(features))


@pytest.mark.parametrize("make", ESTIMATORS)
def test_standardizing_equals_standardized_features(make) -> None:
    features, labels = tall()
    features = features * np.logspace(-2, 2, 12) + 3.0
    by_hand = (features - features.mean(axis=0)) / features.std(axis=0)
    settings = {"cv": PredefinedSplit(np.zeros(200)), "Cs": [0.1]} if make is L2SVMClassifierCV else {"C": 0.1}
    if make is L2SVMClassifierCV:
        settings["cv"] = [(np.arange(200), np.arange(200))]
    inside = make(**settings, standardise=True, tol=1e-10).fit(features, labels)
    outside = make(**settings, tol=1e-10).fit(by_hand, labels)
    np.testing.assert_allclose(inside.decision_function(features), outside.decision_function(by_hand), atol=1e-3)


def test_a_grid_search_can_choose_the_penalty() -> None:
    features, labels = tall()
    search = GridSearchCV(L2SVMClassifier(), {"C": [1e-4, 1e-2, 1.0]}, cv=3).fit(features, labels)
    assert search.best_params_["C"] in (1e-4, 1e-2, 1.0)
    assert search.best_score_ > 0.6


def test_an_unfinished_fit_warns_with_its_gap_and_advice() -> None:
    features, labels = tall()
    message = r"4 of 4 problems stopped \(iteration limit\) with a relative gap of up to .* above tol=1.0e-06, after 1 "
    with pytest.warns(ConvergenceWarning, match=message + r"iterations at C=1; raise max_iter, scale the features"):
        fitted = L2SVMClassifier(max_iter=1).fit(features, labels)
    assert set(fitted.status_) == {ITERATION_LIMIT}


@pytest.mark.filterwarnings("ignore:. of 4 problems stopped")
def test_an_unfinished_selection_warns() -> None:
    features, labels = tall()
    with pytest.warns(ConvergenceWarning, match=r"fits on the splits stopped \(iteration limit\) with a relative gap"):
        fitted = L2SVMClassifierCV([1.0], max_iter=1).fit(features, labels)
    assert fitted.C_ == 1.0


def test_a_stalled_fit_reports_its_gap() -> None:
    features, labels = tall()
    with pytest.warns(ConvergenceWarning, match=r"problems stopped \(stalled\) .* gap of up to .*; raise tol, scale"):
        fitted = L2SVMClassifier(tol=1e-32, max_iter=1000).fit(features.astype(np.float32), labels)
    assert STALLED in fitted.status_


@pytest.mark.parametrize("make", ESTIMATORS)
def test_bad_input_is_refused_with_the_value_got_and_expected(make, tmp_path: Path) -> None:
    features, labels = tall()
    broken = features.copy()
    broken[5, 3] = np.nan
    for given in (broken, torch.from_numpy(broken), file_of(tmp_path, broken)):
        with pytest.raises(UserError, match="X contains NaN, first in column 3 at row 5; expected finite features"):
            make().fit(given, labels)
    with pytest.raises(UserError, match=r"the labels hold one class only, .*7.*; expected two or more"):
        make().fit(features, np.full(len(features), 7))
    with pytest.raises(UserError, match=r"Unknown label type: continuous.* Expected one discrete label for each row"):
        make().fit(features, features[:, 0])
    with pytest.raises(UserError, match=r"labels have shape \(199,\); expected one for each of the 200 rows"):
        make().fit(torch.from_numpy(features), labels[1:])
    with pytest.raises(ValueError, match=r"y should be a 1d array, got an array of shape \(200, 2\)"):
        make().fit(torch.from_numpy(features), np.stack([labels, labels], axis=1))
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        make().fit(torch.from_numpy(features), None)
    with pytest.raises(UserError, match=r"a fit of 200 x 12 features needs at least \d+ MB of additional memory, but"):
        make(memory=1 << 20).fit(features, labels)


def test_prediction_refuses_features_unlike_those_of_the_fit(tmp_path: Path) -> None:
    features, labels = tall()
    with pytest.raises(NotFittedError):
        L2SVMClassifier().predict(features)
    fitted = L2SVMClassifier().fit(features, labels)
    with pytest.raises(ValueError, match="X has 11 features, but L2SVMClassifier is expecting 12 features"):
        fitted.predict(features[:, :11])
    for given in (torch.from_numpy(features[:, :11]), file_of(tmp_path, features[:, :11])):
        with pytest.raises(ValueError, match="X has 11 features, but L2SVMClassifier is expecting 12 features"):
            fitted.predict(given)
    for value, dtype in itertools.product((np.nan, np.inf), (np.float64, np.float32, np.float16)):
        broken = features.astype(dtype)
        broken[5, 3] = value
        folder = tmp_path / f"{value} {dtype.__name__}"
        folder.mkdir()
        for given in (broken, torch.from_numpy(broken), file_of(folder, broken)):
            with pytest.raises(UserError, match=r"X contains (NaN|inf), first in column 3 at row 5"):
                fitted.predict(given)


@pytest.mark.parametrize("make", ESTIMATORS)
def test_bfloat16_tensors_and_those_with_a_gradient_are_fitted_as_float32(make) -> None:
    features, labels = blobs(60, 5, 3)
    tensor = torch.from_numpy(features).to(torch.bfloat16)
    plain = make().fit(tensor.float().numpy(), labels)
    weights = np.ones(len(labels))
    for given in (tensor, tensor.clone().requires_grad_(), tensor.float().requires_grad_()):
        fitted = make().fit(given, torch.from_numpy(labels).float().requires_grad_(), torch.from_numpy(weights))
        np.testing.assert_array_equal(fitted.coef_, plain.coef_)
        np.testing.assert_array_equal(fitted.predict(given), plain.predict(tensor.float().numpy()))
        assert given.requires_grad == (given is not tensor)


def test_labels_and_weights_may_be_bfloat16() -> None:
    features, labels = blobs(60, 5, 3)
    plain = L2SVMClassifier().fit(features, labels)
    given = torch.from_numpy(labels).bfloat16(), torch.ones(60, dtype=torch.bfloat16)
    np.testing.assert_array_equal(L2SVMClassifier().fit(features, *given).coef_, plain.coef_)


def test_sparse_tensors_are_refused_with_advice() -> None:
    features, labels = blobs(60, 5, 3)
    with pytest.raises(UserError, match=r"torch.sparse_coo, expected a dense one: pass X.to_dense\(\)"):
        L2SVMClassifier().fit(torch.from_numpy(features).to_sparse(), labels)


@pytest.mark.parametrize("dtype", [torch.float8_e5m2, torch.complex64])
def test_tensors_of_other_types_are_refused(dtype: torch.dtype) -> None:
    features, labels = blobs(60, 5, 3)
    with pytest.raises(
        UserError, match=rf"features are {dtype} \(60, 5\); expected float16, bfloat16, float32, float64, integers"
    ):
        L2SVMClassifier().fit(torch.from_numpy(8.0 * features).to(dtype), labels)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.int64, bool])
@pytest.mark.parametrize("make", ESTIMATORS)
def test_integers_are_fitted_equally_in_every_container(make, dtype: type, tmp_path: Path) -> None:
    features, labels = tall()
    whole = (features > 0.5) if dtype is bool else np.clip(np.rint(4.0 * features + 10.0), 0, 100)
    whole, exact = whole.astype(dtype), whole.astype(np.float64)
    wanted = make().fit(exact, labels)
    for given in (whole, whole.tolist(), torch.from_numpy(whole), file_of(tmp_path, whole)):
        fitted = make().fit(given, labels)
        np.testing.assert_allclose(fitted.coef_, wanted.coef_, rtol=1e-6, atol=1e-9)
        np.testing.assert_array_equal(fitted.predict(given), wanted.predict(exact))
        assert fitted.decision_function(given).dtype == np.float64


@pytest.mark.parametrize("make", ESTIMATORS)
def test_labels_and_weights_may_be_lists_columns_tensors_or_rows_of_a_file(make, tmp_path: Path) -> None:
    features, labels = tall()
    weights = np.arange(200) % 3 / 2.0
    wanted = make().fit(features, labels, weights)
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["labels"], file["weights"] = labels, weights
        for X in (features, torch.from_numpy(features)):
            for y, w in (
                (labels.tolist(), weights.tolist()),
                (torch.from_numpy(labels), torch.from_numpy(weights)),
                (file["labels"], file["weights"]),
            ):
                np.testing.assert_allclose(make().fit(X, y, w).coef_, wanted.coef_, rtol=1e-6, atol=1e-9)
            with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
                column = make().fit(X, labels[:, np.newaxis], weights)
            np.testing.assert_allclose(column.coef_, wanted.coef_, rtol=1e-6, atol=1e-9)


def test_a_fit_without_names_removes_those_of_a_data_frame() -> None:
    features, labels = tall()
    fitted = L2SVMClassifier().fit(pd.DataFrame(features, columns=list("abcdefghijkl")), labels)
    assert list(fitted.feature_names_in_) == list("abcdefghijkl")
    fitted.fit(torch.from_numpy(features), labels)
    assert not hasattr(fitted, "feature_names_in_")
    fitted.predict(features)


@pytest.mark.parametrize("intercept", ["penalised", "free"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("standardise", [False, True])
def test_the_classes_of_softmax_sum_to_zero(intercept: str, dtype: type, standardise: bool) -> None:
    features, labels = blobs(3_000, 12, 4, spread=2.0)
    fitted = LogisticClassifier(intercept=intercept, standardise=standardise).fit(
        (features + 5.0).astype(dtype), labels
    )
    np.testing.assert_allclose(fitted.coef_.sum(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(fitted.intercept_.sum(), 0.0, atol=1e-13)


@pytest.mark.parametrize("case", [tall, two_classes])
def test_logarithms_of_probabilities_are_scikit_learns_and_finite(case) -> None:
    features, labels = case()
    ours = LogisticClassifier(C=0.1, intercept="free", tol=1e-12).fit(features, labels)
    theirs = LogisticRegression(C=0.1, tol=1e-10, max_iter=10_000).fit(features, labels)
    np.testing.assert_allclose(ours.predict_log_proba(features), theirs.predict_log_proba(features), atol=1e-4)
    np.testing.assert_allclose(np.exp(ours.predict_log_proba(features)), ours.predict_proba(features), rtol=1e-12)
    far = ours.predict_log_proba(1e4 * features)
    assert np.isfinite(far).all()
    assert far.min() < -1e3


def test_rows_of_an_unfinished_file_are_refused(tmp_path: Path) -> None:
    features, labels = tall()
    with h5py.File(tmp_path / "part.h5", "w") as file:
        file["features"] = features
        file.attrs["complete"] = False
        with pytest.raises(UserError, match="the file of the features is not complete"):
            L2SVMClassifier().fit(file["features"], labels)
        file.attrs["complete"] = True
        fitted = L2SVMClassifier().fit(file["features"], labels)
    np.testing.assert_allclose(fitted.objective_, L2SVMClassifier().fit(features, labels).objective_, rtol=2e-6)


def fit_many() -> None:
    features, labels = blobs(30_000, 20, 10)
    L2SVMClassifier(C=1e-3).fit(features, labels)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_fits_too() -> None:
    fit_many()  # more than one chunk of losses, so that threads have been started
    process = multiprocessing.get_context("fork").Process(target=fit_many)
    process.start()
    process.join(180)
    alive = process.is_alive()
    process.kill()
    assert not alive
    assert process.exitcode == 0
