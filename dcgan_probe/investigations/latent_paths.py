"""Paths through latent points, and the evenness of the changes along them."""

import numpy as np

from ..runtime import UserError
from .settings import Interpolation

SMALL_ANGLE = 1e-4


def interpolate(points: np.ndarray, steps: int, interpolation: Interpolation = "linear") -> np.ndarray:
    """Return a closed path through latent points: from each point to the next, and from the last to the first.

    ``linear`` is (1 - t) a + t b. ``spherical`` turns from a to b at a constant rate, while the length changes from
    that of a to that of b. It suits a Gaussian z, whose lengths are nearly equal [White 2016, arXiv 1609.04468]::

        sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b      w the angle between a and b

    Parameters
    ----------
    points
        float32 (P, nz), P at least 2.
    steps
        Images from one point to the next, including the first point but not the next one.

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
            parameter="points" if len(points) < 2 else "steps",
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
    if min(angle, np.pi - angle) < SMALL_ANGLE:  # the same direction, or opposite ones, which have no unique arc
        return _linear(a, b, shares)
    return (np.sin((1 - shares) * angle) * a + np.sin(shares * angle) * b) / np.sin(angle)


def step_lengths(features: np.ndarray) -> np.ndarray:
    """Return the distance of each row to the next along a closed path, float64 (n,), for features (n, D).

    The paper looks for "sharp transitions", signs of memorization: steps that are many times the mean step.
    """
    return np.linalg.norm(np.roll(features, -1, axis=0).astype(np.float64) - features, axis=1)


def leg_unevenness(lengths: np.ndarray, steps: int) -> np.ndarray:
    """Return the largest step over the mean step within each leg, from one point to the next: float64 (P,).

    A value of 1 means that the images of the leg change evenly, and ``steps`` that they change all at once. Legs differ
    in length, so the mean step of the whole path would hide a jump within a short leg.

    Parameters
    ----------
    lengths
        float64 (P * steps,), from ``step_lengths``.
    steps
        Steps of each leg. A leg without any change has the value 1.
    """
    legs = lengths.reshape(-1, steps)
    means = legs.mean(axis=1)
    return np.divide(legs.max(axis=1), means, out=np.ones(len(legs)), where=means > 0)
