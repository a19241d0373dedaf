"""Pooling of activation maps to a small grid."""

from collections.abc import Callable

import torch
from torch.nn.functional import avg_pool2d, max_pool2d

from ..runtime import UserError
from .settings import POOLS, Pool

POOLING: dict[Pool, Callable[[torch.Tensor, int], torch.Tensor]] = {"max": max_pool2d, "avg": avg_pool2d}


def pool_to_grid(maps: torch.Tensor, grid: int = 4, pool: str = "max") -> torch.Tensor:
    """Pool each map over ``grid`` x ``grid`` non-overlapping windows, and flatten; the paper uses a grid of 4.

    Parameters
    ----------
    maps
        float (N, maps, side, side).
    grid
        Windows along a side; must divide ``side``, so that all windows have the same size.
    pool
        ``max`` (the paper) or ``avg``.

    Returns
    -------
    torch.Tensor
        float (N, maps * grid * grid), in the order map, row, column.

    Raises
    ------
    UserError
        If the grid does not divide the side or the pooling is unknown.
    """
    side = maps.shape[-1]
    if pool not in POOLS:
        raise UserError(f"unknown pooling {pool!r}: expected {' or '.join(POOLS)}", parameter="pool")
    check_grid(grid, side)
    window = side // grid
    pooled = maps if window == 1 else POOLING[pool](maps, window)
    return pooled.flatten(1)


def check_grid(grid: int, side: int) -> None:
    """Raise ``UserError`` for a grid that does not divide maps of ``side`` x ``side``."""
    if grid < 1 or side % grid:
        raise UserError(f"a grid of {grid} does not divide maps of {side} x {side}; use a divisor", parameter="grid")
