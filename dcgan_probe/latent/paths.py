"""Paths through latent points, and how evenly the images along them change."""

import numpy as np

from ..runtime import UserError
from .settings import Interpolation

SMALL_ANGLE = 1e-4


def interpolate(points: np.ndarray, steps: int, interpolation: Interpolation = "linear") -> np.ndarray:
    """Give a closed path through latent points: from each to the next, and from the last to the first.

    ``linear`` is (1 - t) a + t b. ``spherical`` turns from a to b at a constant angle, the length going over from one's
    to the other's, as suits a Gaussian z, whose lengths are nearly equal [White 2016, arXiv 1609.04468]::

        sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b      w the angle between a and b

    Parameters
    ----------
    points
        float32 (P, nz), P at least 2.
    steps
        Images from one point to the next, the point itself included and the next one not.

    Returns
    -------
    numpy.ndarray
        float32 (P * steps, nz); row ``i * steps`` is point i.

    Raises
    ------
    UserError
        If there are fewer than two points, or no step.
    """
    if len(points) < 2 or steps < 1:
        raise UserError(
            f"got {len(points)} points and {steps} steps, expected at least 2 points and 1 step",
            option="points" if len(points) < 2 else "steps",
        )
    shares = (np.arange(steps) / steps)[:, None]
    between = _spherical if interpolation == "spherical" else _linear
    legs = [between(a, b, shares) for a, b in zip(points, np.roll(points, -1, axis=0), strict=True)]
    return np.concatenate(legs).astype(np.float32)


def _linear(a: np.ndarray, b: np.ndarray, shares: np.ndarray) -> np.ndarray:
    return (1 - shares) * a + shares * b


def _spherical(a: np.ndarray, b: np.ndarray, shares: np.ndarray) -> np.ndarray:
    cosine = np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1.0, 1.0)
    angle = np.arccos(cosine)
    if min(angle, np.pi - angle) < SMALL_ANGLE:  # one direction, or no one way around
        return _linear(a, b, shares)
    return (np.sin((1 - shares) * angle) * a + np.sin(shares * angle) * b) / np.sin(angle)


def step_lengths(features: np.ndarray) -> np.ndarray:
    """Give the distance of each row to the next along a closed path, float64 (n,), for features (n, D).

    The paper looks for "sharp transitions", signs of memorisation: steps that are many times the mean step.
    """
    return np.linalg.norm(np.roll(features, -1, axis=0).astype(np.float64) - features, axis=1)


def leg_unevenness(lengths: np.ndarray, steps: int) -> np.ndarray:
    """Give the largest step over the mean step within each leg, from one point to the next: float64 (P,).

    1: the images of the leg change evenly; ``steps``: all at once. Legs differ in length, so the mean step of the whole
    path would hide a jump within a short one.

    Parameters
    ----------
    lengths
        float64 (P * steps,), from ``step_lengths``.
    steps
        Of each leg. A leg on which nothing changes has 1.
    """
    legs = lengths.reshape(-1, steps)
    means = legs.mean(axis=1)
    return np.divide(legs.max(axis=1), means, out=np.ones(len(legs)), where=means > 0)
