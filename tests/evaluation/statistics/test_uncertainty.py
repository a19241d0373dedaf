import importlib
import math
import statistics
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student_t

from dcgan_probe.evaluation import bootstrap_images, mean_over_draws, standard_error_over_draws


def some(draws, images, accuracy=0.7, seed=0):
    """Sample correct predictions bool (draws, images) with images of different difficulty."""
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
    # If predictions were resampled independently, the error would be that of 5 x 200 images.
    alone = math.sqrt(correct.mean() * (1 - correct.mean()) / correct.size)
    assert found.standard_error > 1.2 * alone


def test_the_interval_has_about_its_nominal_coverage():
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


def test_the_standard_error_over_draws_by_hand():
    # Standard deviation 0.01; 1/4 + 0.2/0.8 = 1/2.
    accuracies = [0.61, 0.63, 0.62, 0.62]
    assert statistics.variance(accuracies) == pytest.approx(2e-4 / 3)
    assert standard_error_over_draws(accuracies, 0.2) == pytest.approx(math.sqrt(1e-4 / 3))
    assert standard_error_over_draws(accuracies, 0.0) == pytest.approx(statistics.stdev(accuracies) / 2)


@pytest.mark.parametrize("overlap", [-0.1, 1.0, math.nan])
def test_an_overlap_that_is_no_share_below_1_is_refused(overlap):
    with pytest.raises(ValueError, match=r"^got an overlap of .*, expected a share in \[0, 1\)$"):
        standard_error_over_draws([0.5, 0.6], overlap)
    with pytest.raises(ValueError, match="got an overlap of"):
        mean_over_draws(np.ones((2, 3)), overlap)


def test_one_accuracy_has_no_standard_error():
    with pytest.raises(ValueError, match="at least two data points"):
        standard_error_over_draws([0.5], 0.1)


KINDS, DRAWN, SIZES = 2, 1, (2, 3)
"""Population of two kinds of rows in each of two classes; a draw has one row per class of a pool."""
SHARE = sum(DRAWN / size for size in SIZES) / len(SIZES)


def draws_of(pool):
    """List all draws from a pool: tuples of kinds, one per class."""
    return list(product(*([kinds[i] for (i,) in combinations(range(len(kinds)), DRAWN)] for kinds in pool)))


def all_pairs_of_draws():
    """List all pools, equally likely, and all pairs of draws of each, equally likely."""
    for pool in product(*(product(range(KINDS), repeat=size) for size in SIZES)):
        yield list(product(draws_of(pool), repeat=2))


@pytest.mark.parametrize(
    ("accuracy", "exact"),
    [
        (lambda draw: sum(draw), True),
        (lambda draw: draw[0] * draw[1], False),
        (lambda draw: float(draw[0] == draw[1]), False),
    ],
    ids=["sum", "product", "equality"],
)
def test_over_all_pools_and_draws_the_squared_standard_error_is_the_variance_of_the_mean(accuracy, exact):
    means, squares = [], []
    for pairs in all_pairs_of_draws():
        for pair in pairs:
            accuracies = [accuracy(draw) for draw in pair]
            means.append((statistics.fmean(accuracies), 1 / len(pairs)))
            squares.append(standard_error_over_draws(accuracies, SHARE) ** 2)
    weights = np.array([weight for _, weight in means]) / sum(weight for _, weight in means)
    values = np.array([value for value, _ in means])
    variance = weights @ values**2 - (weights @ values) ** 2
    if exact:  # A sum of contributions of rows, equally large in both classes.
        assert weights @ squares == pytest.approx(variance)
    else:  # Effects of two rows together are shared less often.
        assert weights @ squares > 1.05 * variance


def test_over_all_pools_draws_and_images_the_squared_standard_error_is_the_variance_of_the_mean():
    ease, values, squares, weights = (0.0, 0.9, 1.2), [], [], []
    for pairs in all_pairs_of_draws():
        for pair, images in product(pairs, product(ease, repeat=2)):
            table = 0.4 * np.array([[sum(draw)] for draw in pair]) + images
            found = mean_over_draws(table, SHARE)
            values.append(found.mean)
            squares.append(found.standard_error**2)
            weights.append(1 / len(pairs))
    values, weights = np.array(values), np.array(weights) / sum(weights)
    assert weights @ squares == pytest.approx(weights @ values**2 - (weights @ values) ** 2)


