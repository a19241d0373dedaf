"""Takes problems and what they evaluate to, gives one Newton step of each; knows no stopping rule but its own.

The Newton equations are solved by conjugate gradients in the features' own dtype, every problem at once, one pass over
the rows an iteration. Their preconditioner is shared: in the eigenvectors of ``X'X`` that of problem ``j`` is diagonal,
``1 + 2 C_j rho_j l``, with ``rho_j`` its share of active rows and ``l`` the eigenvalues.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from .objective import DesignMatrix, Evaluation, Problems, exact_step, find_margins, hessian_product

FORCING = 0.1
INNER_LIMIT = 200


@dataclass(frozen=True)
class Spectrum:
    """Approximation of the rows' second moments ``X'X``: ``vectors diag(values) vectors'``, shared by all problems.

    ``values`` (width,); ``vectors`` (width, width), or None for the identity.
    """

    values: np.ndarray
    vectors: np.ndarray | None = None

    def precondition(self, factors: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Solve ``(1 + factor_j X'X) z_j = r_j`` for factors float64 (J,) and residuals (J, width)."""
        scales = (1.0 + factors[:, np.newaxis] * self.values).astype(residuals.dtype)
        if self.vectors is None:
            return residuals / scales
        return (residuals @ self.vectors / scales) @ self.vectors.T


def exact_spectrum(design: DesignMatrix) -> Spectrum:
    """Decompose ``X'X`` in float64; the vectors get the features' dtype."""
    values, vectors = scipy.linalg.eigh(design.moments(), overwrite_a=True, driver="evd")
    return Spectrum(np.maximum(values, 0.0), vectors.astype(design.features.dtype, copy=False))


def conjugate_gradients(
    problems: Problems, active: np.ndarray, gradients: np.ndarray, limits: np.ndarray, spectrum: Spectrum
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
    searches = preconditioned = spectrum.precondition(factors, residuals)
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
        preconditioned = spectrum.precondition(factors, residuals)
        before, energies = energies, _dots(residuals, preconditioned)
        searches = preconditioned + (energies / before)[:, np.newaxis].astype(dtype) * searches
    return directions, inner


def _dots(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.einsum("jd,jd->j", left, right, dtype=np.float64)


def newton_step(
    problems: Problems, weights: np.ndarray, current: Evaluation, spectrum: Spectrum, tol: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Make one Newton step of every problem, with an exact line search in float64.

    Returns
    -------
    The weights (J, width), their margins (J, N), both float64, and the number of passes over the rows.
    """
    limits = np.maximum(FORCING * current.gradient_norms, 0.5 * np.sqrt(2.0 * tol * current.values))
    active = current.margins < 1.0
    inexact, inner = conjugate_gradients(problems, active, current.gradients, limits, spectrum)
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
