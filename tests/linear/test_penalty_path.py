import numpy as np
import pytest

from dcgan_probe.linear import CONVERGED, ITERATION_LIMIT, LOSSES, STALLED, L2SVMClassifier, fit_path, predict_path
from dcgan_probe.linear.penalty_path import choose, worst
from dcgan_probe.runtime import UserError

from .cases import blobs, tall, two_classes


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
        assert fit.coefficients.dtype == np.float64
        assert fit.objective == pytest.approx(alone.objective_.sum(), rel=1e-8)
        assert fit.converged
        assert fit.gap <= 1e-10
        assert fit.gradient_norm > 0.0


@pytest.mark.parametrize("classifier", LOSSES)
@pytest.mark.parametrize("case", [tall, two_classes])
def test_predictions_of_a_path_are_those_of_its_classifiers(case, classifier: str) -> None:
    features, labels = case()
    path = fit_path(features, labels, [1e-3, 0.1, 1.0], classifier=classifier, standardise=True)
    np.testing.assert_array_equal(predict_path(path, features), [fit.predict(features) for fit in path])
    assert (predict_path(path, features) == labels).mean() > 0.6


@pytest.mark.parametrize("classifier", LOSSES)
def test_two_classes_have_one_row_of_coefficients(classifier: str) -> None:
    features, labels = two_classes()
    (fit,) = fit_path(features, np.array(["no", "yes"])[labels], [0.1], classifier=classifier)
    assert fit.coefficients.shape == (1, 6)
    assert fit.intercepts.shape == (1,)
    assert fit.decision(features).shape == (80,)
    np.testing.assert_array_equal(fit.predict(features) == "yes", fit.decision(features) > 0.0)
    assert (fit.predict(features) == np.array(["no", "yes"])[labels]).mean() > 0.6


def test_a_path_reports_its_status_without_a_warning() -> None:
    features, labels = tall()
    easy, hard = fit_path(features, labels, [1e-7, 1.0], max_iter=1)
    assert (easy.status, easy.converged) == (CONVERGED, True)
    assert (hard.status, hard.converged, hard.iterations) == (ITERATION_LIMIT, False, 1)
    assert hard.gap > 1e-6


def test_the_worst_status_is_reported() -> None:
    assert worst(np.array([CONVERGED, STALLED, CONVERGED])) == STALLED
    assert worst(np.array([STALLED, ITERATION_LIMIT])) == ITERATION_LIMIT
    assert worst(np.array([CONVERGED])) == CONVERGED


def test_the_highest_score_is_predicted() -> None:
    classes = np.array(["a", "b", "c"])
    assert list(choose(classes, np.array([[0.0, -1.0, 2.0], [3.0, 1.0, 2.0]]))) == ["c", "a"]
    assert list(choose(classes[:2], np.array([-0.1, 0.1]))) == ["a", "b"]


def test_a_path_refuses_wrong_input() -> None:
    features, labels = blobs(12, 3, 2)
    message = r"features are complex128 \(12, 3\); expected float16, bfloat16, float32, float64, integers or bool"
    with pytest.raises(UserError, match=message):
        fit_path(features.astype(complex), labels, [1.0])
    with pytest.raises(UserError, match=r"labels have shape \(11,\); expected one for each of the 12 rows"):
        fit_path(features, labels[1:], [1.0])
    with pytest.raises(UserError, match="one class only"):
        fit_path(features, np.zeros(12, dtype=np.int64), [1.0])
    with pytest.raises(UserError, match="got classifier 'tree', expected one of svm, logistic, ridge"):
        fit_path(features, labels, [1.0], classifier="tree")
    (fit,) = fit_path(features, labels, [1.0])
    with pytest.raises(UserError, match="the features have 2 columns, but the classifier was fitted with 3"):
        fit.predict(features[:, :2])


@pytest.mark.parametrize("shape", [(0, 3), (12, 0)])
def test_features_without_rows_or_columns_are_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(UserError):
        fit_path(np.zeros(shape), np.arange(shape[0]) % 2, [1.0])
