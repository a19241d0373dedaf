"""Groups of rows that pairs connect, and the rows to remove."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def group_rows(first: np.ndarray, second: np.ndarray, rows: int) -> list[np.ndarray]:
    """Join rows that a chain of pairs connects.

    Parameters
    ----------
    first, second
        The pairs: integers (pairs,) each, 0 to ``rows`` - 1, in any order.
    rows
        Total number of rows.

    Returns
    -------
    list of numpy.ndarray
        Groups of two or more rows, int64 and ascending, sorted by their first rows. A row is in at most one group.
    """
    links = coo_array((np.ones(len(first), bool), (first, second)), shape=(rows, rows))
    _, component = connected_components(links, directed=False)
    order = np.argsort(component, kind="stable")
    edges = np.flatnonzero(np.diff(component[order])) + 1
    groups = [group.astype(np.int64) for group in np.split(order, edges) if len(group) > 1]
    return sorted(groups, key=lambda group: int(group[0]))


def rows_to_remove(groups: list[np.ndarray]) -> np.ndarray:
    """Return all rows of the groups except the first of each, int64, ascending."""
    return np.sort(np.concatenate([np.empty(0, np.int64), *(group[1:] for group in groups)]))
