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

    E[w_i w_k] = ([i = k] + 1 - 2/R) / (R (R - 1)) for draws, of which R - 1 are taken, ([j = l] + 1 - 1/N) / N^2 for
    images.
    """
    d = first.astype(float) - second
    rows, columns = d.shape
    kept_rows, kept_columns = 1 - 2 / rows, 1 - 1 / columns
    square = (d**2).sum() + kept_columns * (d.sum(1) ** 2).sum() + kept_rows * (d.sum(0) ** 2).sum()
    square += kept_rows * kept_columns * d.sum() ** 2
    return math.sqrt(square / (rows * (rows - 1) * columns**2) - d.mean() ** 2)


def test_two_levels_are_resampled_as_a_plain_loop_does():
    first, second = pair(6, 60, gain=0.3)
    rng = np.random.default_rng(1)
    means = []
    for _ in range(20_000):
        chosen = np.ix_(rng.integers(6, size=5), rng.integers(60, size=60))
        means.append(first[chosen].mean() - second[chosen].mean())
    found = bootstrap_difference(first, second, resamples=20_000)
    assert found.mean == pytest.approx(first.mean() - second.mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, (0.025, 0.975))), abs=0.006)
    assert found.p == pytest.approx(2 * min(np.mean(np.array(means) <= 0), np.mean(np.array(means) >= 0)), abs=0.015)


@pytest.mark.parametrize(("draws", "images"), [(6, 300), (10, 300), (20, 90)])
def test_the_interval_is_as_wide_as_the_moments_of_the_weights_say(draws, images):
    first, second = pair(draws, images)
    found = bootstrap_difference(first, second)
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(spread_by_hand(first, second), rel=0.05)


def test_one_draw_is_resampled_as_its_images_one_by_one_are():
    first, second = pair(1, 300)
    rng = np.random.default_rng(1)
    chosen = rng.integers(300, size=(20_000, 300))
    means = (first[0].astype(int) - second[0])[chosen].mean(axis=1)
    found = bootstrap_difference(first, second, resamples=20_000)
    assert found.mean == pytest.approx(first.mean() - second.mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, (0.025, 0.975))), abs=0.004)
    assert found.p == pytest.approx(2 * min(np.mean(means <= 0), np.mean(means >= 0)), abs=0.02)


def draws_decide(draws, images, seed):
    """Make two correct (draws, images), as good in the mean, that lose or win whole draws at random."""
    rng = np.random.default_rng(seed)
    return [rng.random((draws, images)) < 0.6 + 0.1 * rng.normal(size=(draws, 1)) for _ in range(2)]


@pytest.mark.parametrize("draws", [6, 10])
def test_where_draws_decide_the_variance_is_that_of_a_mean_over_draws(draws):
    first, second = draws_decide(draws, 20_000, seed=3)
    found = bootstrap_difference(first, second, resamples=4_000)
    per_draw = first.mean(axis=1) - second.mean(axis=1)
    standard_error = per_draw.std(ddof=1) / math.sqrt(draws)
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(standard_error, rel=0.04)


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


@pytest.mark.parametrize(
    ("make", "draws", "most"),
    # 5 % of 200 are 10, with a deviation of 3.1; where ten draws decide, 8 to 9 % are rejected: 17, and 3.9.
    [(pair, 10, 20), (draws_decide, 10, 29), (draws_decide, 100, 20)],
)
def test_a_true_null_hypothesis_is_rejected_as_seldom_as_it_says(make, draws, most):
    found = [bootstrap_difference(*make(draws, 100, seed=seed), resamples=400) for seed in range(200)]
    rejected = sum(each.p < 0.05 for each in found)
    assert 2 <= rejected <= most
    assert sum(each.low <= 0.0 <= each.high for each in found) == pytest.approx(200 - rejected, abs=2)


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
