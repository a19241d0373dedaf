"""Similarities against pairs whitened by eigendecomposition; fields against a sorted list."""

import numpy as np
import pytest

from dcgan_probe.features.kmeans.receptive_fields import choose_fields, similarities


def shared_energy(rows=3000, seed=0):
    """Make maps: 0 and 1 share energy without linear correlation, 2 resembles 0, 3 and 4 are independent."""
    random = np.random.default_rng(seed)
    signals = random.standard_normal((rows, 5))
    swell = np.exp(random.standard_normal(rows))
    signals[:, 0] *= swell
    signals[:, 1] *= swell
    signals[:, 2] = 0.9 * signals[:, 0] + 0.3 * signals[:, 2]
    return (3.0 * signals + 2.0).astype(np.float32)


def plain_similarity(x, y):
    """Whiten one pair by the eigenvectors of its covariance, then correlate the squares."""
    pair = np.stack([x, y]).astype(np.float64)
    pair = (pair - pair.mean(axis=1, keepdims=True)) / pair.std(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(pair @ pair.T / pair.shape[1])
    squares = ((vectors / np.sqrt(values)) @ vectors.T @ pair) ** 2
    excess = (squares**2).mean(axis=1) - 1.0
    return ((squares[0] * squares[1]).mean() - 1.0) / np.sqrt(excess[0] * excess[1])


def test_similarities_are_those_of_pairs_whitened_one_by_one(monkeypatch):
    monkeypatch.setattr("dcgan_probe.features.kmeans.receptive_fields.ROWS", 700)
    values, seeds = shared_energy(), np.array([3, 0])
    found = similarities(values, seeds)
    assert found.shape == (2, 5)
    for row, seed in enumerate(seeds):
        for other in set(range(5)) - {seed}:
            expected = plain_similarity(values[:, seed], values[:, other])
            assert found[row, other] == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert found[1, 1] > 0.2 > abs(found[0, 4])


def test_a_copy_of_a_map_has_similarity_one_and_a_constant_map_zero():
    values = shared_energy(rows=500)
    values = np.concatenate([values, -2.0 * values[:, :1], np.full((500, 1), 7.0)], axis=1)
    found = similarities(values, np.array([0, 6]))
    assert (found[0, 0], found[0, 5], found[0, 6]) == (1.0, 1.0, 0.0)
    assert np.isfinite(found).all()


def test_a_field_is_its_seed_and_the_maps_most_similar_to_it():
    values = shared_energy()
    fields = choose_fields(values, 5, 3, np.random.default_rng(0))
    assert sorted(fields[:, 0]) == [0, 1, 2, 3, 4]  # as many seeds as maps, so each map is a seed
    for field in fields:
        others = sorted(set(range(5)) - {field[0]}, key=lambda m: -plain_similarity(values[:, field[0]], values[:, m]))
        assert list(field[1:]) == others[:2]
    assert set(fields[fields[:, 0] == 0][0]) == {0, 1, 2}
