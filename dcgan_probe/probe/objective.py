"""Takes features, targets and weights, gives the L2-SVM's value, slope and curvature; knows no solver.

The objective is LIBLINEAR's squared hinge (``LinearSVC`` with ``intercept_scaling=1``). Problem ``j`` is one pair of a
class and a ``C``; its weights ``w_j`` (D + 1,) end in the intercept, its targets ``t_j`` are +-1::

    m_ij   = t_ij (x_i, 1) w_j                                           margins    (J, N)
    xi_ij  = max(0, 1 - m_ij)                                            slack      (J, N)
    P_j    = 1/2 |w_j|^2 + C_j sum_i xi_ij^2                             value      (J,)
    g_j    = w_j - 2 C_j sum_i xi_ij t_ij (x_i, 1)                       gradient   (J, D + 1)
    H_j v  = v + 2 C_j sum_i [m_ij < 1] (x_i, 1) ((x_i, 1) v)            curvature  (J, D + 1)

``C`` multiplies a sum, not a mean, and the intercept is penalised like any weight. With the dual variables
``alpha_ij = 2 C_j xi_ij`` the duality gap is exactly ``|g_j|^2 / 2``, also the bound from strong convexity: ``P_j`` is
at most that far above its least value.

Source: Fan et al., "LIBLINEAR: a library for large linear classification", 2008; Keerthi and DeCoste, "A modified
finite Newton method for fast solution of large scale linear SVMs", 2005.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

BLOCK_NUMBERS = 1 << 22
LINE_SEARCH_TOLERANCE = 1e-3
LINE_SEARCH_LIMIT = 60


@dataclass(frozen=True)
class DesignMatrix:
    """Features (N, D), float32 or float64, and a constant last column that is never stored.

    ``width`` is D + 1, or D where ``intercept`` is False because the features hold the constant already.
    """

    features: np.ndarray
    intercept: bool = True

    @property
    def width(self) -> int:
        """Number of weights of one problem."""
        return self.features.shape[1] + self.intercept

    def forward(self, weights: np.ndarray) -> np.ndarray:
        """Give the scores (J, N) of weights (J, width)."""
        scores = weights[:, : self.features.shape[1]] @ self.features.T
        if self.intercept:
            scores += weights[:, -1:]
        return scores

    def backward(self, residuals: np.ndarray) -> np.ndarray:
        """Give the sums of rows (J, width) weighted by residuals (J, N)."""
        sums = np.empty((len(residuals), self.width), dtype=residuals.dtype)
        np.matmul(residuals, self.features, out=sums[:, : self.features.shape[1]])
        if self.intercept:
            residuals.sum(axis=1, out=sums[:, -1])
        return sums

    def float64_blocks(self) -> Iterator[tuple[slice, "DesignMatrix"]]:
        """Give consecutive row blocks in float64.

        Blocks of float32 features share one buffer of about ``BLOCK_NUMBERS`` numbers: use each before the next.
        """
        rows, columns = self.features.shape
        size = min(rows, max(64, BLOCK_NUMBERS // columns))
        narrow = self.features.dtype != np.float64
        buffer = np.empty((size, columns)) if narrow else None
        for start in range(0, rows, size):
            block = self.features[start : start + size]
            if buffer is not None:
                np.copyto(buffer[: len(block)], block)
                block = buffer[: len(block)]
            yield slice(start, start + len(block)), DesignMatrix(block, self.intercept)

    def moments(self) -> np.ndarray:
        """Give ``X'X``, float64 (width, width): products in the features' dtype, their sum over blocks in float64."""
        rows, columns = self.features.shape
        moments = np.zeros((self.width, self.width))
        size = max(1, 8 * BLOCK_NUMBERS // columns)
        for start in range(0, rows, size):
            block = self.features[start : start + size]
            moments[:columns, :columns] += block.T @ block
            if self.intercept:
                moments[-1, :columns] += block.sum(axis=0, dtype=np.float64)
        if self.intercept:
            moments[:columns, -1] = moments[-1, :columns]
            moments[-1, -1] = rows
        return moments

    def squares(self) -> np.ndarray:
        """Give the diagonal of ``X'X``, float64 (width,)."""
        squares = np.einsum("nd,nd->d", self.features, self.features).astype(np.float64)
        return np.append(squares, len(self.features)) if self.intercept else squares

    def gram(self) -> np.ndarray:
        """Give ``X X'`` (N, N) in float64, accumulated over blocks of columns that are cast to float64."""
        rows, columns = self.features.shape
        gram = np.full((rows, rows), float(self.intercept))
        size = max(64, BLOCK_NUMBERS // rows)
        for start in range(0, columns, size):
            block = self.features[:, start : start + size].astype(np.float64, copy=False)
            gram += block @ block.T
        return gram


@dataclass(frozen=True)
class Problems:
    """J problems over the same rows.

    ``targets`` (K, N) are +-1 in the features' dtype; ``classes`` int64 (J,) is each problem's row of targets;
    ``penalties`` float64 (J,) is each problem's ``C``.
    """

    design: DesignMatrix
    targets: np.ndarray
    classes: np.ndarray
    penalties: np.ndarray

    def take(self, chosen: np.ndarray) -> "Problems":
        """Keep the problems of an index or mask (J,)."""
        return Problems(self.design, self.targets, self.classes[chosen], self.penalties[chosen])

    def at(self, penalties: np.ndarray) -> "Problems":
        """Replace the penalties (J,)."""
        return Problems(self.design, self.targets, self.classes, penalties)


@dataclass(frozen=True)
class Evaluation:
    """``values`` (J,), ``gradients`` (J, width) and ``margins`` (J, N), all float64."""

    values: np.ndarray
    gradients: np.ndarray
    margins: np.ndarray

    @property
    def gradient_norms(self) -> np.ndarray:
        """Euclidean norms (J,)."""
        return np.sqrt(np.einsum("jd,jd->j", self.gradients, self.gradients))

    @property
    def relative_gaps(self) -> np.ndarray:
        """Duality gaps divided by the values, (J,)."""
        return 0.5 * self.gradient_norms**2 / self.values

    def take(self, chosen: np.ndarray) -> "Evaluation":
        """Keep the problems of an index or mask (J,)."""
        return Evaluation(self.values[chosen], self.gradients[chosen], self.margins[chosen])

    def at(self, weights: np.ndarray, ratios: np.ndarray) -> "Evaluation":
        """Give what the same weights (J, width) evaluate to with penalties multiplied by ratios (J,)."""
        norms = 0.5 * np.einsum("jd,jd->j", weights, weights)
        return Evaluation(
            norms + ratios * (self.values - norms),
            weights + ratios[:, np.newaxis] * (self.gradients - weights),
            self.margins,
        )


def find_margins(problems: Problems, weights: np.ndarray) -> np.ndarray:
    """Give ``t_ij (x_i, 1) w_j`` in float64 (J, N) for float64 weights (J, width)."""
    margins = np.empty((len(weights), len(problems.design.features)))
    for rows, block in problems.design.float64_blocks():
        margins[:, rows] = block.forward(weights)
        margins[:, rows] *= problems.targets[:, rows][problems.classes]
    return margins


def evaluate(problems: Problems, weights: np.ndarray, margins: np.ndarray) -> Evaluation:
    """Evaluate each problem in float64 at its weights (J, width), whose margins (J, N) are known."""
    doubled = 2.0 * problems.penalties[:, np.newaxis]
    squares = np.zeros(len(weights))
    gradients = weights.copy()
    for rows, block in problems.design.float64_blocks():
        slack = np.maximum(1.0 - margins[:, rows], 0.0)
        squares += np.einsum("jn,jn->j", slack, slack)
        slack *= problems.targets[:, rows][problems.classes]
        slack *= doubled
        gradients -= block.backward(slack)
    values = 0.5 * np.einsum("jd,jd->j", weights, weights) + problems.penalties * squares
    return Evaluation(values, gradients, margins)


def hessian_product(problems: Problems, active: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Multiply each problem's curvature with its vector, in the features' own dtype.

    ``active`` is bool (J, N), the rows with a margin under 1; ``vectors`` and the result are (J, width).
    """
    scores = problems.design.forward(vectors)
    scores *= active
    products = problems.design.backward(scores)
    products *= (2.0 * problems.penalties[:, np.newaxis]).astype(products.dtype)
    products += vectors
    return products


def exact_step(margins: np.ndarray, slopes: np.ndarray, *, product: float, square: float, penalty: float) -> float:
    """Minimise one problem along a direction ``d``: the step ``s >= 0`` that is least in ``P(w + s d)``.

    The restriction is piecewise quadratic with ``P'(s) = w d + s |d|^2 - 2 C sum_i max(0, 1 - m_i - s p_i) p_i``, which
    never falls, so Newton's method inside a bracket finds its root. It returns 0 where ``d`` is no descent.

    Parameters
    ----------
    margins, slopes
        ``m_i`` and ``p_i = t_i (x_i, 1) d``, both (N,).
    product, square
        ``w d`` and ``|d|^2``.
    penalty
        ``C``.
    """

    def derivatives(step: float) -> tuple[float, float]:
        slack = 1.0 - margins - step * slopes
        held = np.where(slack > 0.0, slopes, 0.0)
        return (
            product + step * square - 2.0 * penalty * float(slack @ held),
            square + 2.0 * penalty * float(held @ held),
        )

    start, _ = derivatives(0.0)
    if not start < 0.0:
        return 0.0
    low, high, step = 0.0, np.inf, 1.0
    for _ in range(LINE_SEARCH_LIMIT):
        first, second = derivatives(step)
        if abs(first) <= LINE_SEARCH_TOLERANCE * -start:
            break
        low, high = (step, high) if first < 0.0 else (low, step)
        newton = step - first / second
        step = newton if low < newton < high else 0.5 * (low + high)
    return step