def test_a_table_with_interaction_by_hand():
    # Means of the draws 0.75, 0.5, 0.25 (variance 1/16), of the images 1, 2/3, 1/3, 0 (variance 5/27), mean 1/2. Sum of
    # squares 3: of draws 4 x 1/8 = 1/2, of images 3 x 5/9 = 5/3, of residuals 5/6, with 2 x 3 degrees of freedom.
    table = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]], bool)
    found = mean_over_draws(table, 0.25)
    factor = 1 / 3 + 1 / 3
    of_draws, of_images, interaction = factor / 16, 5 / 27 / 4, factor * (5 / 6 / 6) / 4
    assert found.mean == 0.5
    assert found.standard_error == pytest.approx(math.sqrt(of_draws + of_images - interaction))
    freedom = (of_draws + of_images - interaction) ** 2 / (of_draws**2 / 2 + of_images**2 / 3)
    assert found.degrees_of_freedom == pytest.approx(freedom)
    half_width = student_t.ppf(0.975, freedom) * found.standard_error
    assert (found.low, found.high) == pytest.approx((0.5 - half_width, 0.5 + half_width))
    assert found.p == pytest.approx(2 * student_t.cdf(-0.5 / found.standard_error, freedom))


@pytest.mark.parametrize(
    ("table", "squared"),
    [
        ([[1, 0], [0, 1]], 0.0),  # interaction alone: both terms are 0
        ([[1, 0, 0, 1], [1, 0, 0, 1]], 1 / 12),  # identical draws: images alone, variance 1/3
        ([[1, 1, 1], [0, 0, 0]], 0.5 * (0.5 + 0.25)),  # images alike: draws alone, variance 1/2, 1/2 + 0.2/0.8
        ([[1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 1, 1]], 1 / 48 * (1 / 3 + 0.25)),  # images differ less than interaction
    ],
)
def test_the_variance_is_at_least_the_larger_term(table, squared):
    assert mean_over_draws(np.array(table), 0.2).standard_error ** 2 == pytest.approx(squared)


@pytest.mark.parametrize(("value", "p"), [(0.0, 1.0), (1.0, 0.0), (-1.0, 0.0)])
def test_a_table_without_variance(value, p):
    found = mean_over_draws(np.full((2, 5), value), 0.2)
    assert (found.low, found.high, found.p, found.degrees_of_freedom) == (value, value, p, 1)


def test_one_draw_is_held_fixed():
    correct = some(1, 50)
    found, accuracy = mean_over_draws(correct, math.nan), correct.mean()
    assert found.standard_error == pytest.approx(math.sqrt(accuracy * (1 - accuracy) / 49))
    assert found.degrees_of_freedom == 49


def test_a_single_image_is_refused():
    with pytest.raises(ValueError, match="got 1 test images, expected at least 2"):
        mean_over_draws(np.ones((3, 1)), 0.1)


@pytest.mark.parametrize("draws", [5, 20])
def test_intervals_of_linear_effects_of_rows_cover_the_mean_as_often_as_claimed(draws):
    """Rows affect all images equally and each image differently; 30 of 60, 75 and 150 rows per class are drawn."""
    rng, sizes = np.random.default_rng(draws), (60, 75, 150)
    overlap = statistics.fmean(30 / size for size in sizes)
    covered = missed = 0
    for _ in range(400):
        table = np.tile(rng.normal(size=40), (draws, 1))
        for size in sizes:
            effects = rng.normal(size=(size, 1)) + rng.normal(size=(size, 40))
            for row in table:
                row += effects[rng.choice(size, 30, replace=False)].sum(axis=0) / 8
        covered += abs((found := mean_over_draws(table, overlap)).mean) <= found.high - found.mean
        missed += abs((without := mean_over_draws(table, 0.0)).mean) > without.high - without.mean
    assert 365 <= covered <= 394  # 95 % of 400 are 380, with a deviation of 4.4
    assert missed > 50


@pytest.mark.slow
def test_intervals_of_fitted_classifiers_cover_the_expected_accuracy(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[3] / "benchmarks")
    simulation = importlib.import_module("bench_comparisons")
    found = simulation.simulated(simulation.Case(10, 0.25, 4_000), simulation.Population(3), 400)
    # A coverage of 95 % has a deviation of 1.1 % in 400 repeats.
    for name in ("mean covered", "difference covered"):
        assert 0.92 <= found[name] <= 0.985
        assert found[f"{name}, overlap 0"] < 0.9
    assert found["falsely rejected"] < 0.07
