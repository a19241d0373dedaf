from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from dcgan_probe.linear import LOSSES, solve
from dcgan_probe.linear._solver.design import Design
from dcgan_probe.linear._solver.line_searches import search, settle_intercepts
from dcgan_probe.linear._solver.objective import Problems, curvatures, evaluate, hessian_vector_product
from dcgan_probe.linear._solver.state import State, state_at

from .cases import primal_and_dual, tall, targets_of, wide

PENALTIES = np.array([0.01, 0.01, 2.0, 0.3])


def make(name: str, *, free_intercept: bool = False, tensors: bool = False) -> tuple[Problems, np.ndarray, np.ndarray]:
    """Return four problems with two sets of row weights, weights (4, Q, 13), and targets (4, N)."""
    features, labels = tall()
    draw = np.random.default_rng(3)
    row_weights = np.stack([np.ones(200), draw.integers(0, 3, 200)]).astype(float)
    classes = np.zeros(4, dtype=int) if name == "logistic" else np.array([0, 3, 1, 3])
    targets = targets_of(name, labels)
    targets = targets[np.newaxis] if name == "logistic" else targets.T.astype(float)
    design = Design(torch.from_numpy(features) if tensors else features)
    problems = Problems(
        design,
        LOSSES[name],
        4 if name == "logistic" else 1,
        design.array(targets),
        classes,
        design.array(row_weights),
        np.array([0, 1, 1, 0]),
        PENALTIES,
        free_intercept,
    )
    return problems, 0.1 * draw.standard_normal((4, problems.outputs, 13)), targets[classes]


def row_penalties(problems: Problems, j: int) -> np.ndarray:
    return problems.penalties[j] * np.asarray(problems.row_weights)[problems.folds[j]]


def state_of(problems: Problems, weights: np.ndarray) -> State:
    return state_at(problems, weights, problems.design.xp.float64)


