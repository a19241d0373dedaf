"""Takes problems and what they evaluate to, gives one Newton step of each; knows no stopping rule but its own.

The Newton equations are solved by conjugate gradients in the features' own dtype, every problem at once, one pass over
the rows an iteration. Their preconditioner stands for all rows: that of problem ``j`` is ``1 + 2 C_j rho_j X'X``, with
``rho_j`` its share of active rows.
"""

from typing import Protocol

import numpy as np
import scipy.linalg

from .objective import Evaluation, Problems, exact_step, find_margins, hessian_product

FORCING = 0.1
INNER_LIMIT = 200


class Preconditioner(Protocol):
    """Approximates the rows' second moments ``X'X`` for all problems."""

    trace: float
    """Of ``X'X``."""

    def solve(self, factors: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Solve ``(1 + factor_j X'X) z_j = r_j`` for factors float64 (J,) and residuals (J, width)."""


class Diagonal:
    """Takes ``X'X`` for a diagonal matrix: exact for orthogonal columns, Jacobi's preconditioner for others."""

    def __init__(self, values: np.ndarray):
        """Keep the diagonal, float64 (width,)."""
        self._values, self.trace = values, float(values.sum())

    def solve(self, factors: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Divide by the diagonal."""
        return residuals / (1.0 + factors[:, np.newaxis] * self._values).astype(residuals.dtype)


class Factored:
    """Factorises ``1 + f X'X`` by Cholesky whenever a problem asks for a new ``f``.

    ``f`` is rounded to a power of two, so that problems share factors; that changes the condition by two at most. A few
    factors cost far less than the spectrum of ``X'X``: 0.3 width^3 multiplications each, nearly all in matrix products.
    """

    def __init__(self, moments: np.ndarray):
        """Keep ``X'X``, float64 (width, width)."""
        self._moments, self.trace = moments, float(np.trace(moments))
        self._factors: dict[float, np.ndarray] = {}

    def solve(self, factors: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Solve by forward and backward substitution in the residuals' dtype."""
        result = np.empty_like(residuals)
        rounded = np.exp2(np.round(np.log2(np.maximum(factors, np.finfo(np.float64).tiny))))
        for factor in np.unique(rounded):
            chosen = rounded == factor
            lower = self._factor(float(factor), residuals.dtype)
            solution = scipy.linalg.cho_solve((lower, True), residuals[chosen].T, check_finite=False)
            result[chosen] = solution.T
        return result

    def _factor(self, factor: float, dtype: np.dtype) -> np.ndarray:
        """Factorise in float64, with a ridge above the rounding of ``X'X``; keep the residuals' dtype.

        Products in ``dtype`` leave an error of about ``eps sqrt(width)`` of the diagonal. Where the features have a
        large mean or depend on one another, that makes ``X'X`` indefinite by more than the 1 covers.
        """
        if factor not in self._factors:
            diagonal = factor * np.diagonal(self._moments)
            ridge = float(np.finfo(dtype).eps) * np.sqrt(len(diagonal))
            while True:
                shifted = factor * self._moments
                shifted.flat[:: len(shifted) + 1] += 1.0 + ridge * diagonal
                try:
                    lower = scipy.linalg.cholesky(shifted.T, lower=True, overwrite_a=True, check_finite=False)
                    break
                except scipy.linalg.LinAlgError:
                    ridge *= 10.0
            self._factors[factor] = lower.astype(dtype, order="F")
        return self._factors[factor]


def conjugate_gradients(
    problems: Problems, active: np.ndarray, gradients: np.ndarray, limits: np.ndarray, shared: Preconditioner
) -> tuple[np.ndarray, int]:
    """Solve ``H_j d_j = -g_j`` until the residual's norm is at most ``limits`` (J,), or ``INNER_LIMIT`` is reached.

    Returns
    -------
    The directions (J, width) in the features' dtype, and the number of iterations.
    """
    dtype = problems.design.features.dtype
    factors = 2.0 * problems.penalties * active.mean(axis=1)
    directions = np.zeros(gradients.shape, dtype)
    unfinished = np.arange(len(gradients))
    residuals = -gradients.astype(dtype)
    searches = preconditioned = shared.solve(factors, residuals)
    energies = _dots(residuals, preconditioned)
    inner = 0
    while inner < INNER_LIMIT:
        inner += 1
        products = hessian_product(problems, active, searches)
        curvatures = _dots(searches, products)
        sound = (curvatures > 0.0) & (energies > 0.0)
        steps = np.where(sound, energies / np.where(sound, curvatures, 1.0), 0.0)[:, np.newaxis].astype(dtype)
        directions[unfinished] += steps * searches
        residuals -= steps * products
        left = sound & (_dots(residuals, residuals) > limits**2)
        if not left.any():
            break
        if not left.all():
            problems, active, unfinished, factors = problems.take(left), active[left], unfinished[left], factors[left]
            residuals, searches, energies, limits = residuals[left], searches[left], energies[left], limits[left]
        preconditioned = shared.solve(factors, residuals)
        before, energies = energies, _dots(residuals, preconditioned)
        searches = preconditioned + (energies / before)[:, np.newaxis].astype(dtype) * searches
    return directions, inner


def _dots(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.einsum("jd,jd->j", left, right, dtype=np.float64)


def newton_step(
    problems: Problems, weights: np.ndarray, current: Evaluation, shared: Preconditioner, tol: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Make one Newton step of every problem, with an exact line search in float64.

    Returns
    -------
    The weights (J, width), their margins (J, N), both float64, and the number of passes over the rows.
    """
    limits = np.maximum(FORCING * current.gradient_norms, 0.5 * np.sqrt(2.0 * tol * current.values))
    active = current.margins < 1.0
    inexact, inner = conjugate_gradients(problems, active, current.gradients, limits, shared)
    directions = inexact.astype(np.float64)
    slopes = find_margins(problems, directions)
    steps = np.empty((len(weights), 1))
    for j, direction in enumerate(directions):
        steps[j] = exact_step(
            current.margins[j],
            slopes[j],
            product=float(weights[j] @ direction),
            square=float(direction @ direction),
            penalty=float(problems.penalties[j]),
        )
    slopes *= steps
    slopes += current.margins
    return weights + steps * directions, slopes, inner
