"""Pairs of packed hashes within some bits of each other, by multi-index hashing.

Source: Norouzi, Punjani and Fleet, 2012. A hash of 128 bits is cut into 8 bands of 16. Two hashes that differ in at
most d bits differ in at most d // 8 bits in at least one band, since more bits in each of the 8 bands would be more
than d in all. The rows that share a band's value up to d // 8 bits therefore include every pair, and their whole hashes
are compared.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ..runtime import UserError

BAND_BITS = 16
COMPARED_AT_ONCE = 1 << 21  # pairs of hashes; about 100 bytes each
MOST_FOUND = 1 << 24  # pairs of one lookup
_ONES = np.array([value.bit_count() for value in range(1 << BAND_BITS)], np.uint8)


class HashIndex:
    """Index for the lookup of near hashes; about 64 bytes per hash."""

    def __init__(self, hashes: np.ndarray):
        """Sort packed hashes, uint8 (N, bytes) with an even number of bytes, by each band."""
        self._bands = as_bands(hashes)  # (N, bands)
        self._orders = [np.argsort(band, kind="stable").astype(np.int32) for band in self._bands.T]
        values = np.arange((1 << BAND_BITS) + 1)
        self._starts = [
            np.searchsorted(band[order], values).astype(np.int64)
            for band, order in zip(self._bands.T, self._orders, strict=True)
        ]

    def near(self, hashes: np.ndarray, distance: int) -> tuple[np.ndarray, np.ndarray]:
        """Find all rows within a Hamming distance.

        Parameters
        ----------
        hashes
            uint8 (M, bytes), with as many bytes as those of the index.
        distance
            Number of bits, at least 0. The time grows steeply at every multiple of the number of bands (8 for 128
            bits).

        Returns
        -------
        tuple of numpy.ndarray
            Rows of ``hashes`` and rows of the index, int64 (pairs,), sorted by the first, then the second.

        Raises
        ------
        UserError
            If there are more pairs than memory can hold.
        """
        queries, rows = as_bands(hashes), len(self._bands)
        found, count = [np.empty(0, np.int64)], 0
        masks = flips(distance // self._bands.shape[1])
        for band in range(self._bands.shape[1]):
            for place, row in self._sharing((queries[:, band, None] ^ masks).ravel(), band):
                query = place // len(masks)
                near = hamming_distances(queries[query], self._bands[row]) <= distance
                found.append(query[near] * rows + row[near])
                count += len(found[-1])
                _refuse_too_many(count, len(hashes), distance)
        pairs = np.unique(np.concatenate(found))
        return pairs // rows, pairs % rows

    def _sharing(self, values: np.ndarray, band: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield, in blocks, places of the values uint16 (n,) and rows with these values in one band, int64."""
        starts, order = self._starts[band], self._orders[band]
        first = starts[values]
        counts = starts[values.astype(np.int64) + 1] - first
        ends = np.cumsum(counts)
        begin = 0
        while begin < len(values):
            before = ends[begin] - counts[begin]
            stop = max(begin + 1, int(np.searchsorted(ends, before + COMPARED_AT_ONCE, side="right")))
            block = slice(begin, stop)
            place = np.repeat(np.arange(begin, stop), counts[block])
            within = np.arange(len(place)) - np.repeat(ends[block] - counts[block] - before, counts[block])
            yield place, order[first[place] + within].astype(np.int64)
            begin = stop


def _refuse_too_many(found: int, queries: int, distance: int) -> None:
    if found > MOST_FOUND:
        raise UserError(
            f"got more than {MOST_FOUND:,} pairs of hashes within {distance} bits for {queries:,} images, expected "
            "few near-duplicates; give a smaller `bits`, or leave out blank images",
            parameter="bits",
        )


def as_bands(hashes: np.ndarray) -> np.ndarray:
    """View packed hashes, uint8 (N, bytes), as their bands, uint16 (N, bytes // 2)."""
    return np.ascontiguousarray(hashes).view(np.uint16)


def flips(bits: int) -> np.ndarray:
    """Return the uint16 masks that flip at most ``bits`` bits of a band: 1 mask for 0 bits, 17 for one, 137 for two."""
    masks = [
        sum(1 << place for place in flipped)
        for count in range(min(bits, BAND_BITS) + 1)
        for flipped in combinations(range(BAND_BITS), count)
    ]
    return np.array(masks, np.uint16)


def hamming_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Count the bits in which the rows of two arrays uint16 (n, bands) differ: int64 (n,)."""
    return _ONES[first ^ second].sum(axis=1, dtype=np.int64)
