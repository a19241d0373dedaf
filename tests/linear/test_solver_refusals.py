from collections.abc import Callable

import numpy as np
import pytest

from dcgan_probe.linear import LOSSES, solve
from dcgan_probe.runtime import UserError

from .cases import one_vs_rest, tall, targets_of, wide
from .solving import force


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"penalties": [0.1, 0.0]}, "C is 0; expected a positive, finite number"),
        ({"penalties": [np.inf]}, "C is inf; expected a positive, finite number"),
        ({"penalties": [np.nan]}, "C is nan; expected a positive, finite number"),
        ({"penalties": [-2.0]}, "C is -2; expected"),
        ({"tol": 0.0}, "tol is 0; expected a relative gap between 0 and 1"),
        ({"max_iter": 0}, "max_iter is 0; expected a whole number of at least 1"),
        ({"row_weights": np.ones(199)}, r"row weights have shape \(1, 199\); expected \(F, 200\) or \(200,\), finite"),
        (
            {"row_weights": np.eye(2, 200) * [[1.0], [0.0]]},
            "set 1 of row weights is all zero; expected a positive weight in it",
        ),
        ({"penalties": [1e300]}, r"C is 1e\+300; expected at most 1e\+12"),
        ({"penalties": []}, r"C has shape \(0,\); expected one or more values"),
        ({"added_variance": -1.0}, "added_variance is -1; expected 0 or a positive number"),
        ({"row_weights": np.full((1, 200), np.inf)}, r"finite and at least 0"),
        ({"start": np.zeros((4, 12))}, r"start has shape \(4, 12\); expected finite weights of shape \(4, 13\)"),
        ({"start": np.full((4, 13), np.nan)}, "expected finite weights"),
        ({"gram": np.eye(3)}, r"gram has shape \(3, 3\); expected \(200, 200\)"),
        (
            {"row_weights": -np.ones((1, 200))},
            r"row weights have shape \(1, 200\); expected \(F, 200\) or \(200,\), finite and at least 0",
        ),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    features, labels = tall()
    arguments = {"penalties": [1.0], **settings}
    with pytest.raises(UserError, match=message):
        solve(features, one_vs_rest(labels), **arguments)


@pytest.mark.parametrize(
    ("classifier", "change", "message"),
    [
        ("svm", lambda targets: 2 * targets, r"numbers other than \+1 and -1"),
        ("svm", lambda targets: (targets + 1) // 2, r"numbers other than \+1 and -1"),
        ("svm", lambda targets: targets[:, 0], r"targets have shape \(200,\); expected \(N, K\)"),
        ("logistic", lambda targets: targets - 1, "with a minimum of -1; expected class numbers 0 to K - 1"),
        ("logistic", lambda targets: targets + 0.5, "targets are float64"),
    ],
)
def test_targets_of_other_values_are_refused(classifier: str, change: Callable, message: str) -> None:
    features, labels = tall()
    with pytest.raises(UserError, match=message):
        solve(features, change(targets_of(classifier, labels)), [1.0], loss=LOSSES[classifier])


def test_targets_of_other_rows_are_refused() -> None:
    features, labels = tall()
    with pytest.raises(UserError, match="got 199 rows of targets for 200 rows of features; expected as many"):
        solve(features, one_vs_rest(labels)[1:], [1.0])


@pytest.mark.parametrize(("size", "dtype"), [(1e20, np.float32), (1e30, float), (1e150, float)])
def test_features_whose_rounding_hides_the_gap_are_refused(size: float, dtype: type) -> None:
    features, labels = tall()
    features[3, 4] = size
    message = r"largest feature is 1e\+\d+, in column 4 at row 3; expected features up to 9e\+13, .* standardize"
    with pytest.raises(UserError, match=message):
        solve(features.astype(dtype), one_vs_rest(labels), [1.0])


@pytest.mark.parametrize("size", [1e61, 1e150])
def test_features_whose_squares_overflow_are_refused(size: float) -> None:
    features, labels = tall()
    features[3, 4] = size
    with pytest.raises(UserError, match=r"in column 4 at row 3; expected features up to 1e\+60, .* scale the features"):
        solve(features, one_vs_rest(labels), [1.0], standardise=True)


def test_a_column_too_small_to_standardize_is_refused() -> None:
    features, labels = tall()
    features = features.astype(np.float32)
    features[:, 5] *= np.float32(1e-25)
    with pytest.raises(UserError, match=r"column 5 has a deviation of .*e-25; expected 0 or at least 1e-19"):
        solve(features, one_vs_rest(labels), [1.0], standardise=True)


def test_a_deviation_that_underflows_is_reported_as_too_small() -> None:
    features, labels = tall()
    with pytest.raises(UserError, match="column 0 has a deviation of less than 1e-154; expected 0 or at least 1e-154"):
        solve(features * 1e-200, one_vs_rest(labels), [1.0], standardise=True)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("case", [tall, wide])
def test_features_that_are_not_finite_are_refused(case: Callable, value: float) -> None:
    features, labels = case()
    features[11, 3] = value
    with pytest.raises(UserError, match=r"X contains (NaN|inf), first in column 3 at row 11"):
        solve(features, one_vs_rest(labels), [1.0])


def test_features_that_change_to_other_finite_ones_are_refused() -> None:
    features, labels = tall()

    def change(left: int, gap: float) -> None:
        features[:100] *= 1.5

    with pytest.raises(UserError, match="the features changed during the fit"):
        solve(features, one_vs_rest(labels), [1.0], on_iteration=change)


class ChangingRows:
    """Features that are finite in the first pass only."""

    def __init__(self, features: np.ndarray):
        self._features, self._reads = features, 0
        self.shape, self.dtype = features.shape, features.dtype

    def __getitem__(self, rows: slice) -> np.ndarray:
        self._reads += 1
        return self._features[rows] if self._reads == 1 else np.full_like(self._features[rows], np.nan)


@pytest.mark.parametrize("route", ["narrow", "span", "factored", "sketched"])
def test_features_that_change_while_they_are_read_are_refused(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = wide()
    force(monkeypatch, route)
    with pytest.raises(UserError, match="features changed during the fit"):
        solve(ChangingRows(features), one_vs_rest(labels), [1.0])
