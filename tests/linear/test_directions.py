import numpy as np
import pytest

from dcgan_probe.linear import LOSSES
from dcgan_probe.linear._solver.descent import descend
from dcgan_probe.linear._solver.design import Design
from dcgan_probe.linear._solver.dominant_subspace import DominantSubspace
from dcgan_probe.linear._solver.lbfgs import LBFGS
from dcgan_probe.linear._solver.newton import Newton
from dcgan_probe.linear._solver.objective import Problems
from dcgan_probe.linear._solver.preconditioners import Factored
from dcgan_probe.linear._solver.state import State, state_at

from .cases import one_vs_rest, tall, with_constant

LEVEL = 0.1


def make(name: str = "svm") -> tuple[Problems, State, Factored, DominantSubspace, np.ndarray]:
    """Return eight problems, their state at zero, a preconditioner, the dominant subspace and levels."""
    features, labels = tall()
    design = Design(features)
    targets = one_vs_rest(labels).T.astype(float)
    penalties = np.repeat([0.01, 1.0], 4)
    folds = np.zeros(8, dtype=int)
    problems = Problems(design, LOSSES[name], 1, targets, np.tile(np.arange(4), 2), np.ones((1, 200)), folds, penalties)
    factored = Factored(design.moments())
    subspace = DominantSubspace.of(design, factored, free_intercept=False)
    factored.prepare([LEVEL])
    return problems, state_at(problems, np.zeros((8, 1, 13)), np.float64), factored, subspace, np.full(8, LEVEL)


def test_without_history_the_direction_is_the_preconditioned_gradient() -> None:
    problems, state, factored, _, levels = make()
    rows = with_constant(problems.design.features)
    inverse = np.linalg.inv(np.eye(13) + LEVEL * rows.T @ rows)
    directions = LBFGS(factored, levels).directions(problems, state)
    np.testing.assert_allclose(directions[:, 0], -state.gradients[:, 0] @ inverse, rtol=1e-9)


def test_a_pair_is_reproduced() -> None:
    problems, state, factored, _, levels = make()
    draw = np.random.default_rng(0)
    method = LBFGS(factored, levels)
    for _ in range(3):
        steps = draw.standard_normal((8, 1, 13))
        changes = steps @ np.diag(np.linspace(1.0, 5.0, 13))
        method.update(steps, changes)
    # The secant equation: the inverse maps the last change to the last step.
    state.gradients = changes
    np.testing.assert_allclose(method.directions(problems, state), -steps, rtol=1e-9)
    # A pair with a negative product, as by rounding, is ignored.
    method.update(steps, -changes)
    np.testing.assert_allclose(method.directions(problems, state), -steps, rtol=1e-9)


def test_newtons_direction_solves_with_the_active_rows() -> None:
    problems, state, factored, subspace, levels = make()
    descend(problems, state, LBFGS(factored, levels), subspace, tol=0.3, max_iter=2)
    directions = Newton(factored, levels, 1e-30).directions(problems, state)
    rows = with_constant(problems.design.features)
    for j, penalty in enumerate(problems.penalties):
        held = rows[state.residuals[j, 0] != 0.0]
        left = directions[j, 0] @ (np.eye(13) + 2.0 * penalty * held.T @ held) + state.gradients[j, 0]
        assert np.linalg.norm(left) <= 0.1 * np.linalg.norm(state.gradients[j, 0]) * (1.0 + 1e-9)


@pytest.mark.parametrize("name", ["svm", "ridge"])
@pytest.mark.parametrize("method", ["lbfgs", "newton"])
def test_descent_leaves_a_state_consistent_with_its_weights(method: str, name: str) -> None:
    problems, state, factored, subspace, levels = make(name)
    chosen = LBFGS(factored, levels) if method == "lbfgs" else Newton(factored, levels, 1e-8)
    before = state.values.copy()
    iterations = descend(problems, state, chosen, subspace, tol=1e-8, max_iter=100)
    assert (state.gaps <= 1e-8).all()
    assert (state.values < before).all()
    assert (iterations >= 1).all()
    # Problems that finish early are copied back to their positions.
    again = state_at(problems, state.weights, np.float64)
    for kept, new in ((state.values, again.values), (state.scores, again.scores), (state.residuals, again.residuals)):
        np.testing.assert_allclose(kept, new, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(state.gradients, again.gradients, atol=1e-8)


def test_descent_stops_at_the_limit() -> None:
    problems, state, factored, subspace, levels = make()
    iterations = descend(problems, state, LBFGS(factored, levels), subspace, tol=1e-12, max_iter=2)
    assert iterations.max() == 2


def test_a_subspace_step_ends_at_the_minimum_in_the_subspace() -> None:
    problems, state, _, subspace, _ = make("ridge")
    weights, scores = state.weights.copy(), state.scores.copy()
    subspace.step(problems, scores, weights, state.gradients, np.zeros_like(state.residuals), np.zeros_like(weights))
    after = state_at(problems, weights, np.float64)
    assert (after.values < state.values).all()
    np.testing.assert_allclose(scores, after.scores, atol=1e-10)
    # The subspace contains all 13 directions, and the objective is quadratic, so one step reaches the minimum.
    assert np.abs(after.gradients @ subspace._basis.T).max() < 1e-2 * np.abs(state.gradients @ subspace._basis.T).max()
