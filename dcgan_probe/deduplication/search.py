"""Takes two image sets and an encoder, gives the confirmed pairs of near-duplicates; knows no file and no plant.

Memory: 80 bytes an image of the second set, and some 200 MB for a block; images are read in blocks. All of ``dedup``
took 1.1 GB for 2,000 images of 32x32, of which 0.6 GB are the libraries and 0.25 GB the training before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..images import ImageSet
from .autoencoder import Encoder
from .candidates import HashIndex
from .confirming import relative_distances
from .pictures import ALL_VIEWS, HALF_OF_VIEWS, MIDDLE, View, local_detail, to_pictures, view_inputs

COMPARED_AT_ONCE = 1024  # pairs of pictures
INVERSES = np.array([ALL_VIEWS.index(view.inverse()) for view in ALL_VIEWS])


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows of two sets that are near-duplicates, each pair once, sorted by the first row, then the second."""

    first: np.ndarray
    """int64 (pairs,), rows of the set that was searched for copies."""

    second: np.ndarray
    """int64 (pairs,), rows of the set that they are copies of; of the same set, the smaller row of the two."""

    distance: np.ndarray
    """float32 (pairs,), as ``relative_distances`` says."""

    view: np.ndarray
    """int64 (pairs,), numbers in ``ALL_VIEWS``: the first picture's view that is alike the second's middle."""

    candidates: int
    """Pairs of views that were near by their hashes, and were compared."""


def find_near_duplicates(
    images: ImageSet,
    others: ImageSet,
    index: HashIndex,
    encoder: Encoder,
    *,
    bits: int,
    distance: float,
    progress: Callable[[int], None] = lambda done: None,
) -> Pairs:
    """Look up every view of every image among the others, and keep the pairs whose pixels agree.

    Parameters
    ----------
    images, others
        Two sets, or one set twice (the same object): then no image is its own copy, and of each pair of rows the
        larger is named first.
    index
        Of the others' hashes.
    bits
        Most bits in which the hashes may differ.
    distance
        Of confirmed pairs at most, as ``relative_distances`` says.
    """
    same = images is others
    found, start, candidates = [], 0, 0
    for block in images.blocks():
        pictures = to_pictures(block)
        looked_up = _look_up(pictures, index, encoder, HALF_OF_VIEWS if same else ALL_VIEWS, bits)
        if same:
            looked_up = looked_up[~_redundant(looked_up, start)]
        candidates += len(looked_up)
        found.append(_confirm(pictures, others, looked_up, distance, start))
        progress(start := start + len(block))
    first, second, distances, views = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if same:
        views = np.where(first < second, INVERSES[views], views)
        first, second = np.maximum(first, second), np.minimum(first, second)
    return _nearest_of_each(first, second, distances, views, candidates)


def _look_up(
    pictures: torch.Tensor, index: HashIndex, encoder: Encoder, views: Sequence[View], bits: int
) -> np.ndarray:
    """Give candidates, int64 (pairs, 3), sorted by their view: its number in ``ALL_VIEWS``, row here, row there."""
    detail = local_detail(pictures)
    parts = []
    for view in views:
        row, other = index.near(encoder.hashes(view_inputs(detail, view)), bits)
        parts.append(np.stack([np.full_like(row, ALL_VIEWS.index(view)), row, other], axis=1))
    return np.concatenate(parts)


def _redundant(candidates: np.ndarray, start: int) -> np.ndarray:
    """Find, within one set, images that met themselves, and the second of the two meetings of middle views."""
    view, row, other = candidates.T
    return (start + row == other) | ((view == ALL_VIEWS.index(MIDDLE)) & (start + row < other))


def _confirm(
    pictures: torch.Tensor, others: ImageSet, candidates: np.ndarray, distance: float, start: int
) -> tuple[np.ndarray, ...]:
    """Give rows, other rows, distances and views of the candidates whose pixels agree."""
    distances = np.empty(len(candidates), np.float32)
    for begin in range(0, len(candidates), COMPARED_AT_ONCE):
        view, row, other = candidates[begin : begin + COMPARED_AT_ONCE].T
        needed, place = np.unique(other, return_inverse=True)
        theirs = to_pictures(others.images[needed])
        for number in np.unique(view):
            at = np.flatnonzero(view == number)
            compared = relative_distances(pictures[row[at]], theirs[place[at]], ALL_VIEWS[number])
            distances[begin + at] = compared.numpy()
    agree = distances <= distance
    return start + candidates[agree, 1], candidates[agree, 2], distances[agree], candidates[agree, 0]


def _nearest_of_each(
    first: np.ndarray, second: np.ndarray, distances: np.ndarray, views: np.ndarray, candidates: int
) -> Pairs:
    """Keep each pair once, with the view that gave the smallest distance."""
    order = np.lexsort((distances, second, first))
    first, second, distances, views = first[order], second[order], distances[order], views[order]
    fresh = np.ones(len(first), bool)
    fresh[1:] = (np.diff(first) != 0) | (np.diff(second) != 0)
    return Pairs(first[fresh], second[fresh], distances[fresh], views[fresh], candidates)
