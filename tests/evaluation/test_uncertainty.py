import math

import numpy as np
import pytest

from dcgan_probe.evaluation import bootstrap_images


def some(draws, images, accuracy=0.7, seed=0):
    """Make correct (draws, images) whose images are of different difficulty."""
    rng = np.random.default_rng(seed)
    easy = rng.beta(4 * accuracy, 4 * (1 - accuracy), images)
    return rng.random((draws, images)) < easy


def test_one_fit_has_the_binomial_deviation():
    correct = np.arange(400) < 300
    found = bootstrap_images(correct[None])
    assert found.standard_error == pytest.approx(math.sqrt(0.75 * 0.25 / 400), rel=0.03)
    half_width = 1.96 * math.sqrt(0.75 * 0.25 / 400)
    assert (found.low, found.high) == pytest.approx((0.75 - half_width, 0.75 + half_width), abs=0.004)


def test_several_draws_are_resampled_together_as_a_plain_loop_does():
    correct = some(5, 200)
    rng = np.random.default_rng(3)
    means = [correct[:, rng.integers(200, size=200)].mean() for _ in range(10_000)]
    found = bootstrap_images(correct)
    assert found.standard_error == pytest.approx(np.std(means), rel=0.04)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, (0.025, 0.975))), abs=0.004)
    # Had each prediction been resampled for itself, the error would be that of 5 x 200 images.
    alone = math.sqrt(correct.mean() * (1 - correct.mean()) / correct.size)
    assert found.standard_error > 1.2 * alone


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(400):
        easy = rng.beta(2.8, 1.2, 150)
        found = bootstrap_images(rng.random((3, 150)) < easy, resamples=500)
        covered += found.low <= 0.7 <= found.high
    # 95 % of 400 are 380, with a deviation of 4.4; a percentile interval of 150 images is a little narrow.
    assert 365 <= covered <= 395


def test_the_seed_decides_the_resamples():
    correct = some(3, 50)
    assert bootstrap_images(correct, seed=1) == bootstrap_images(correct, seed=1) != bootstrap_images(correct, seed=2)


def test_all_right_leaves_nothing_open():
    found = bootstrap_images(np.ones((2, 30), bool))
    assert (found.standard_error, found.low, found.high) == (0.0, 1.0, 1.0)
