"""Class-conditional networks against the authors' MNIST script, its forward passes written out by hand."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from dcgan_probe.gan import PRESETS
from dcgan_probe.networks import Discriminator, Generator, NetworkConfig, build_discriminator, build_generator
from dcgan_probe.runtime import UserError

SMALL = NetworkConfig(
    image_size=8,
    nc=3,
    nz=6,
    z="uniform",
    ndf=4,
    ngf=5,
    multipliers=(1, 2),
    strides=(2, 2),
    kernel=5,
    eps=1e-3,  # large, so that a forgotten eps shows
    first_norm="unit",
    hidden=7,
    classes=3,
    affine=False,
)
LABELS = torch.tensor([2, 0, 1, 1, 2, 0])
ONE_HOT = torch.tensor(
    [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]],
    dtype=torch.float64,
)


def weights_of(network):
    """Return the network in float64 with random weights, and the weights by name."""
    random = torch.Generator().manual_seed(2)
    network = network.double().train().requires_grad_(False)
    for parameter in network.parameters():
        parameter.add_(torch.randn(parameter.shape, generator=random, dtype=torch.float64), alpha=0.3)
    return network, dict(network.named_parameters())


def normalized(values):
    axes = (0, *range(2, values.ndim))
    centered = values - values.mean(axes, keepdim=True)
    return centered / torch.sqrt((centered**2).mean(axes, keepdim=True) + 1e-3)


def labeled(maps):
    """Concatenate three maps to the maps of each image; the map of the image's label is 1."""
    result = torch.zeros(6, maps.shape[1] + 3, *maps.shape[2:], dtype=torch.float64)
    result[:, : maps.shape[1]] = maps
    for image, label in enumerate(LABELS.tolist()):
        result[image, maps.shape[1] + label] = 1
    return result


def leaky(values):
    return torch.where(values > 0, values, 0.2 * values)


def test_discriminator_by_hand():
    network, weights = weights_of(build_discriminator(SMALL, 0))
    signed = torch.rand((6, 3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    first = leaky(functional.conv2d(labeled(signed), weights["layers.conv1.conv.weight"], stride=2, padding=2))
    second = functional.conv2d(labeled(first), weights["layers.conv2.conv.weight"], stride=2, padding=2)
    second = leaky(normalized(second))
    units = torch.cat([second.reshape(6, 8 * 2 * 2), ONE_HOT], 1) @ weights["hidden.product.weight"].T
    units = torch.cat([leaky(normalized(units)), ONE_HOT], 1)
    expected = (units * weights["output.weight"]).sum(1)
    torch.testing.assert_close(network(signed, LABELS), expected, rtol=1e-9, atol=1e-12)
    maps = network.activations(signed, LABELS)
    torch.testing.assert_close(maps["conv1"], first, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(maps["conv2"], second, rtol=1e-9, atol=1e-12)
    assert not torch.allclose(network(signed, LABELS.roll(1)), expected)


def test_generator_by_hand():
    network, weights = weights_of(build_generator(SMALL, 0))
    z = torch.rand((6, 6), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    units = torch.cat([z, ONE_HOT], 1) @ weights["hidden.product.weight"].T
    units = torch.cat([normalized(units).clamp(min=0), ONE_HOT], 1) @ weights["project.weight"].T
    maps = normalized(units).clamp(min=0).reshape(6, 10, 2, 2)
    up = {"stride": 2, "padding": 2, "output_padding": 1}
    maps = functional.conv_transpose2d(labeled(maps), weights["layers.deconv1.conv.weight"], **up)
    maps = normalized(maps).clamp(min=0)
    expected = torch.tanh(functional.conv_transpose2d(labeled(maps), weights["output.weight"], **up))
    torch.testing.assert_close(network(z, LABELS), expected, rtol=1e-9, atol=1e-12)


def test_without_hidden_layers_the_label_is_beside_z_and_the_last_maps():
    config = replace(SMALL, hidden=0)
    assert build_discriminator(config, 0).state_dict()["output.weight"].shape == (1, 8 * 2 * 2 + 3)
    assert build_generator(config, 0).state_dict()["project.weight"].shape == (10 * 2 * 2, 6 + 3)


@pytest.mark.parametrize("first_norm", ["unit", "map"])
@pytest.mark.parametrize("classes", [0, 3])
def test_batch_norm_without_gain_and_bias_has_no_such_parameters(first_norm, classes):
    config = replace(SMALL, norm="all", first_norm=first_norm, classes=classes)
    for build in (build_discriminator, build_generator):
        plain, full = build(config, 0), build(replace(config, affine=True), 0)
        count = sum(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in full.modules())
        names, own = ({name for name, _ in network.named_parameters()} for network in (full, plain))
        assert len(names - own) == 2 * count
        assert not any("norm" in name for name in own)


def test_an_unconditional_network_is_not_changed_by_the_label_inputs():
    config = replace(SMALL, classes=0, hidden=0, affine=True)
    assert {"classes", "affine"} & set(config.identity()) == set()
    assert {"classes", "affine"} <= set(SMALL.identity())
    assert build_discriminator(config, 0).state_dict()["layers.conv1.conv.weight"].shape == (4, 3, 5, 5)
    with pytest.raises(UserError, match="got labels for a network without classes, expected none; train one with"):
        build_generator(config, 0)(torch.zeros(6, 6), LABELS)


def test_a_conditional_network_needs_labels():
    with pytest.raises(UserError) as caught:
        build_discriminator(SMALL, 0).activations(torch.zeros(6, 3, 8, 8))
    assert str(caught.value) == (
        "got no labels for a network that is conditional on 3 classes, expected one label for each image or z; to "
        "extract features without labels, train an unconditional network with `classes=0`"
    )


def test_channels_last_maps_stay_channels_last():
    network, seen = build_discriminator(SMALL, 0).to(memory_format=torch.channels_last), []
    for layer in network.layers.values():
        layer.conv.register_forward_pre_hook(
            lambda module, inputs: seen.append(inputs[0].is_contiguous(memory_format=torch.channels_last))
        )
    network(torch.zeros(6, 3, 8, 8).contiguous(memory_format=torch.channels_last), LABELS)
    assert seen == [True, True]


def test_the_preset_is_the_authors_network_for_larger_images():
    with torch.device("meta"):
        networks = [kind(PRESETS["conditional"].network) for kind in (Discriminator, Generator)]
    assert [{name: tuple(weight.shape) for name, weight in network.named_parameters()} for network in networks] == [
        {
            "layers.conv1.conv.weight": (64, 3 + 10, 5, 5),
            "layers.conv2.conv.weight": (128, 64 + 10, 5, 5),
            "hidden.product.weight": (1024, 128 * 8 * 8 + 10),
            "output.weight": (1, 1024 + 10),
        },
        {
            "hidden.product.weight": (1024, 100 + 10),
            "project.weight": (128 * 8 * 8, 1024 + 10),
            "layers.deconv1.conv.weight": (128 + 10, 64, 5, 5),
            "output.weight": (64 + 10, 3, 5, 5),
        },
    ]
