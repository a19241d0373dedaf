"""Takes features, targets and penalties as arrays, gives a solution object; knows no labels and no estimator.

Truncated Newton for all problems (pairs of a class and a ``C``) at once: one pass over the rows serves every problem
that is not finished. An outer iteration evaluates in float64, solves for the Newton direction by preconditioned
conjugate gradients in the features' own dtype, and steps exactly along it. The float64 evaluation makes it iterative
refinement: float32 features reach tight gaps too.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from ..runtime import UserError
from .objective import DesignMatrix, Evaluation, Problems, evaluate, exact_step, hessian_product

CONVERGED, STALLED, ITERATION_LIMIT = "converged", "stalled", "iteration limit"
STATUSES = (CONVERGED, STALLED, ITERATION_LIMIT)
EXACT_SPECTRUM_LIMIT = 6000
FORCING = 0.1
INNER_LIMIT = 200
EASY_PENALTY = 100.0
PENALTY_GROWTH = 10.0
LOOSE_GAP = 0.1


@dataclass(frozen=True)
class Solution:
    """Solved problems: M penalties by K classes by D features.

    ``gap`` is the duality gap divided by the objective, a bound on how far the objective is above its least value.
    """

    coefficients: np.ndarray
    """float64 (M, K, D)."""
    intercepts: np.ndarray
    """float64 (M, K)."""
    objective: np.ndarray
    """float64 (M, K)."""
    gradient_norm: np.ndarray
    """float64 (M, K)."""
    gap: np.ndarray
    """float64 (M, K)."""
    iterations: np.ndarray
    """int64 (M, K), Newton iterations."""
    status: np.ndarray
    """str (M, K), of ``STATUSES``."""
    passes: int
    """How often the features were read, there and back, whatever the number of problems."""


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
) -> tuple[np.ndarray, np.ndarray, int]:
    """Solve ``H_j d_j = -g_j`` until the residual's norm is at most ``limits`` (J,), or ``INNER_LIMIT`` is reached.

    Returns
    -------
    The directions (J, width) and their scores (J, N), both in the features' dtype, and the number of iterations.
    """
    dtype = problems.design.features.dtype
    factors = 2.0 * problems.penalties * active.mean(axis=1)
    directions = np.zeros(gradients.shape, dtype)
    scores = np.zeros(active.shape, dtype)
    unfinished = np.arange(len(gradients))
    residuals = -gradients.astype(dtype)
    searches = preconditioned = spectrum.precondition(factors, residuals)
    energies = _dots(residuals, preconditioned)
    inner = 0
    while inner < INNER_LIMIT:
        inner += 1
        products, search_scores = hessian_product(problems, active, searches)
        curvatures = _dots(searches, products)
        sound = (curvatures > 0.0) & (energies > 0.0)
        steps = np.where(sound, energies / np.where(sound, curvatures, 1.0), 0.0)[:, np.newaxis].astype(dtype)
        directions[unfinished] += steps * searches
        scores[unfinished] += steps * search_scores
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
    return directions, scores, inner


def _dots(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.einsum("jd,jd->j", left, right, dtype=np.float64)


@dataclass
class _Fit:
    """The best weights (J, width) found so far, and per problem what is known at them for its own penalty."""

    weights: np.ndarray
    values: np.ndarray
    norms: np.ndarray
    iterations: np.ndarray
    status: np.ndarray
    passes: int = 0

    @property
    def gaps(self) -> np.ndarray:
        return 0.5 * self.norms**2 / self.values

    def record(self, chosen: np.ndarray, weights: np.ndarray, found: Evaluation) -> None:
        self.weights[chosen], self.values[chosen], self.norms[chosen] = weights, found.values, found.gradient_norms


def minimise(problems: Problems, start: np.ndarray | None, spectrum: Spectrum, *, tol: float, max_iter: int) -> _Fit:
    """Run Newton's method on every problem until its relative gap is at most ``tol``.

    A penalty far above the easy ones (``2 C |x|^2`` large, the rows that count few) is approached from below: Newton's
    method from zero would change those rows a few at a time.

    ``start`` is float64 (J, width), or None for zero. From zero one iteration is always made: with a tiny ``C`` the gap
    at zero is small beside the objective, yet zero classifies nothing.
    """
    count = len(problems.classes)
    weights = np.zeros((count, problems.design.width)) if start is None else start
    levels = problems.penalties
    if start is None:
        levels = np.minimum(levels, EASY_PENALTY * len(problems.design.features) / spectrum.values.sum())
    current = evaluate(problems.at(levels), weights)
    zeros = np.zeros(count)
    fit = _Fit(weights.copy(), zeros, zeros.copy(), zeros.astype(np.int64), np.full(count, ITERATION_LIMIT), passes=1)
    fit.record(np.arange(count), weights, current.at(weights, problems.penalties / levels))
    finished = (fit.gaps <= tol) & (start is not None)
    fit.status[finished] = CONVERGED
    unfinished = np.flatnonzero(~finished)
    current = current.take(unfinished)
    for _ in range(max_iter):
        if not len(unfinished):
            break
        open_problems = problems.take(unfinished)
        current, kept = _iterate(open_problems.at(levels[unfinished]), fit, unfinished, current, spectrum, tol, open_problems.penalties)
        unfinished = unfinished[kept]
        current, levels[unfinished] = _raise_levels(current, fit.weights[unfinished], levels[unfinished], problems.penalties[unfinished])
    return fit


def _raise_levels(current, weights, levels, penalties):
    ready = current.relative_gaps <= LOOSE_GAP
    raised = np.where(ready, np.minimum(PENALTY_GROWTH * levels, penalties), levels)
    return current.at(weights, raised / levels), raised


def _iterate(
    problems: Problems, fit: _Fit, unfinished: np.ndarray, current: Evaluation, spectrum: Spectrum, tol: float, penalties
) -> tuple[Evaluation, np.ndarray]:
    """Make one Newton iteration of the open problems; give which stay open, and their evaluation."""
    limits = np.maximum(FORCING * current.gradient_norms, 0.5 * np.sqrt(2.0 * tol * current.values))
    active = current.margins < 1.0
    directions, scores, inner = conjugate_gradients(problems, active, current.gradients, limits, spectrum)
    trial = fit.weights[unfinished]
    for j, direction in enumerate(directions.astype(np.float64)):
        step = exact_step(
            current.margins[j],
            scores[j] * problems.targets[problems.classes[j]],
            product=float(trial[j] @ direction),
            square=float(direction @ direction),
            penalty=float(problems.penalties[j]),
        )
        trial[j] += step * direction
    new = evaluate(problems, trial)
    fit.passes += inner + 1
    fit.iterations[unfinished] += 1
    better = new.values < current.values
    # With a tiny C a good step can be too small to show in the value: a tie is taken too, but then no more steps.
    accepted = new.values <= current.values
    fit.record(unfinished[accepted], trial[accepted], new.take(accepted).at(trial[accepted], (penalties / problems.penalties)[accepted]))
    converged = fit.gaps[unfinished] <= tol
    fit.status[unfinished[~better]] = STALLED
    fit.status[unfinished[converged]] = CONVERGED
    kept = better & ~converged
    return new.take(kept), kept


def minimise_in_row_span(problems: Problems, *, tol: float, max_iter: int) -> _Fit:
    """Solve problems with fewer rows than features: in coordinates of the rows' span, exactly, then map back.

    With ``X X' = U diag(l) U'`` (the constant column included) and ``Z = U sqrt(l)`` (N, r), every ``w = X'b`` has
    ``X w = Z a`` and ``|w| = |a|`` for ``a = sqrt(l) U'b``, so the objectives agree, and ``w = X' Z (a / l)`` leads
    back. The columns of ``Z`` are orthogonal, so its spectrum is ``l``. The result is evaluated on the features
    themselves, and improved there where rounding in ``X X'`` left a gap.
    """
    design = problems.design
    values, vectors = scipy.linalg.eigh(design.gram(), overwrite_a=True, driver="evd")
    kept = values > len(values) * np.finfo(np.float64).eps * values[-1]
    values, rotated = values[kept], vectors[:, kept] * np.sqrt(values[kept])
    reduced = Problems(
        DesignMatrix(rotated, intercept=False),
        problems.targets.astype(np.float64),
        problems.classes,
        problems.penalties,
    )
    inner = minimise(reduced, None, Spectrum(values), tol=0.5 * tol, max_iter=max_iter)
    dual = (inner.weights / values) @ rotated.T
    start = np.zeros((len(dual), design.width))
    for rows, block in design.float64_blocks():
        start += block.backward(dual[:, rows])
    left = max_iter - int(inner.iterations.max(initial=0))
    fit = minimise(problems, start, Spectrum(design.squares()), tol=tol, max_iter=left)
    fit.iterations += inner.iterations
    fit.passes += 2
    return fit


def solve(
    features: np.ndarray, targets: np.ndarray, penalties: np.ndarray, *, tol: float = 1e-6, max_iter: int = 100
) -> Solution:
    """Minimise the L2-SVM's objective for every pair of a penalty and a column of targets.

    Parameters
    ----------
    features
        float32 or float64 (N, D), finite. Never copied whole unless no axis is contiguous.
    targets
        +-1, (N, K), any numeric type.
    penalties
        The values of ``C``, (M,), positive.
    tol
        Largest duality gap relative to the objective, in (0, 1).
    max_iter
        Largest number of Newton iterations of a problem, at least 1.

    Raises
    ------
    UserError
        If a penalty is not positive and finite, ``tol`` or ``max_iter`` is out of range, or the features are so large
        that their squares overflow.
    """
    penalties = np.asarray(penalties, dtype=np.float64)
    _check_settings(penalties, tol, max_iter)
    _check_magnitude(features)
    if features.itemsize not in features.strides:
        features = np.ascontiguousarray(features)
    (rows, columns), classes = features.shape, targets.shape[1]
    problems = Problems(
        DesignMatrix(features),
        np.ascontiguousarray(targets.T, dtype=features.dtype),
        np.tile(np.arange(classes), len(penalties)),
        np.repeat(penalties, classes),
    )
    if min(rows, columns) > EXACT_SPECTRUM_LIMIT:
        fit = minimise(problems, None, Spectrum(problems.design.squares()), tol=tol, max_iter=max_iter)
    elif rows < columns:
        fit = minimise_in_row_span(problems, tol=tol, max_iter=max_iter)
    else:
        fit = minimise(problems, None, exact_spectrum(problems.design), tol=tol, max_iter=max_iter)
    shape = (len(penalties), classes)
    return Solution(
        coefficients=fit.weights[:, :-1].reshape(*shape, columns),
        intercepts=fit.weights[:, -1].reshape(shape),
        objective=fit.values.reshape(shape),
        gradient_norm=fit.norms.reshape(shape),
        gap=fit.gaps.reshape(shape),
        iterations=fit.iterations.reshape(shape),
        status=fit.status.reshape(shape),
        passes=fit.passes + 1,
    )


def _check_settings(penalties: np.ndarray, tol: float, max_iter: int) -> None:
    for penalty in penalties:
        if not 0.0 < penalty < np.inf:
            raise UserError(f"C is {penalty:g}; expected a positive, finite number, such as 0.001", option="C")
    if not 0.0 < tol < 1.0:
        raise UserError(f"tol is {tol:g}; expected a relative gap between 0 and 1, such as 1e-6", option="tol")
    if max_iter < 1:
        raise UserError(f"max_iter is {max_iter}; expected at least 1", option="max-iter")


def _check_magnitude(features: np.ndarray) -> None:
    """Refuse features whose sum of squares could overflow, and any that are not finite."""
    limit = float(np.sqrt(np.finfo(features.dtype).max / features.size))
    largest = float(max(features.max(), -features.min()))
    if not largest <= limit:
        raise UserError(
            f"the largest feature is {largest:g}; expected at most {limit:.1e}, so that sums of squares over "
            f"{features.shape} {features.dtype} features hold; scale the features"
        )
