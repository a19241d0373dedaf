"""The choice of C by validation accuracies, and the rule that extends its grid.

Nearest neighbors have a number of neighbors, k, instead of C.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..linear import C_GRID as C_GRID, best_value, mean_accuracy

LOWEST_C, HIGHEST_C = 1e-8, 1e4
K_GRID = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
HIGHEST_K = 1e3
_STEPS = tuple(float(f"{step}e{exponent}") for exponent in range(-8, 5) for step in (1, 2, 5))
SERIES = tuple(C for C in _STEPS if LOWEST_C <= C <= HIGHEST_C)
"""1, 2, 5, 10, ...: the series that the grid is a part of."""
EXTENSION = 3
"""Values that one extension adds: a factor of ten."""


@dataclass(frozen=True)
class Grid:
    """Values to choose among."""

    first: tuple[float, ...]
    """Values that are tried first."""
    series: tuple[float, ...]
    """Rising values that an extension continues with."""
    limits: tuple[float, ...]
    """Ends of the series beyond which better values may lie."""


PENALTIES = Grid(C_GRID, SERIES, (LOWEST_C, HIGHEST_C))
NEIGHBOUR_NUMBERS = Grid(K_GRID, tuple(k for k in SERIES if 1.0 <= k <= HIGHEST_K), (HIGHEST_K,))


def values_to_try(accuracies: Mapping[float, Sequence[float]], grid: Grid = PENALTIES) -> tuple[float, ...]:
    """Return the values of C to try next: the grid, then three more beyond the edge on which the best lies, then none.

    The same rule holds for every feature set. The search ends if the best lies inside or at an end of the series, or if
    all values tie, as with features that are without information or perfectly separable: such a tie points nowhere.
    """
    if not accuracies:
        return grid.first
    if len({mean_accuracy(draws) for draws in accuracies.values()}) == 1:
        return ()
    tried = sorted(accuracies)
    best = best_value(accuracies)
    if best == tried[0]:
        return tuple(C for C in grid.series if best > C)[-EXTENSION:]
    if best == tried[-1]:
        return tuple(C for C in grid.series if best < C)[:EXTENSION]
    return ()


def at_limit(C: float, grid: Grid = PENALTIES) -> bool:
    """Return whether a chosen C lies at an end of the grid's extension."""
    return C in grid.limits
