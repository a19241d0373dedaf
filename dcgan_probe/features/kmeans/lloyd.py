"""k-means by Lloyd's iterations.

Each step multiplies a block of points with all centroids: the nearest centroid has the largest ``x c - |c|^2 / 2``.
"""

from collections.abc import Callable
from functools import partial

import torch

from ...runtime import map_on_cores
from ..settings import Start

PART, CPU_BLOCK, BLOCK_NUMBERS = 8192, 256, 1 << 22
"""Points of a part; points of a block on a CPU, whose scores stay in a core's cache; scores of a block elsewhere."""


DEVIATION = 0.1
"""Standard deviation of ``gaussian`` first centroids."""


def first_centroids(points: torch.Tensor, count: int, start: Start, generator: torch.Generator) -> torch.Tensor:
    """Draw the first centroids of Lloyd's iterations.

    ``points``: distinct random points. A point far from all others keeps a centroid to itself in all iterations, and
    that centroid is useless for other images. ``gaussian``, as in the released code of Coates and Ng: normal numbers
    of standard deviation 0.1, close to the mean of whitened points, from which centroids spread to dense regions.
    ``benchmarks/bench_kmeans_start.py`` compares both.

    Parameters
    ----------
    points
        float32 (n, d), whitened: mean 0, and variance of at most 1 in every direction.
    count
        Number of centroids, at most n.
    start
        ``points`` or ``gaussian``.
    generator
        Generator on the CPU.

    Returns
    -------
    torch.Tensor
        float32 (count, d), on the points' device.
    """
    if start == "points":
        return points[torch.randperm(len(points), generator=generator)[:count].to(points.device)]
    return DEVIATION * torch.randn(count, points.shape[1], generator=generator).to(points.device)


def lloyd(
    points: torch.Tensor,
    centroids: torch.Tensor,
    *,
    iterations: int,
    on_iteration: Callable[[int, float], None] = lambda number, inertia: None,
) -> torch.Tensor:
    """Minimize the sum of squared distances of points to their nearest centroid by Lloyd's iterations.

    A centroid without points moves to 0, the mean of whitened points, as in the released code of Coates and Ng.

    Parameters
    ----------
    points
        float32 (n, d), on any device.
    centroids
        First centroids, float32 (count, d), on the points' device; not changed.
    on_iteration
        Called with the number of iterations done, and the inertia (sum of squared distances) before the last one.

    Returns
    -------
    torch.Tensor
        float32 (count, d), on the points' device.
    """
    for number in range(1, iterations + 1):
        sums, sizes, distances = assign(points, centroids)
        centroids = sums / sizes.clamp(min=1.0)[:, None]
        on_iteration(number, float(distances.cpu().sum(dtype=torch.float64)))  # MPS has no float64
    return centroids


def assign(points: torch.Tensor, centroids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Compute the sums (k, d) and counts (k,) of each centroid's nearest points, and their squared distances (n,)."""
    # The product of [x, 1] with this matrix is x c - |c|^2 / 2.
    products = torch.cat([centroids.T, -0.5 * (centroids * centroids).sum(dim=1)[None]])
    parts = points.split(PART)
    if points.device.type == "cpu":
        found = map_on_cores(partial(_assign_part, products=products, block=CPU_BLOCK), parts)
    else:
        found = [_assign_part(part, products, max(1, BLOCK_NUMBERS // len(centroids))) for part in parts]
    sums, sizes, distances = zip(*found, strict=True)
    return torch.stack(sums).sum(dim=0), torch.stack(sizes).sum(dim=0), torch.cat(distances)


def _assign_part(
    points: torch.Tensor, products: torch.Tensor, block: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Compute the results of ``assign`` for one part, ``block`` points at a time."""
    width, count = products.shape
    sums = products.new_zeros(count, width)  # the last column counts the points
    distances, scratch = products.new_empty(len(points)), products.new_empty(block, count)
    for start in range(0, len(points), block):
        part = points[start : start + block]
        extended = torch.cat([part, part.new_ones(len(part), 1)], dim=1)
        scores = torch.mm(extended, products, out=scratch[: len(part)])
        nearest = nearest_of(scores)
        best = scores.gather(1, nearest[:, None])[:, 0]
        sums.index_add_(0, nearest, extended)
        distances[start : start + block] = ((part * part).sum(dim=1) - 2.0 * best).clamp(min=0.0)
    return sums[:, :-1], sums[:, -1], distances


def nearest_of(scores: torch.Tensor) -> torch.Tensor:
    """Return the column of the largest score of each row, int64 (n,); on a CPU by numpy, which is faster."""
    if scores.device.type == "cpu":
        return torch.from_numpy(scores.numpy().argmax(axis=1))
    return scores.argmax(dim=1)
