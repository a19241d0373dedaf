import numpy as np
import pytest
import torch

from dcgan_probe.deduplication.views import (
    ALL_VIEWS,
    HALF_OF_VIEWS,
    INPUTS,
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


def test_gray_images_have_three_equal_colors(photographs):
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
