"""Losses of the classifiers: value, residual and curvature of each row.

A problem has ``Q`` coupled outputs: one for the one-vs-rest losses, as many as classes for the logistic loss. With the
scores ``s`` (J, Q, N) of J problems::

    squared hinge   l = max(0, 1 - t s)^2              t = +-1, one class against the rest     LIBLINEAR, LinearSVC
    squared         l = (t - s)^2                      t = +-1                                 RidgeClassifier
    logistic        l = log sum_q exp(s_q) - s_y       y = the row's class                     LogisticRegression

``residuals`` are ``-dl/ds``, so that a problem's gradient is ``w - C X' residuals``.

Sources: Fan et al., "LIBLINEAR: a library for large linear classification", 2008 (squared hinge); Bishop, "Pattern
recognition and machine learning", 2006, section 4.3.4 (softmax).
"""

from typing import Any, Protocol

import numpy as np

from .arrays import array_namespace, device

Array = Any
"""A numpy array or a torch tensor."""


class Loss(Protocol):
    """Loss function of the solver."""

    name: str
    coupled: bool
    """True if one problem contains all classes, with class numbers (1, N) as targets instead of signs (J, N)."""
    share: float
    """Typical curvature of a row divided by 2, the largest one; used by the shared preconditioner."""

    def evaluate(self, scores: Array, targets: Array) -> tuple[Array, Array]:
        """Return the losses (J, N) and the residuals (J, Q, N) at scores (J, Q, N)."""

    def hessian_vector_product(self, scores: Array, targets: Array, slopes: Array) -> Array:
        """Return the loss's second derivatives times ``slopes``, (J, Q, N): minus the residuals' rate of change."""

    def curvature(self, scores: Array, targets: Array) -> Array:
        """Return the diagonal second derivatives, (J, Q, N), by each score alone."""

    def hessian_terms(self, residuals: Array, targets: Array) -> Array:
        """Return the factors (J, Q, N) of the second derivatives at given residuals, for ``product``."""

    def product(self, hessian_terms: Array, slopes: Array) -> Array:
        """Return the second derivatives, given their factors, times ``slopes`` (J, Q, N)."""

    def mean_curvature(self, hessian_terms: Array) -> Array:
        """Return the mean second derivative (J, N) over the directions that change the loss."""


class SquaredHinge:
    """``max(0, 1 - t s)^2``: the L2-SVM."""

    name = "squared hinge"
    coupled = False
    share = 0.5

    def evaluate(self, scores: Array, targets: Array) -> tuple[Array, Array]:
        """Return the losses and ``2 t max(0, 1 - t s)``."""
        slack = self._slack(scores, targets)
        return slack[:, 0, :] ** 2, 2.0 * slack

    def hessian_vector_product(self, scores: Array, targets: Array, slopes: Array) -> Array:
        """Return ``2 p`` in rows with a margin below 1, else 0, for slopes ``p``."""
        return slopes * self.curvature(scores, targets)

    def curvature(self, scores: Array, targets: Array) -> Array:
        """Return 2 in rows with a margin below 1, else 0."""
        return array_namespace(scores).astype(self._slack(scores, targets) != 0.0, scores.dtype) * 2.0

    def hessian_terms(self, residuals: Array, targets: Array) -> Array:
        """Return 2 in rows with a margin below 1, else 0."""
        return array_namespace(residuals).astype(residuals != 0.0, residuals.dtype) * 2.0

    def product(self, hessian_terms: Array, slopes: Array) -> Array:
        """Return the curvature times ``slopes``."""
        return hessian_terms * slopes

    def mean_curvature(self, hessian_terms: Array) -> Array:
        """Return the curvature of the one output."""
        return hessian_terms[:, 0, :]

    @staticmethod
    def _slack(scores: Array, targets: Array) -> Array:
        """Return ``t max(0, 1 - t s)``, which equals ``t - s`` where that has the sign of ``t``, else 0."""
        signs = targets[:, None, :]
        slack = signs - scores
        slack *= slack * signs > 0.0
        return slack


