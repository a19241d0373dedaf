import math
from fractions import Fraction

import numpy as np
import pytest

from dcgan_probe.evaluation.paired import Discordant, bootstrap_difference, discordant, holm


def pair(draws, images, gain=0.0, seed=0):
    """Make two correct (draws, images) that share what is hard about each image and each draw."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=images) + 0.3 * rng.normal(size=(draws, 1))
    own = [0.7 * rng.normal(size=images) + 0.2 * rng.normal(size=(draws, 1)) for _ in range(2)]
    first, second = (score + each + rng.normal(size=(draws, images)) for each in own)
    return first > -0.5 - gain, second > -0.5


def spread_by_hand(first, second):
    """Give the exact deviation of the two-level bootstrap, by the moments of its multinomial weights.

    E[w_i w_k] = [i = k] + 1 - 1/R, and the same for images.
    """
    d = first.astype(float) - second
    rows, columns = d.shape
    kept_rows, kept_columns = 1 - 1 / rows, 1 - 1 / columns
    square = (d**2).sum() + kept_columns * (d.sum(1) ** 2).sum() + kept_rows * (d.sum(0) ** 2).sum()
    square += kept_rows * kept_columns * d.sum() ** 2
    return math.sqrt(square / d.size**2 - d.mean() ** 2)


def test_two_levels_are_resampled_as_a_plain_loop_does():
    first, second = pair(4, 60, gain=0.3)
    rng = np.random.default_rng(1)
    means = []
    for _ in range(20_000):
        chosen = np.ix_(rng.integers(4, size=4), rng.integers(60, size=60))
        means.append(first[chosen].mean() - second[chosen].mean())
    found = bootstrap_difference(first, second, resamples=20_000)
    assert found.mean == pytest.approx(first.mean() - second.mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, (0.025, 0.975))), abs=0.006)
    assert found.p == pytest.approx(2 * min(np.mean(np.array(means) <= 0), np.mean(np.array(means) >= 0)), abs=0.015)


@pytest.mark.parametrize(("draws", "images"), [(1, 300), (8, 300), (20, 90)])
def test_the_interval_is_as_wide_as_the_moments_of_the_weights_say(draws, images):
    first, second = pair(draws, images)
    found = bootstrap_difference(first, second)
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(spread_by_hand(first, second), rel=0.05)


def test_draws_count_too():
    # Equal on every image, but for whole draws that one of the two loses.
    first = np.ones((6, 500), bool)
    second = first.copy()
    second[0] = False
    second[1, :100] = False
    found = bootstrap_difference(first, second)
    assert found.low == 0.0
    assert found.high > 0.5


def test_blocks_do_not_show():
    first, second = pair(3, 40)
    assert bootstrap_difference(first, second, resamples=100).low < bootstrap_difference(first, second).mean
    assert bootstrap_difference(first, second, seed=1) == bootstrap_difference(first, second, seed=1)
    assert bootstrap_difference(first, second, seed=1) != bootstrap_difference(first, second, seed=2)


def test_the_exchanged_pair_has_the_exchanged_difference():
    first, second = pair(5, 80, gain=0.2)
    there, back = bootstrap_difference(first, second), bootstrap_difference(second, first)
    assert (there.mean, there.low, there.high) == pytest.approx((-back.mean, -back.high, -back.low))
    assert there.p == back.p


def test_equal_rows_do_not_differ():
    first, _ = pair(3, 40)
    found = bootstrap_difference(first, first)
    assert (found.mean, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_p_is_never_0():
    first, second = np.ones((2, 50), bool), np.zeros((2, 50), bool)
    assert bootstrap_difference(first, second, resamples=99).p == pytest.approx(0.02)


def test_a_true_null_hypothesis_is_rejected_as_seldom_as_it_says():
    found = [bootstrap_difference(*pair(10, 100, seed=seed), resamples=400) for seed in range(200)]
    # 5 % of 200 are 10, with a deviation of 3.1; the two levels err to the wide side, ten draws to the narrow one.
    assert 2 <= sum(each.p < 0.05 for each in found) <= 20
    assert sum(each.low <= 0.0 <= each.high for each in found) == pytest.approx(190, abs=11)


@pytest.mark.parametrize(("first_only", "second_only"), [(3, 9), (9, 3), (0, 6), (5, 5), (1, 0), (40, 70)])
def test_mcnemar_is_the_binomial_sum(first_only, second_only):
    total = first_only + second_only
    tail = sum(Fraction(math.comb(total, k), 2**total) for k in range(min(first_only, second_only) + 1))
    assert Discordant(first_only, second_only).p == pytest.approx(float(min(1, 2 * tail)))


def test_discordant_images_are_counted():
    first = np.array([[True, True, False, False, True]])
    second = np.array([[True, False, True, False, False]])
    assert discordant(first, second) == Discordant(2, 1)
    assert discordant(first, first) == Discordant(0, 0)
    assert Discordant(0, 0).p == 1.0


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1 is 0.04, 0.06, 0.06, 0.04; never falling: 0.04, 0.06, 0.06, 0.06.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []
