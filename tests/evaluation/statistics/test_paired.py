import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_rel

from dcgan_probe.evaluation.statistics.paired import Discordant, difference_over_draws, discordant, holm

LABELS, POOLS, WEIGHTS = 15, (22, 30, 60), np.array([[2.0, 0.0], [0.0, 1.5], [-1.0, -1.0]])
"""Labels of each class in a draw, pool sizes of the classes, and their centers."""
OVERLAP = sum(LABELS / size for size in POOLS) / 3


def pair(draws, images, gain=0.0, seed=0):
    """Sample two tables bool (draws, images) of correct predictions that share effects of draw and image."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=images) + 0.3 * rng.normal(size=(draws, 1))
    own = [0.7 * rng.normal(size=images) + 0.2 * rng.normal(size=(draws, 1)) for _ in range(2)]
    first, second = (score + each + rng.normal(size=(draws, images)) for each in own)
    return first > -0.5 - gain, second > -0.5


def test_where_draws_decide_it_is_the_paired_t_test_over_draws():
    rng = np.random.default_rng(0)
    rates = 0.6 + 0.2 * rng.normal(size=(2, 8, 1))
    first, second = rng.random((2, 8, 20_000)) < rates
    found = difference_over_draws(first, second, 0.0)
    expected = ttest_rel(first.mean(axis=1), second.mean(axis=1))
    assert found.p == pytest.approx(expected.pvalue, rel=1e-2)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()), rel=1e-2)
    assert found.degrees_of_freedom == pytest.approx(7, rel=1e-2)


def test_one_draw_gives_the_t_test_over_images():
    first, second = pair(1, 300, gain=0.2)
    found = difference_over_draws(first, second, math.nan)
    expected = ttest_1samp(first[0].astype(int) - second[0], 0.0)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))


def test_the_exchanged_pair_has_the_exchanged_difference():
    first, second = pair(5, 80, gain=0.2)
    there, back = difference_over_draws(first, second, 0.2), difference_over_draws(second, first, 0.2)
    assert (there.mean, there.low, there.high) == pytest.approx((-back.mean, -back.high, -back.low))
    assert there.p == pytest.approx(back.p)


def test_equal_rows_do_not_differ():
    first, _ = pair(3, 40)
    found = difference_over_draws(first, first, 0.2)
    assert (found.mean, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_p_below_one_in_ten_thousand_is_resolved():
    first, second = pair(20, 2_000, gain=1.0)
    found = difference_over_draws(first, second, 0.1)
    assert 0.0 < found.p < 1e-6


def nearest_centers(rows):
    """Fit the class means of rows (draws, classes, labels, dimension): weights and offsets of the linear scores."""
    means = rows.mean(axis=2)
    return means, -0.5 * np.square(means).sum(axis=2)


def probed(rng, draws, images):
    """Sample a pool, draws of it and test images; fit nearest centers on two feature sets that are equally good.

    Test images are of the first class more often than labels are, as on SVHN.
    """
    labels = rng.choice(3, size=images, p=(0.6, 0.3, 0.1))
    test = WEIGHTS[labels] + rng.normal(size=(images, 2))
    pools = [center + rng.normal(size=(size, 2)) for center, size in zip(WEIGHTS, POOLS, strict=True)]
    chosen = [np.argsort(rng.random((draws, size)), axis=1)[:, :LABELS] for size in POOLS]
    found = []
    for _ in range(2):
        seen = test + 1.5 * rng.normal(size=test.shape)
        drawn = [(pool + 1.5 * rng.normal(size=pool.shape))[rows] for pool, rows in zip(pools, chosen, strict=True)]
        means, offsets = nearest_centers(np.stack(drawn, axis=1))
        found.append((means @ seen.T + offsets[:, :, None]).argmax(axis=1) == labels)
    return found


def test_true_null_hypotheses_are_rejected_no_more_often_than_claimed():
    rng = np.random.default_rng(3)
    found = [probed(rng, 40, 2_000) for _ in range(200)]
    rejected = sum(difference_over_draws(*both, OVERLAP).p < 0.05 for both in found)
    # 5 % of 200 are 10, with a deviation of 3.1. Effects of several rows together make it fewer.
    assert 1 <= rejected <= 18
    # Without the overlap, the variance common to the draws is missing.
    assert sum(difference_over_draws(*both, 0.0).p < 0.05 for both in found) > 30


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
