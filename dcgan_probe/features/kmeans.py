"""Takes points, gives centroids by Lloyd's iterations; knows no image.

A step is one product of a block of points with all centroids: the nearest centroid has the greatest
``x c - |c|^2 / 2``.
"""

from collections.abc import Callable

import torch

BLOCK_NUMBERS = 1 << 22


def lloyd(
    points: torch.Tensor,
    count: int,
    *,
    iterations: int,
    generator: torch.Generator,
    on_iteration: Callable[[int, float], None] = lambda number, inertia: None,
) -> torch.Tensor:
    """Find centroids that lower the sum of squared distances of points to their nearest one.

    They start from distinct random points. One that loses all its points starts again from the point that lies
    farthest from its centroid.

    Parameters
    ----------
    points
        float32 (n, d), on any device.
    count
        Number of centroids, at most n.
    generator
        On the CPU; draws the first centroids.
    on_iteration
        Called with the number of iterations done, and the inertia (sum of squared distances) before the last.

    Returns
    -------
    torch.Tensor
        float32 (count, d), on the points' device.
    """
    chosen = torch.randperm(len(points), generator=generator)[:count].to(points.device)
    centroids = points[chosen].clone()
    for number in range(1, iterations + 1):
        sums, sizes, distances = assign(points, centroids)
        centroids = sums / sizes.clamp(min=1.0)[:, None]
        empty = torch.nonzero(sizes == 0.0)[:, 0]
        if len(empty):
            centroids[empty] = points[torch.topk(distances, len(empty)).indices]
        on_iteration(number, float(distances.sum(dtype=torch.float64)))
    return centroids


def assign(points: torch.Tensor, centroids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give the sums (k, d) and numbers (k,) of the points nearest each centroid, and squared distances to it, (n,)."""
    half = -0.5 * (centroids * centroids).sum(dim=1)
    sums, sizes = torch.zeros_like(centroids), torch.zeros_like(half)
    distances = torch.empty(len(points), device=points.device)
    columns = centroids.T.contiguous()
    for start in range(0, len(points), block := max(1, BLOCK_NUMBERS // len(centroids))):
        part = points[start : start + block]
        best, nearest = torch.addmm(half, part, columns).max(dim=1)
        sums.index_add_(0, nearest, part)
        sizes += torch.bincount(nearest, minlength=len(centroids))
        distances[start : start + block] = ((part * part).sum(dim=1) - 2.0 * best).clamp(min=0.0)
    return sums, sizes, distances