@pytest.mark.parametrize("tensors", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_values_are_the_written_out_sum(name: str, tensors: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcgan_probe.linear._solver.objective.CHUNK_NUMBERS", 400 if name != "logistic" else 800)
    problems, weights, targets = make(name, tensors=tensors)
    state = state_of(problems, weights)
    for j in range(4):
        value, _ = primal_and_dual(
            name, np.asarray(problems.design.features), targets[j], row_penalties(problems, j), weights[j]
        )
        assert state.values[j] == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_match_finite_differences(name: str) -> None:
    problems, weights, _ = make(name)
    gradients = state_of(problems, weights).gradients
    for q in range(problems.outputs):
        for column in range(13):
            shift = np.zeros_like(weights)
            shift[:, q, column] = 1e-6
            ahead, behind = state_of(problems, weights + shift), state_of(problems, weights - shift)
            slope = (ahead.values - behind.values) / 2e-6
            np.testing.assert_allclose(gradients[:, q, column], slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_second_derivatives_match_finite_differences(name: str) -> None:
    problems, _, _ = make(name)
    draw = np.random.default_rng(4)
    scores = draw.standard_normal((4, problems.outputs, 200))
    slopes = draw.standard_normal(scores.shape)
    ahead, behind = (evaluate(problems, scores + sign * 1e-7 * slopes)[1] for sign in (1, -1))
    np.testing.assert_allclose(hessian_vector_product(problems, scores, slopes), (behind - ahead) / 2e-7, atol=1e-5)
    for q in range(problems.outputs):
        alone = np.zeros_like(scores)
        alone[:, q] = 1.0
        own = curvatures(problems, scores, np.float64)[:, q]
        np.testing.assert_allclose(own, hessian_vector_product(problems, scores, alone)[:, q], atol=1e-12)


@pytest.mark.parametrize("free_intercept", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_the_gap_is_the_primal_minus_the_dual_value(name: str, free_intercept: bool) -> None:
    problems, weights, targets = make(name, free_intercept=free_intercept)
    state = state_of(problems, weights)
    for j in range(4):
        value, bound = primal_and_dual(
            name,
            problems.design.features,
            targets[j],
            row_penalties(problems, j),
            state.weights[j],
            free_intercept=free_intercept,
        )
        assert state.gaps[j] == pytest.approx((value - bound) / value, rel=1e-7)
        assert state.gaps[j] > 1e-4


@pytest.mark.parametrize("free_intercept", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_a_search_finds_the_minimum_along_a_line(name: str, free_intercept: bool) -> None:
    problems, weights, _ = make(name)
    problems = Problems(**{**vars(problems), "free_intercept": free_intercept})
    design, draw = problems.design, np.random.default_rng(5)

    def value(at: np.ndarray) -> np.ndarray:
        scores = design.forward(at.reshape(-1, 13)).reshape(4, problems.outputs, 200)
        shrunk = problems.shrunk(at)
        return 0.5 * (shrunk**2).sum(axis=(1, 2)) + problems.penalties * evaluate(problems, scores)[0]

    for scale in (0.01, 1.0, 100.0):
        directions = scale * draw.standard_normal(weights.shape)
        scores = design.forward(weights.reshape(-1, 13)).reshape(4, problems.outputs, 200)
        slopes = design.forward(directions.reshape(-1, 13)).reshape(scores.shape)
        start = (value(weights + 1e-7 * directions) - value(weights - 1e-7 * directions)) / 2e-7
        directions *= -np.sign(start)[:, None, None]
        slopes *= -np.sign(start)[:, None, None]
        moved = scores.copy()
        steps = search(problems, moved, weights, directions, slopes, -np.abs(start)).steps
        np.testing.assert_allclose(moved, scores + steps[:, None, None] * slopes)
        found, at_zero = value(weights + steps[:, None, None] * directions), value(weights)
        for j in range(4):
            best = minimize_scalar(
                lambda step: value(weights + step * directions)[j],  # noqa: B023
                bounds=(0.0, 10.0 / scale),
                method="bounded",
                options={"xatol": 1e-9 / scale},
            ).fun
            assert found[j] <= best + 1e-3 * (at_zero[j] - best) + 1e-9
        # No step is made along an ascent direction.
        assert not search(problems, scores, weights, -directions, -slopes, np.abs(start)).steps.any()


@pytest.mark.parametrize("name", LOSSES)
def test_settled_intercepts_have_no_gradient(name: str) -> None:
    problems, weights, _ = make(name, free_intercept=True)
    scores = problems.design.forward(weights.reshape(-1, 13)).reshape(4, problems.outputs, 200)
    before = weights.copy()
    settle_intercepts(problems, scores, weights)
    np.testing.assert_array_equal(weights[..., :-1], before[..., :-1])
    assert (weights[..., -1] != before[..., -1]).all()
    _, residuals = evaluate(problems, scores)
    assert (np.abs(residuals.sum(axis=2)) <= 1e-11 * np.abs(residuals).sum(axis=2)).all()
    expected = problems.design.forward(weights.reshape(-1, 13)).reshape(scores.shape)
    np.testing.assert_allclose(scores, expected, atol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_intercepts_settle_in_few_evaluations(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Rounding limits the precision of a line search, which must end there before its iteration limit.
    features, labels = wide()
    looks: list[int] = []
    evaluated = LOSSES[name].evaluate

    def counted(*arguments: Any) -> Any:
        looks.append(1)
        return evaluated(*arguments)

    monkeypatch.setattr(LOSSES[name], "evaluate", counted, raising=False)
    solve(features, targets_of(name, labels), [1e-3, 1.0], loss=LOSSES[name], free_intercept=True)
    assert len(looks) < 1500


def test_selected_problems_keep_their_rows_and_penalties() -> None:
    problems, weights, _ = make("svm")
    chosen = np.array([3, 1])
    state = state_of(problems, weights)
    some = state_of(problems.take(chosen), weights[chosen])
    np.testing.assert_allclose(some.values, state.values[chosen])
    np.testing.assert_allclose(some.gradients, state.gradients[chosen])


def test_a_change_of_penalties_equals_a_new_state() -> None:
    problems, weights, _ = make("svm", free_intercept=True)
    state = state_of(problems, weights)
    ratios = np.array([1.0, 10.0, 3.0, 0.5])
    state.change_penalties(problems, ratios)
    raised = state_of(Problems(**{**vars(problems), "penalties": PENALTIES * ratios}), weights)
    np.testing.assert_allclose(state.values, raised.values, rtol=1e-12)
    np.testing.assert_allclose(state.gradients, raised.gradients, rtol=1e-9, atol=1e-9)
