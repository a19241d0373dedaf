import numpy as np
import pytest
import torch

from dcgan_probe.deduplication.confirming import relative_distances
from dcgan_probe.deduplication.views import MIDDLE, View, local_detail, to_pictures


def test_the_distance_is_a_ratio_of_one_minus_correlations(photographs):
    first, second = (to_pictures(photographs(3, seed=seed).images) for seed in (1, 2))
    found = relative_distances(first, second, View(1, -2, True))

    def unlike(*views):
        return 1 - np.corrcoef(*(view.ravel() for view in views))[0, 1]

    def own(picture):
        middle = picture[:, 2:30, 2:30]
        moved = picture[:, 4:, 2:30], picture[:, 2:30, 4:], picture[:, 4:, 4:], picture[:, 4:, :28]
        return min(unlike(middle, view) for view in moved)

    for row in range(3):
        a, b = (local_detail(pictures)[row].numpy() for pictures in (first, second))
        expected = unlike(a[:, 3:31, :28][:, :, ::-1], b[:, 2:30, 2:30]) / min(own(a), own(b))
        assert found[row] == pytest.approx(expected, rel=2e-2)  # the added variance


def test_brightness_and_contrast_do_not_count(photographs):
    pictures = to_pictures(photographs(2).images)
    assert relative_distances(pictures, pictures + 30, MIDDLE).max() < 1e-5
    assert relative_distances(pictures, pictures * 0.5, MIDDLE).max() < 1e-2
    assert relative_distances(pictures, 255 - pictures, MIDDLE).min() > 2


def test_two_bars_are_two_and_a_bar_and_its_copy_are_one():
    """Both are light, upright, on a dark ground; only their ends or some noise would tell them apart."""
    random = np.random.default_rng(0)
    bars = np.full((2, 3, 32, 32), 60.0)
    bars[0, :, :, 14:18], bars[1, :, :, 14:18] = 200, 160
    bars = torch.from_numpy(bars + random.normal(0, 3, bars.shape)).float()
    assert relative_distances(bars[:1], bars[1:], MIDDLE).item() > 0.5
    assert relative_distances(bars[:1], bars[:1] * 0.9, MIDDLE).item() < 1e-2


def test_blank_pictures_are_the_same_and_unlike_others(photographs):
    blank, other = torch.full((1, 3, 32, 32), 77.0), to_pictures(photographs(1).images)
    assert relative_distances(blank, blank + 9, MIDDLE).item() == 0.0
    assert relative_distances(blank, other, MIDDLE).item() > 1
