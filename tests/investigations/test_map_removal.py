from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from dcgan_probe.gan import generate
from dcgan_probe.investigations import (
    contrast,
    count_maps,
    difference_images,
    find_object,
    layer_maps,
    map_images,
    object_layer,
    pixel_change,
    without_maps,
)
from dcgan_probe.networks import build_generator
from dcgan_probe.runtime import UserError

CPU = torch.device("cpu")
NETS = [{}, {"resampling": "max-pool"}, {"norm": "none"}]


def generator_of(tiny_config, **changes):
    config = tiny_config(**{"image_size": 16, "multipliers": (1, 2, 3), "strides": (2, 2, 2), **changes}).network
    generator = build_generator(config, 0)
    for parameter in generator.parameters():
        parameter.data *= 20  # far from gray
    return generator


def draw_z(rows):
    return np.random.default_rng(0).uniform(-1, 1, (rows, 4)).astype(np.float32)


def readers(generator):
    """Give, for each hidden layer, the transposed convolution that reads its maps."""
    modules = [*(layer.conv for layer in generator.layers.values()), generator.output]
    convs = [module[1] if isinstance(module, nn.Sequential) else module for module in modules]
    return dict(zip(generator.layers, convs[1:], strict=True))


@pytest.mark.parametrize("changes", NETS)
@pytest.mark.parametrize("layer", ["deconv1", "deconv2"])
def test_a_dropped_map_is_one_that_nothing_reads(tiny_config, changes, layer):
    generator, z = generator_of(tiny_config, **changes), torch.from_numpy(draw_z(6))
    deaf = deepcopy(generator)
    readers(deaf)[layer].weight.data[[0, 3]] = 0.0  # (maps in, maps out, kernel, kernel)
    changed = generate(without_maps(generator, layer, np.array([3, 0])), z, CPU)
    np.testing.assert_array_equal(changed, generate(deaf, z, CPU))
    assert (changed != generate(generator, z, CPU)).any()


def test_nothing_dropped_changes_nothing_and_the_generator_stays_as_it_was(tiny_config):
    generator, z = generator_of(tiny_config), torch.from_numpy(draw_z(3))
    before, weights = generate(generator, z, CPU), {key: each.clone() for key, each in generator.state_dict().items()}
    np.testing.assert_array_equal(generate(without_maps(generator, "deconv1", np.arange(0)), z, CPU), before)
    without_maps(generator, "deconv1", np.arange(8))
    layer_maps(generator, "deconv2", z.numpy(), CPU)
    np.testing.assert_array_equal(generate(generator, z, CPU), before)
    for key, each in generator.state_dict().items():
        assert torch.equal(each, weights[key])


@pytest.mark.parametrize("changes", NETS)
def test_maps_are_what_the_rest_of_the_net_makes_the_image_of(tiny_config, changes):
    generator, z = generator_of(tiny_config, **changes).eval(), draw_z(5)
    maps = layer_maps(generator, "deconv2", z, CPU)
    assert maps.shape == (5, count_maps(generator, "deconv2"), 8, 8) == (5, 4, 8, 8)
    assert layer_maps(generator, "deconv1", z, CPU).shape == (5, count_maps(generator, "deconv1"), 4, 4) == (5, 8, 4, 4)
    assert maps.min() == 0.0
    with torch.no_grad():
        images = torch.tanh(generator.output(torch.from_numpy(maps)))
    expected = ((images + 1) * 127.5).round().to(torch.uint8).numpy()
    np.testing.assert_array_equal(generate(generator, torch.from_numpy(z), CPU), expected)


def test_layers_by_name_and_number_and_the_second_highest(tiny_config):
    generator = generator_of(tiny_config)
    assert object_layer(generator, None) == object_layer(generator, "2") == "deconv2"
    assert object_layer(generator, "deconv1") == "deconv1"
    with pytest.raises(UserError, match=r"unknown layer conv9: expected one of deconv1, deconv2 \(or 1 to 2\)"):
        object_layer(generator, "conv9")
    with pytest.raises(UserError, match="got a generator with one convolution"):
        object_layer(generator_of(tiny_config, image_size=8, multipliers=(1,), strides=(2,)), None)


