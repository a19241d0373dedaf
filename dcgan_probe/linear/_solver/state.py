"""State of problems during descent: weights, gradients, scores, residuals and values.

Weights and gradients are float64. Products are made in the design's dtype, but only of *changes*: of a direction, and
of the difference of residuals. Their rounding shrinks with the steps, so float32 products reach small gaps if the state
starts from float64 scores and gradients (iterative refinement).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import check_finite
from .dominant_subspace import DominantSubspace
from .line_searches import search, settle_intercepts
from .losses import Array, dots, relative_gaps, squares, stacked
from .objective import Problems, evaluate


@dataclass
class State:
    """State of J problems; the first axis of every array is that of the problems."""

    weights: Array
    """float64 (J, Q, width)."""
    gradients: Array
    """float64 (J, Q, width)."""
    scores: Array
    """(J, Q, N)."""
    residuals: Array
    """(J, Q, N), weighted by the rows' weights, without ``C``."""
    values: np.ndarray
    """float64 (J,)."""

    @property
    def squared_norms(self) -> np.ndarray:
        """Squared norms of the gradients, float64 (J,)."""
        return squares(self.gradients)

    @property
    def gaps(self) -> np.ndarray:
        """Duality gaps relative to the values, float64 (J,)."""
        return relative_gaps(self.squared_norms, self.values)

    def take(self, chosen: Array, numbers: np.ndarray) -> "State":
        """Copy the problems of an index, given on the device of the arrays and on the host."""
        return State(
            self.weights[chosen],
            self.gradients[chosen],
            self.scores[chosen],
            self.residuals[chosen],
            self.values[numbers],
        )

    def put(self, chosen: Array, numbers: np.ndarray, other: "State", own: Array, own_numbers: np.ndarray) -> None:
        """Copy problems ``own`` of another state to problems ``chosen`` of this one, given as in ``take``."""
        self.weights[chosen], self.gradients[chosen] = other.weights[own], other.gradients[own]
        self.scores[chosen], self.residuals[chosen] = other.scores[own], other.residuals[own]
        self.values[numbers] = other.values[own_numbers]

    def change_penalties(self, problems: Problems, ratios: np.ndarray) -> None:
        """Multiply penalties by ratios (J,) at fixed weights and scores, and update values and gradients."""
        shrunk = problems.shrunk(self.weights)
        norms = 0.5 * squares(shrunk)
        self.values = norms + ratios * (self.values - norms)
        self.gradients = shrunk + problems.per_problem(ratios, shrunk) * (self.gradients - shrunk)

    def move(
        self, problems: Problems, directions: Array, subspace: DominantSubspace | None, tolerance: float
    ) -> tuple[np.ndarray, Array, Array]:
        """Move every problem along directions (J, Q, width) in the design's dtype, then make a step in the subspace.

        Returns
        -------
        Steps float64 (J,), and changes of weights and gradients, (J, Q, width) in the design's dtype.
        """
        design, xp = problems.design, problems.design.xp
        moved = xp.astype(directions, xp.float64)
        slopes = design.forward(stacked(directions)).reshape(self.scores.shape)
        start = dots(self.gradients, moved)
        found = search(problems, self.scores, self.weights, moved, slopes, start, tolerance)
        steps = found.steps
        del slopes
        moved *= problems.per_problem(steps, moved)
        before = self.weights
        self.weights = before + moved
        if subspace is not None:
            changed = self.residuals - found.residuals
            found = subspace.step(problems, self.scores, self.weights, self.gradients, changed, moved)
            moved = self.weights - before
        self.residuals -= found.residuals
        changes = xp.astype(design.backward(stacked(self.residuals)).reshape(moved.shape), xp.float64)
        self.residuals = found.residuals
        changes *= problems.per_problem(problems.penalties, changes)
        changes += problems.shrunk(moved)
        self.gradients += changes
        self.values = 0.5 * squares(problems.shrunk(self.weights)) + problems.penalties * found.sums
        check_finite(self.values)
        return steps, xp.astype(moved, design.dtype), xp.astype(changes, design.dtype)


def state_at(problems: Problems, weights: np.ndarray, dtype: Any, *, settled: bool = True) -> State:
    """Evaluate host weights float64 (J, Q, width), with products and scores in a dtype, and optimize free intercepts.

    Raises
    ------
    UserError
        If the objective is not finite.
    """
    design, xp = problems.design, problems.design.xp
    shape = (len(problems), problems.outputs, design.rows)
    held = design.array(weights, xp.float64)
    scores = design.forward(stacked(held), dtype).reshape(shape) if weights.any() else design.zeros(shape, dtype)
    settle = problems.free_intercept and settled
    sums, residuals = settle_intercepts(problems, scores, held) if settle else evaluate(problems, scores)
    gradients = xp.astype(design.backward(stacked(residuals), dtype), xp.float64).reshape(held.shape)
    shrunk = problems.shrunk(held)
    gradients *= -problems.per_problem(problems.penalties, gradients)
    gradients += shrunk
    values = 0.5 * squares(shrunk) + problems.penalties * sums
    check_finite(values)
    return State(held, gradients, scores, residuals, values)