class Squared:
    """``(t - s)^2``: ridge regression on signs."""

    name = "squared"
    coupled = False
    share = 1.0

    def evaluate(self, scores: Array, targets: Array) -> tuple[Array, Array]:
        """Return the losses and ``2 (t - s)``."""
        slack = targets[:, None, :] - scores
        return slack[:, 0, :] ** 2, 2.0 * slack

    def hessian_vector_product(self, scores: Array, targets: Array, slopes: Array) -> Array:
        """Return ``2 p`` for slopes ``p``."""
        return 2.0 * slopes

    def curvature(self, scores: Array, targets: Array) -> Array:
        """Return 2."""
        return array_namespace(scores).zeros_like(scores) + 2.0

    def hessian_terms(self, residuals: Array, targets: Array) -> Array:
        """Return 2."""
        return array_namespace(residuals).zeros_like(residuals) + 2.0

    def product(self, hessian_terms: Array, slopes: Array) -> Array:
        """Return 2 ``slopes``."""
        return hessian_terms * slopes

    def mean_curvature(self, hessian_terms: Array) -> Array:
        """Return the curvature of the one output."""
        return hessian_terms[:, 0, :]


class Logistic:
    """``log sum exp(s) - s_y``: softmax regression, all classes in one problem."""

    name = "logistic"
    coupled = True
    share = 0.05

    def evaluate(self, scores: Array, targets: Array) -> tuple[Array, Array]:
        """Return the losses and ``[q = y] - softmax(s)_q``."""
        xp = array_namespace(scores)
        shifted = scores - xp.max(scores, axis=1, keepdims=True)
        residuals = xp.exp(shifted)
        total = xp.sum(residuals, axis=1, keepdims=True)
        own = self._class_index(targets, scores)
        losses = xp.log(total[:, 0, :]) - shifted[own]
        residuals /= -total
        residuals[own] += 1.0
        return losses, residuals

    def hessian_vector_product(self, scores: Array, targets: Array, slopes: Array) -> Array:
        """Return ``softmax_q (p_q - sum softmax p)`` for slopes ``p``."""
        xp = array_namespace(scores)
        probabilities = self.hessian_terms(self.evaluate(scores, targets)[1], targets)
        # A shift of all outputs has no curvature; removing it keeps the rounding of a large shift out of the product.
        return self.product(probabilities, slopes - xp.sum(probabilities * slopes, axis=1, keepdims=True))

    def curvature(self, scores: Array, targets: Array) -> Array:
        """Return ``softmax_q (1 - softmax_q)``."""
        probabilities = self.hessian_terms(self.evaluate(scores, targets)[1], targets)
        return probabilities * (1.0 - probabilities)

    def hessian_terms(self, residuals: Array, targets: Array) -> Array:
        """Return the softmax."""
        probabilities = -residuals
        probabilities[self._class_index(targets, residuals)] += 1.0
        return probabilities

    def product(self, hessian_terms: Array, slopes: Array) -> Array:
        """Return ``softmax_q (p_q - sum softmax p)`` for slopes ``p``."""
        xp = array_namespace(slopes)
        product = hessian_terms * slopes
        product -= hessian_terms * xp.sum(product, axis=1, keepdims=True)
        return product

    def mean_curvature(self, hessian_terms: Array) -> Array:
        """Return ``(1 - sum_q softmax_q^2) / (Q - 1)``, since a shift of all outputs does not change the loss."""
        xp = array_namespace(hessian_terms)
        return (1.0 - xp.sum(hessian_terms * hessian_terms, axis=1)) / (hessian_terms.shape[1] - 1)

    @staticmethod
    def _class_index(targets: Array, like: Array) -> tuple[Array, Array, Array]:
        """Return the index of each row's class output, (J, N), in arrays (J, Q, N)."""
        xp, at = array_namespace(like), device(like)
        return xp.arange(like.shape[0], device=at)[:, None], targets, xp.arange(like.shape[2], device=at)


def stacked(arrays: Array) -> Array:
    """Reshape (J, Q, n) to (J * Q, n)."""
    return arrays.reshape((arrays.shape[0] * arrays.shape[1], arrays.shape[2]))


def vectors(arrays: Array) -> Array:
    """Reshape (J, Q, n) to (J, Q * n)."""
    return arrays.reshape((arrays.shape[0], arrays.shape[1] * arrays.shape[2]))


def squares(arrays: Array) -> np.ndarray:
    """Return the squared norms, float64 (J,) on the host, of float64 (J, Q, n)."""
    flat = vectors(arrays)
    return np.asarray(array_namespace(flat).vecdot(flat, flat).tolist())


def relative_gaps(squared_norms: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return duality gaps relative to the values, float64 (J,), from squared gradient norms; 0 if both are 0."""
    return 0.5 * squared_norms / np.where(values > 0.0, values, np.where(squared_norms > 0.0, 1e-300, 1.0))


def dots(left: Array, right: Array) -> np.ndarray:
    """Return the inner products, float64 (J,) on the host, of (J, Q, n)."""
    return np.asarray(vectors(left * right).sum(axis=1).tolist(), dtype=np.float64)
