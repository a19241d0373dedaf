import numpy as np
import pytest

from dcgan_probe.deduplication import candidates
from dcgan_probe.deduplication.candidates import HashIndex
from dcgan_probe.runtime import UserError


def clustered(rows, seed, bits=20):
    """Draw hashes around a few centers, each up to some bits off, so that every small distance occurs."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).integers(0, 2, (6, 128))
    on = centres[random.integers(6, size=rows)]
    for row in on:
        flipped = random.choice(128, random.integers(bits), replace=False)
        row[flipped] ^= 1
    return np.packbits(on.astype(bool), axis=1)


def brute_force(first, second, distance):
    differing = np.unpackbits(first[:, None] ^ second[None], axis=2).sum(axis=2, dtype=int)
    return np.nonzero(differing <= distance)


@pytest.mark.parametrize("distance", [0, 1, 7, 8, 15, 16])
def test_every_pair_within_the_distance_is_found_and_no_other(distance):
    queries, hashes = clustered(40, 1), clustered(150, 2)
    found = HashIndex(hashes).near(queries, distance)
    expected = brute_force(queries, hashes, distance)
    assert len(expected[0]) > (5 if distance else 0)
    np.testing.assert_array_equal(found, expected)


def test_one_differing_bit_in_each_band_is_found_where_none_is_equal():
    """The worst case of the pigeonhole: 15 bits, two in each band but one in the last."""
    hashes = np.zeros((1, 16), np.uint8)
    query = np.frombuffer(bytes([3, 0] * 7 + [1, 0]), np.uint8)[None]
    assert brute_force(query, hashes, 15)[0].tolist() == [0]
    assert HashIndex(hashes).near(query, 15)[0].tolist() == [0]
    assert HashIndex(hashes).near(query, 14)[0].tolist() == []


def test_small_blocks_give_the_same(monkeypatch):
    queries, hashes = clustered(50, 1), clustered(80, 2)
    expected = HashIndex(hashes).near(queries, 9)
    monkeypatch.setattr(candidates, "COMPARED_AT_ONCE", 3)
    np.testing.assert_array_equal(HashIndex(hashes).near(queries, 9), expected)


def test_more_pairs_than_memory_holds_are_refused(monkeypatch):
    monkeypatch.setattr(candidates, "MOST_FOUND", 1000)
    blank = np.zeros((40, 16), np.uint8)
    with pytest.raises(UserError, match="got more than 1,000 pairs of hashes within 3 bits for 40 images") as error:
        HashIndex(blank).near(blank, 3)
    assert error.value.parameter == "bits"
