"""Groups of similar maps: the receptive fields of a layer.

Two maps are similar if their energies correlate beyond their linear correlation. Each pair is standardized and then
whitened as a pair (ZCA) to ``u`` and ``v``; the similarity is the correlation of the squares::

    s = E[u^2 v^2 - 1] / sqrt(E[u^4 - 1] E[v^4 - 1])

For a pair ``x, y`` of correlation ``r``, whitening is ``u = a x + b y``, ``v = b x + a y`` with
``a, b = (1 / sqrt(1 + r) +- 1 / sqrt(1 - r)) / 2``, so products of powers of the maps determine all pairs. Source:
Coates and Ng, "Selecting receptive fields in deep networks", 2011, section 3.
"""

import numpy as np

ROWS = 4096
SAME = 1e-9
"""Pairs with ``1 - r^2`` up to this value are one map twice, which whitening cannot separate."""


def similarities(values: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Compute the similarity of each seed map to each map.

    Parameters
    ----------
    values
        Values of the maps at n places, float (n, maps).
    seeds
        Indices of the seed maps, int (s,).

    Returns
    -------
    np.ndarray
        float64 (s, maps), at most 1: 1 for a map and itself, 0 for a constant map.
    """
    count = len(values)
    blocks = [slice(start, start + ROWS) for start in range(0, count, ROWS)]
    mean = values.mean(axis=0, dtype=np.float64)
    variance = sum(((values[rows] - mean) ** 2).sum(axis=0) for rows in blocks) / count
    scale = np.where(variance > 0.0, 1.0 / np.sqrt(np.where(variance > 0.0, variance, 1.0)), 0.0)
    xy, x3y, xy3, x2y2 = (np.zeros((len(seeds), values.shape[1])) for _ in range(4))
    y4 = np.zeros(values.shape[1])
    for rows in blocks:
        y = (values[rows] - mean) * scale
        y2 = y * y
        y3, x, x2 = y2 * y, y[:, seeds], y2[:, seeds]
        xy += x.T @ y / count
        x3y += (x2 * x).T @ y / count
        xy3 += x.T @ y3 / count
        x2y2 += x2.T @ y2 / count
        y4 += (y2 * y2).sum(axis=0) / count
    same = 1.0 - xy * xy <= SAME
    r = np.where(same, 0.0, xy)
    a, b = (0.5 * (1.0 / np.sqrt(1.0 + r) + sign / np.sqrt(1.0 - r)) for sign in (1.0, -1.0))
    x4 = y4[seeds][:, None]
    both, cross = a * b, a * a + b * b
    u2v2 = both**2 * (x4 + 2.0 * x2y2 + y4) + 2.0 * both * cross * (x3y + xy3) + cross**2 * x2y2
    u4, v4 = (
        p**4 * x4 + 4.0 * p**3 * q * x3y + 6.0 * both**2 * x2y2 + 4.0 * p * q**3 * xy3 + q**4 * y4
        for p, q in ((a, b), (b, a))
    )
    # The squares of a map with only two values do not vary.
    spread = np.sqrt(np.maximum((u4 - 1.0) * (v4 - 1.0), 0.0))
    found = np.divide(u2v2 - 1.0, spread, out=np.zeros_like(spread), where=(spread > SAME) & (x4 > 0.0) & (y4 > 0.0))
    return np.where(same, 1.0, found)


def choose_fields(values: np.ndarray, fields: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """Draw seed maps, and group each with the maps most similar to it.

    Parameters
    ----------
    values
        Values of the maps at n places, float (n, maps).
    fields, width
        Number of groups, and maps per group; each at most the number of maps.

    Returns
    -------
    np.ndarray
        Indices of maps, int64 (fields, width): the seed first, then by decreasing similarity. Fields may overlap.
    """
    seeds = generator.choice(values.shape[1], fields, replace=False)
    found = similarities(values, seeds)
    found[np.arange(fields), seeds] = np.inf
    return np.argsort(-found, axis=1, kind="stable")[:, :width]
