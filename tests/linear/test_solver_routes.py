import numpy as np
import pytest

from dcgan_probe.linear import CONVERGED, Sizes, make_plan, solve
from dcgan_probe.linear._solver.memory_plan import FIXED_BYTES, _column_bytes

from .cases import CASES, blobs, one_vs_rest, wide
from .solving import PENALTIES, force, reference_value, references


@pytest.mark.parametrize("route", ["factored", "sketched"])
@pytest.mark.parametrize("name", CASES)
def test_every_case_reaches_the_reference_minimum_on_the_other_routes(
    name: str, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = CASES[name]()
    force(monkeypatch, route)
    solution = solve(features, one_vs_rest(labels), PENALTIES)
    assert solution.plan.route == route
    assert (solution.status == CONVERGED).all()
    excess = solution.objective / references(name, np.float64) - 1.0
    assert (excess >= -1e-9).all()
    assert (excess <= solution.gap + 1e-9).all()


@pytest.mark.parametrize("free_intercept", [False, True])
@pytest.mark.parametrize("route", ["factored", "sketched"])
def test_the_span_of_the_rows_contains_the_minimum(
    route: str, free_intercept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, labels = wide()
    targets = one_vs_rest(labels)
    spanned = solve(features, targets, [1e-3, 1.0], tol=1e-12, free_intercept=free_intercept)
    assert spanned.plan.route == "span"
    force(monkeypatch, route)
    direct = solve(features, targets, [1e-3, 1.0], tol=1e-12, free_intercept=free_intercept)
    assert spanned.passes == 5 < direct.passes
    np.testing.assert_allclose(spanned.coefficients, direct.coefficients, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(spanned.intercepts, direct.intercepts, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(spanned.objective, direct.objective, rtol=1e-10)


def test_a_gap_that_rounding_left_in_the_span_is_closed_on_the_features() -> None:
    features, labels = blobs(25, 40, 3, spread=2.0)
    features = features * np.logspace(-5, 5, 40)
    solution = solve(features, one_vs_rest(labels), [1.0])
    assert solution.passes > 5
    assert (solution.status == CONVERGED).all()
    best = reference_value(features, one_vs_rest(labels)[:, 0], 1.0)
    assert solution.objective[0, 0] == pytest.approx(best, rel=1e-6)


def test_a_known_gram_matrix_changes_nothing() -> None:
    features, labels = wide()
    targets = one_vs_rest(labels)
    gram = features @ features.T
    kept = gram.copy()
    for settings in ({}, {"free_intercept": True}, {"standardise": True}):
        plain = solve(features, targets, [0.01], tol=1e-10, **settings)
        given = solve(features, targets, [0.01], tol=1e-10, gram=gram, **settings)
        np.testing.assert_allclose(given.objective, plain.objective, rtol=1e-9)
        np.testing.assert_allclose(given.coefficients, plain.coefficients, rtol=1e-5, atol=1e-8)
    np.testing.assert_array_equal(gram, kept)


@pytest.mark.parametrize("route", ["factored", "sketched"])
def test_groups_that_fit_the_memory_equal_one_group(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = blobs(300, 60, 3, spread=4.0)
    features = features.astype(np.float32)
    force(monkeypatch, route)
    targets, row_weights = one_vs_rest(labels), (np.arange(300) % 5 != [[0], [1]]).astype(np.float32)
    penalties = [1e-7, 1e-5, 1e-3, 1e-2]
    whole = solve(features, targets, penalties, row_weights=row_weights)
    sizes = Sizes(300, 60, 24, levels=len(penalties))
    shared = 61**2 * 4 if route == "factored" else 2 * 61 * 32 * 4
    memory = FIXED_BYTES + shared + 5 * _column_bytes(sizes) + 40_000
    assert make_plan(sizes, memory).together < 24
    grouped = solve(features, targets, penalties, row_weights=row_weights, memory=memory)
    assert (grouped.plan.route, whole.plan.together) == (route, 24)
    assert grouped.plan.together < 24
    assert (grouped.status == CONVERGED).all()
    np.testing.assert_allclose(grouped.objective, whole.objective, rtol=2e-6)
    assert grouped.passes > whole.passes
