import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from dcgan_probe.probe import CONVERGED, ITERATION_LIMIT, L2SVMClassifier, fit_path
from dcgan_probe.runtime import UserError

from .cases import blobs, tall, two_classes


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # some checks allow five iterations
@parametrize_with_checks([L2SVMClassifier()])
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


@pytest.mark.parametrize(
    ("given", "computed"), [(np.float32, np.float32), (np.float64, np.float64), (np.float16, np.float64), (int, float)]
)
def test_the_dtype_of_the_computation_follows_the_input(given: type, computed: type) -> None:
    features, labels = tall()
    fitted = L2SVMClassifier(C=0.01).fit(features.astype(given), labels)
    assert fitted.coef_.dtype == fitted.intercept_.dtype == computed
    assert fitted.decision_function(features.astype(given)).dtype == computed


def test_a_grid_search_can_choose_the_penalty() -> None:
    features, labels = tall()
    search = GridSearchCV(L2SVMClassifier(), {"C": [1e-4, 1e-2, 1.0]}, cv=3).fit(features, labels)
    assert search.best_params_["C"] in (1e-4, 1e-2, 1.0)
    assert search.best_score_ > 0.6


def test_an_unfinished_fit_warns_by_how_much_and_what_to_try() -> None:
    features, labels = tall()
    message = r"4 of 4 problems stopped \(iteration limit\) with a relative gap of up to .* above tol=1.0e-06, after 1 "
    with pytest.warns(ConvergenceWarning, match=message + r"iterations at C=1; raise max_iter, scale the features"):
        fitted = L2SVMClassifier(max_iter=1).fit(features, labels)
    assert set(fitted.status_) == {ITERATION_LIMIT}


def test_a_stalled_fit_advises_more_precision() -> None:
    features, labels = tall()
    with pytest.warns(ConvergenceWarning, match=r"problems stopped \(stalled\).*; give float64 features, scale"):
        L2SVMClassifier(tol=1e-32, max_iter=1000).fit(features.astype(np.float32), labels)


def test_bad_input_is_refused_with_what_was_got_and_expected() -> None:
    features, labels = tall()
    broken = features.copy()
    broken[5, 3] = np.nan
    with pytest.raises(UserError, match="X contains NaN, first in column 3 at row 5; expected finite features"):
        L2SVMClassifier().fit(broken, labels)
    broken[5, 3] = -np.inf
    with pytest.raises(UserError, match="X contains inf, first in column 3 at row 5"):
        L2SVMClassifier().fit(features, labels).predict(broken)
    with pytest.raises(UserError, match=r"the labels hold one class only, .*7.*; expected two or more"):
        L2SVMClassifier().fit(features, np.full(len(features), 7))
    with pytest.raises(UserError, match=r"Unknown label type: continuous.* Give one discrete label for each row"):
        L2SVMClassifier().fit(features, features[:, 0])
    with pytest.raises(UserError, match="C is 0; expected a positive, finite number"):
        L2SVMClassifier(C=0).fit(features, labels)
    with pytest.raises(ValueError, match="X has 11 features, but L2SVMClassifier is expecting 12 features"):
        L2SVMClassifier().fit(features, labels).predict(features[:, :11])


def test_a_path_equals_separate_estimators() -> None:
    features, labels = tall()
    features = features.astype(np.float32)
    path = fit_path(features, labels + 3, [1e-3, 1.0], tol=1e-10)
    assert [fit.C for fit in path] == [1e-3, 1.0]
    for fit in path:
        alone = L2SVMClassifier(C=fit.C, tol=1e-10).fit(features, labels + 3)
        np.testing.assert_array_equal(fit.classes, [3, 4, 5, 6])
        np.testing.assert_allclose(fit.coefficients, alone.coef_, rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(fit.decision(features), alone.decision_function(features), atol=1e-4)
        np.testing.assert_array_equal(fit.predict(features), alone.predict(features))
        assert fit.coefficients.dtype == np.float32
        assert fit.objective == pytest.approx(alone.objective_.sum(), rel=1e-8)
        assert fit.converged
        assert fit.gap <= 1e-10
        assert fit.gradient_norm > 0.0


def test_a_path_of_two_classes_has_one_row_of_coefficients() -> None:
    features, labels = two_classes()
    (fit,) = fit_path(features, labels, [0.1])
    assert fit.coefficients.shape == (1, 6)
    assert fit.decision(features).shape == (80,)
    np.testing.assert_array_equal(fit.predict(features), L2SVMClassifier(C=0.1).fit(features, labels).predict(features))


def test_a_path_reports_its_status_without_a_warning() -> None:
    features, labels = tall()
    easy, hard = fit_path(features, labels, [1e-7, 1.0], max_iter=1)
    assert (easy.status, easy.converged) == (CONVERGED, True)
    assert (hard.status, hard.converged, hard.iterations) == (ITERATION_LIMIT, False, 1)
    assert hard.gap > 1e-6


def test_a_path_refuses_wrong_arrays() -> None:
    features, labels = blobs(12, 3, 2)
    with pytest.raises(UserError, match=r"features are int64 \(12, 3\); expected float32 or float64 \(N, D\)"):
        fit_path(features.astype(int), labels, [1.0])
    with pytest.raises(UserError, match=r"labels have shape \(11,\); expected one for each of the 12 rows"):
        fit_path(features, labels[1:], [1.0])
    with pytest.raises(UserError, match="one class only"):
        fit_path(features, np.zeros(12, dtype=np.int64), [1.0])
