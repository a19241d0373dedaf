"""Confirmed pairs of near-duplicates between two image sets, or within one set.

Memory: 80 bytes per image of the second set, and about 200 MB for a block; images are read in blocks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..images import ImageSet
from .autoencoder import Encoder
from .candidates import HashIndex
from .confirming import relative_distances
from .views import ALL_VIEWS, HALF_OF_VIEWS, MIDDLE, View, local_detail, to_pictures, view_inputs

COMPARED_AT_ONCE = 1024  # pairs of pictures
INVERSES = np.array([ALL_VIEWS.index(view.inverse()) for view in ALL_VIEWS])


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows of two sets that are near-duplicates, each pair once, sorted by the first row, then the second."""

    first: np.ndarray
    """int64 (pairs,), rows of the set that was searched for copies."""

    second: np.ndarray
    """int64 (pairs,), rows of the other set; within one set, the smaller row of the pair."""

    distance: np.ndarray
    """float32 (pairs,), as returned by ``relative_distances``."""

    view: np.ndarray
    """int64 (pairs,), indices in ``ALL_VIEWS`` of the first picture's view that matches the second's middle."""

    candidates: int
    """Number of pairs of views that had near hashes and were compared."""


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
        Two sets, or one set twice (the same object). Within one set, no image is its own copy, and the larger row of
        each pair comes first.
    index
        Index of the others' hashes.
    bits
        Most bits in which the hashes may differ.
    distance
        Largest distance of confirmed pairs, as returned by ``relative_distances``.
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
    """Return candidates, int64 (pairs, 3), sorted by view: index in ``ALL_VIEWS``, row of ``pictures``, other row."""
    detail = local_detail(pictures)
    parts = []
    for view in views:
        row, other = index.near(encoder.hashes(view_inputs(detail, view)), bits)
        parts.append(np.stack([np.full_like(row, ALL_VIEWS.index(view)), row, other], axis=1))
    return np.concatenate(parts)


def _redundant(candidates: np.ndarray, start: int) -> np.ndarray:
    """Find, within one set, matches of an image with itself, and the second of two matches of middle views."""
    view, row, other = candidates.T
    return (start + row == other) | ((view == ALL_VIEWS.index(MIDDLE)) & (start + row < other))


def _confirm(
    pictures: torch.Tensor, others: ImageSet, candidates: np.ndarray, distance: float, start: int
) -> tuple[np.ndarray, ...]:
    """Return rows, other rows, distances and views of the candidates whose pixels agree."""
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
