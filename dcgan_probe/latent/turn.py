"""Takes the latent vectors of two groups, gives the axis between them and how surely a score rises along it."""

import numpy as np
from scipy.stats import spearmanr

from ..runtime import numpy_generator


def turn_axis(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Give the paper's "turn" vector: the mean z of one group less that of the other, float32 (nz,)."""
    return (end.mean(axis=0, dtype=np.float64) - start.mean(axis=0, dtype=np.float64)).astype(np.float32)


def random_axis(axis: np.ndarray, seed: int, number: int = 0) -> np.ndarray:
    """Give one of many axes of the same length in random directions, float32 (nz,): the control."""
    direction = numpy_generator(seed, "random axis", number).standard_normal(axis.shape)
    return (direction * np.linalg.norm(axis) / np.linalg.norm(direction)).astype(np.float32)


def along(z: np.ndarray, axis: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Add an axis to latent vectors in steps: float32 (n, steps, nz) for z (n, nz) and positions (steps,).

    Position 0 is z itself, 1 is z plus the whole axis.
    """
    return z[:, None].astype(np.float32) + positions[None, :, None].astype(np.float32) * axis


def monotonicity(scores: np.ndarray) -> np.ndarray:
    """Give Spearman's rank correlation of each strip's scores with their positions, float64 (n,), for (n, steps).

    1: the score rises from every step to the next. -1: it falls. A strip whose scores are all the same has 0.
    """
    order = np.arange(scores.shape[1])
    return np.array([0.0 if np.ptp(strip) == 0 else spearmanr(strip, order).statistic for strip in scores])