def test_a_map_that_is_not_there(tiny_config):
    with pytest.raises(UserError, match="got map 8 of deconv1, expected 0 to 7"):
        without_maps(generator_of(tiny_config), "deconv1", np.array([8]))


def planted(images, seed=0):
    """Return maps of which 1 is active in boxes, 2 outside of them, and 0 and 3 at random; and the boxes."""
    random = np.random.default_rng(seed)
    boxed = np.zeros((images, 6, 6), bool)
    for each in boxed:
        top, left = random.integers(0, 4, 2)
        each[top : top + 3, left : left + 2] = True
    maps = random.exponential(size=(images, 4, 6, 6)).astype(np.float32)
    maps[:, 1] *= np.where(boxed, 3, 0.3)
    maps[:, 2] *= np.where(boxed, 0.3, 3)
    return maps, boxed


def test_the_maps_that_draw_the_object_are_found():
    maps, boxed = planted(60)
    found = find_object(maps, boxed, 0)
    assert found.drawing(1).tolist() == [1]
    assert found.weights[2] < 0
    assert 2 not in found.drawing()
    assert abs(found.weights[[0, 3]]).max() < found.weights[1] / 4
    assert found.balanced_accuracy > 0.85
    assert found.positions == 45 * 12
    assert found.held_out == 15 * 12


def test_boxes_at_random_tell_nothing():
    maps, boxed = planted(60)
    found = find_object(maps, np.random.default_rng(1).permutation(boxed), 0)
    # 15 held-out images of 12 positions; three standard deviations around chance, had all been independent.
    assert abs(found.balanced_accuracy - 0.5) < 3 * 0.5 / np.sqrt(15 * 12)


def test_images_that_judge_do_not_fit():
    """Were positions divided and not images, a map that names the image would tell its crowded boxes."""
    random = np.random.default_rng(0)
    maps = np.repeat(np.repeat(np.eye(40, dtype=np.float32)[:, :, None, None], 4, axis=2), 4, axis=3)
    boxed = random.random((40, 4, 4)) < random.choice([0.1, 0.9], (40, 1, 1))
    boxed[:, 0, 0], boxed[:, 3, 3] = True, False
    assert find_object(maps, boxed, 0).balanced_accuracy == 0.5


def test_boxes_that_leave_nothing_to_compare():
    maps, boxed = planted(4)
    with pytest.raises(UserError, match="got boxes on one sample, expected boxes on at least two"):
        find_object(maps[:1], boxed[:1], 0)
    with pytest.raises(UserError, match="got boxes that cover all of their samples, expected some positions outside"):
        find_object(maps, np.ones_like(boxed), 0)


def test_change_of_pixels_and_its_picture():
    before = np.array([[[[0, 255]], [[10, 255]], [[20, 255]]]], np.uint8)
    after = np.array([[[[255, 0]], [[10, 255]], [[17, 255]]]], np.uint8)
    np.testing.assert_allclose(pixel_change(before, after), [[[86.0, 85.0]]])
    pictures, scale = difference_images(before, after)
    assert scale == 255
    assert pictures[0, :, 0].tolist() == [[255, 0], [128, 128], [126, 128]]
    # A small change fills the scale too.
    pictures, scale = difference_images(before[:, 2:], after[:, 2:])
    assert scale == 3
    assert pictures[0, 0, 0].tolist() == [0, 128]
    assert difference_images(before, before)[1] == 1


def test_a_map_as_a_picture():
    maps = np.array([[[0.0, 2.0], [1.0, 4.0]]], np.float32)
    pictures, scale = map_images(maps, 4)
    assert scale == 4.0
    expected = np.kron([[0, 128], [64, 255]], np.ones((2, 2)))
    np.testing.assert_array_equal(pictures, expected[None, None])
    assert not map_images(np.zeros((1, 2, 2), np.float32), 4)[0].any()


def test_contrast_of_gray_and_of_black_and_white():
    images = np.full((2, 3, 4, 4), 77, np.uint8)
    images[1], images[1, :, :2] = 0, 255
    np.testing.assert_allclose(contrast(images), [0.0, 127.5])
