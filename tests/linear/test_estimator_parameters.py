import inspect
import re
import warnings

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.estimator_checks import check_param_validation

from dcgan_probe.linear import L2SVMClassifier, L2SVMClassifierCV, LogisticClassifier, RidgeClassifier, fit_path, solve
from dcgan_probe.runtime import UserError

from .cases import one_vs_rest, tall

ESTIMATORS = [L2SVMClassifier, LogisticClassifier, RidgeClassifier, L2SVMClassifierCV]


@pytest.mark.parametrize("make", ESTIMATORS)
def test_parameters_are_validated_like_those_of_scikit_learn(make) -> None:
    check_param_validation(make.__name__, make())
    assert set(make._parameter_constraints) == set(make().get_params())


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("C", "1", r"a float in the range \(0.0, 1000000000000.0\]. Got '1' instead"),
        ("C", 0.0, r"a float in the range \(0.0, 1000000000000.0\]. Got 0.0 instead"),
        ("C", [1.0], "a float in the range"),
        ("C", None, "a float in the range"),
        ("C", np.nan, "a float in the range"),
        ("C", 1 + 0j, "a float in the range"),
        ("C", True, r"a float in the range \(0.0, 1000000000000.0\]. Got True instead"),
        ("C", np.True_, "a float in the range"),
        ("tol", True, "a float in the range"),
        ("max_iter", True, "an int in the range"),
        ("memory", True, "an int in the range"),
        ("max_iter", "a", r"an int in the range \[1, inf\). Got 'a' instead"),
        ("max_iter", 1e3, r"an int in the range \[1, inf\). Got 1000.0 instead"),
        ("max_iter", 0, "an int in the range"),
        ("tol", "1e-6", r"a float in the range \(0.0, 1.0\). Got '1e-6' instead"),
        ("tol", 1.0, "a float in the range"),
        ("memory", "500MB", r"an int in the range \[1, inf\) or None. Got '500MB' instead"),
        ("memory", 0, "an int in the range"),
        ("intercept", "none", r"a str among \{('free'|'penalised'|, )+\}. Got 'none' instead"),
        ("intercept", True, "a str among"),
        ("standardise", "yes", "an instance of 'bool' or an instance of 'numpy.bool'. Got 'yes' instead"),
        ("class_weight", "even", r"an instance of 'dict', a str among \{'balanced'\} or None. Got 'even' instead"),
        ("class_weight", [1.0, 2.0], "an instance of 'dict'"),
    ],
)
@pytest.mark.parametrize("make", ESTIMATORS)
def test_a_wrong_parameter_is_named_with_the_value_got_and_expected(make, name: str, value, expected: str) -> None:
    if name == "C" and make is L2SVMClassifierCV:
        name, value, expected = "Cs", value if np.isscalar(value) else None, "an array-like"
    message = f"The '{name}' parameter of {make.__name__} must be {expected}"
    with pytest.raises(ValueError, match=message):
        make(**{name: value}).fit(*tall())


@pytest.mark.parametrize(
    "given",
    [["0.1", "1"], [0.1, None], [0.1, 0.0], [], (), [[0.1]], [True], [np.nan], {0.1}, {0.1: 1}, np.zeros((1, 1))],
    ids=str,
)
def test_a_grid_of_invalid_penalties_is_refused(given) -> None:
    expected = "an array-like of one or more values, each a float in the range (0.0, 1000000000000.0]"
    message = f"The 'Cs' parameter of L2SVMClassifierCV must be {expected}. Got {given!r} instead."
    with pytest.raises(InvalidParameterError, match=re.escape(message)):
        L2SVMClassifierCV(Cs=given).fit(*tall())


@pytest.mark.parametrize("given", [(0.1, 1), np.array([0.1, 1.0]), range(1, 3), [np.float32(0.5), 1]], ids=str)
def test_grids_of_penalties_are_accepted(given) -> None:
    assert len(L2SVMClassifierCV(Cs=given, cv=2).fit(*tall()).scores_) == 2


@pytest.mark.parametrize("cv", ["five", 1, 2.5])
def test_an_invalid_cv_is_refused(cv) -> None:
    with pytest.raises(ValueError, match="cv"):
        L2SVMClassifierCV(cv=cv).fit(*tall())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_iter": "a"}, "max_iter is 'a'; expected a whole number of at least 1"),
        ({"max_iter": 10.5}, "max_iter is 10.5; expected a whole number of at least 1"),
        ({"tol": "1e-6"}, "tol is '1e-6'; expected a relative gap between 0 and 1"),
        ({"memory": "1GB"}, "memory is '1GB'; expected a whole number of bytes, or None"),
        ({"added_variance": "0.01"}, "added_variance is '0.01'; expected 0 or a positive number"),
    ],
)
def test_functions_check_settings_like_estimators(settings: dict, message: str) -> None:
    features, labels = tall()
    with sklearn.config_context(skip_parameter_validation=True):
        for fit in (
            lambda: fit_path(features, labels, [1.0], **settings),
            lambda: solve(features, one_vs_rest(labels), [1.0], **settings),
        ):
            with pytest.raises(UserError, match=message):
                fit()
    with pytest.raises(UserError, match=r"C is \['1'\]; expected positive numbers"):
        fit_path(features, labels, ["1"])


@pytest.mark.parametrize("make", ESTIMATORS)
def test_a_wrong_call_names_the_class_that_was_called(make) -> None:
    features, labels = tall()
    calls = [lambda: make(bogus=1), lambda: make(1.0, "free"), lambda: make().fit(features)]
    calls.append(lambda: make().fit(features, labels, None, None))
    for call in calls:
        with pytest.raises(TypeError, match=rf"^{make.__name__}\.(__init__|fit)\(\)"):
            call()
    fitted = make().fit(features, labels)
    for name, method in inspect.getmembers(fitted, inspect.ismethod):
        if name in ("predict", "decision_function", "predict_proba", "predict_log_proba"):
            with pytest.raises(TypeError) as raised:
                method()
            assert not re.search(r"(^|\W)_[A-Z]", str(raised.value))


@pytest.mark.parametrize("make", ESTIMATORS)
def test_parameters_are_kept_as_given_and_cloned(make) -> None:
    given = {
        "intercept": "free",
        "class_weight": {0: 2.0},
        "standardise": True,
        "tol": 1e-3,
        "max_iter": 7,
        "memory": 9,
    }
    first = make(**given)
    assert {name: value for name, value in first.get_params().items() if name in given} == given
    assert clone(first).get_params() == first.get_params()


@pytest.mark.parametrize("make", [L2SVMClassifier, LogisticClassifier, L2SVMClassifierCV])
def test_a_warning_points_to_the_line_that_fits(make) -> None:
    features, labels = tall()
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        make(max_iter=1).fit(features, labels)
    assert {warning.category for warning in found} == {ConvergenceWarning}
    assert {warning.filename for warning in found} == {__file__}
