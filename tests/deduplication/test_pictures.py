import numpy as np
import pytest
import torch

from dcgan_probe.deduplication.confirming import pixel_distances
from dcgan_probe.deduplication.pictures import (
    ALL_VIEWS,
    HALF_OF_VIEWS,
    INPUTS,
    MIDDLE,
    View,
    cut_view,
    detail_inputs,
    local_detail,
    to_pictures,
    whole_inputs,
)


@pytest.mark.parametrize("view", ALL_VIEWS)
def test_a_moved_copy_has_a_view_that_is_the_middle_of_the_original(photographs, view):
    original = photographs(1).images
    copy = original[..., ::-1] if view.mirrored else original
    copy = np.roll(copy, (view.down, view.right), (2, 3))
    cut = cut_view(to_pictures(copy), view)
    np.testing.assert_array_equal(cut, original[:, :, 2:30, 2:30])


def test_half_of_the_views_and_their_inverses_are_all_views():
    inverses = {View(-view.down, view.right if view.mirrored else -view.right, view.mirrored) for view in HALF_OF_VIEWS}
    assert len(ALL_VIEWS) == 50
    assert set(HALF_OF_VIEWS) | inverses == set(ALL_VIEWS)
    assert len(HALF_OF_VIEWS) == 28


def test_large_images_are_averaged_over_the_middle_square(photographs):
    images = photographs(2, side=64).images
    wide = np.pad(images, [(0, 0), (0, 0), (0, 0), (7, 7)])
    expected = images.reshape(2, 3, 32, 2, 32, 2).mean((3, 5))
    np.testing.assert_allclose(to_pictures(wide), expected, atol=1e-4)


def test_grey_images_have_three_equal_colours(photographs):
    images = photographs(2, channels=1).images
    pictures = to_pictures(images)
    assert pictures.shape == (2, 3, 32, 32)
    for colour in range(3):
        np.testing.assert_array_equal(pictures[:, colour], images[:, 0])


def test_local_detail_is_what_a_box_filter_leaves(photographs):
    image = photographs(1).images
    detail = local_detail(to_pictures(image))[0].numpy()
    for colour, row, column in [(0, 0, 0), (1, 3, 31), (2, 16, 10), (0, 31, 5)]:
        square = image[0, colour, max(row - 4, 0) : row + 5, max(column - 4, 0) : column + 5]
        assert detail[colour, row, column] == pytest.approx(image[0, colour, row, column] - square.mean(), abs=1e-3)


@pytest.mark.parametrize("inputs", [whole_inputs, detail_inputs])
def test_inputs_know_no_brightness_and_hardly_any_contrast(photographs, inputs):
    pictures = to_pictures(photographs(3).images)
    given = inputs(pictures)
    assert given.shape == (3, INPUTS)
    torch.testing.assert_close(inputs(pictures + 20), given, atol=1e-3, rtol=0)
    torch.testing.assert_close(inputs(pictures * 0.8), given, atol=2e-2, rtol=0)


def test_detail_inputs_know_no_slow_change_but_whole_ones_do(photographs):
    pictures, slope = to_pictures(photographs(3).images), torch.linspace(-60, 60, 32)
    change = [(inputs(pictures + slope) - inputs(pictures)).square().mean() for inputs in (whole_inputs, detail_inputs)]
    assert change[0] > 0.1
    assert change[1] < 0.02


def test_blank_images_give_no_inputs():
    assert whole_inputs(to_pictures(np.full((1, 3, 32, 32), 77, np.uint8))).abs().max() == 0


def test_the_distance_of_pixels_is_what_differs_of_detail_with_the_same_contrast_everywhere(photographs):
    first, second = (to_pictures(photographs(2, seed=seed).images) for seed in (1, 2))
    found = pixel_distances(first, second, View(1, -2, True))
    for row in range(2):
        a, b = (even_by_hand(pictures[row].double().numpy()) for pictures in (first, second))
        a, b = a[:, 3:31, :28][:, :, ::-1], b[:, 2:30, 2:30]
        assert found[row] == pytest.approx(((a - b) ** 2).sum() / ((a**2).sum() + (b**2).sum()), abs=1e-4)


def even_by_hand(picture):
    """Follow the words: minus the mean of the square around, over the root mean square there, pixel by pixel."""

    def squares(values):
        places = [(slice(max(row - 4, 0), row + 5), slice(max(col - 4, 0), col + 5)) for row, col in np.ndindex(32, 32)]
        return [values[:, rows, columns] for rows, columns in places]

    means = [square.mean((1, 2)) for square in squares(picture)]
    detail = picture - np.array(means).T.reshape(3, 32, 32)
    contrasts = [(square**2).mean() for square in squares(detail)]
    return detail / np.sqrt(np.array(contrasts).reshape(32, 32) + 100)


def test_the_same_is_0_apart_and_the_negative_2(photographs):
    pictures = to_pictures(photographs(2).images)
    assert pixel_distances(pictures, pictures + 30, MIDDLE).max() < 1e-5
    assert pixel_distances(pictures, pictures * 0.7, MIDDLE).max() < 0.02
    torch.testing.assert_close(pixel_distances(pictures, 255 - pictures, MIDDLE), torch.full((2,), 2.0))


def test_blank_pictures_are_the_same_and_unlike_others(photographs):
    blank, other = torch.full((1, 3, 32, 32), 77.0), to_pictures(photographs(1).images)
    assert pixel_distances(blank, blank + 9, MIDDLE).item() == 0.0
    assert pixel_distances(blank, other, MIDDLE).item() == pytest.approx(1.0)


def test_a_common_horizon_does_not_make_two_pictures_one(photographs):
    """Whose pixels hardly differ for all that: the sky is much lighter than the ground in both."""
    first, second = (to_pictures(photographs(1, seed=seed).images) * 0.3 for seed in (1, 2))
    first[:, :, :16] += 150
    second[:, :, :16] += 150
    correlation = np.corrcoef(first.flatten().numpy(), second.flatten().numpy())[0, 1]
    assert correlation > 0.95
    assert pixel_distances(first, second, MIDDLE).item() > 0.35
