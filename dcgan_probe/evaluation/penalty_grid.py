"""Choice of C by validation accuracy, and extension of its grid.

For nearest neighbors, k takes the role of C.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..linear import C_GRID as C_GRID, best_value, mean_accuracy

LOWEST_C, HIGHEST_C = 1e-8, 1e4
K_GRID = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
HIGHEST_K = 1e3
_STEPS = tuple(float(f"{step}e{exponent}") for exponent in range(-8, 5) for step in (1, 2, 5))
SERIES = tuple(C for C in _STEPS if LOWEST_C <= C <= HIGHEST_C)
"""Series 1, 2, 5, 10, ... that contains the grid."""
EXTENSION = 3
"""Number of values that one extension adds: a factor of ten."""


@dataclass(frozen=True)
class Grid:
    """Grid of values to choose from, and its extension."""

    first: tuple[float, ...]
    """Values to try first."""
    series: tuple[float, ...]
    """Rising values from which the grid is extended."""
    limits: tuple[float, ...]
    """Ends of the series beyond which better values may lie."""


PENALTIES = Grid(C_GRID, SERIES, (LOWEST_C, HIGHEST_C))
NEIGHBOR_NUMBERS = Grid(K_GRID, tuple(k for k in SERIES if 1.0 <= k <= HIGHEST_K), (HIGHEST_K,))


def values_to_try(accuracies: Mapping[float, Sequence[float]], grid: Grid = PENALTIES) -> tuple[float, ...]:
    """Return the values of C to try next; none at the end of the search.

    The grid comes first. While the best value lies on an edge of the tried values, three more values beyond that edge
    follow. The search ends once the best value lies inside the tried values or at an end of the series, or if all
    values tie, as with uninformative or perfectly separable features: such a tie favors neither direction. The rule is
    the same for all features.

    Parameters
    ----------
    accuracies
        Validation accuracies, 0 to 1, one a draw, by the values of C tried so far.
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
    """Return whether a chosen C is a limit of the grid's extension."""
    return C in grid.limits
