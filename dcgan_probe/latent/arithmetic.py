"""Takes the latent vectors and images of three concepts, gives A - B + C in both spaces; knows no network."""

import numpy as np

from ..runtime import numpy_generator

NOISE = 0.25
"""The paper's: uniform from -0.25 to 0.25, added to the result's z."""
SIDE = 3
"""Of the grid of results."""


def combine(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Give mean(a) - mean(b) + mean(c), the means over rows, float64 of a row's shape.

    The paper: single samples are unstable, the mean z of three "showed consistent and stable generations that
    semantically obeyed the arithmetic".
    """
    mean_a, mean_b, mean_c = (rows.mean(axis=0, dtype=np.float64) for rows in (a, b, c))
    return np.asarray(mean_a - mean_b + mean_c)


def around(z: np.ndarray, seed: int, noise: float = NOISE) -> np.ndarray:
    """Give the grid around a result: float32 (9, nz), z itself in the middle (row 4), with noise in the other eight."""
    grid = np.repeat(z[None].astype(np.float32), SIDE**2, axis=0)
    added = numpy_generator(seed, "arithmetic").uniform(-noise, noise, grid.shape).astype(np.float32)
    added[SIDE**2 // 2] = 0.0
    return grid + added


def combine_pixels(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Give the same of pixels: uint8 (channels, H, W) of images uint8 (n, channels, H, W) each, clipped to 0 to 255."""
    return combine(a, b, c).round().clip(0, 255).astype(np.uint8)
