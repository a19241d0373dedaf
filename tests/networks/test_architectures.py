"""Networks against the published tables, which are written out by hand: no number is computed from a config."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from dcgan_probe.gan import PRESETS
from dcgan_probe.networks import Discriminator, Generator

# Maps in, maps out, kernel, stride, padding, batch norm. The published text is quoted in the README.
DISCRIMINATORS = {
    "imagenet32": [
        (3, 128, 3, 1, 1, False),
        (128, 128, 3, 2, 1, True),
        (128, 256, 3, 1, 1, True),
        (256, 256, 3, 2, 1, True),
        (256, 512, 3, 1, 1, True),
        (512, 512, 3, 2, 1, True),
    ],
    "svhn32": [(3, 64, 5, 2, 2, False), (64, 128, 5, 2, 2, True), (128, 256, 5, 2, 2, True)],
    "faces64": [
        (3, 128, 5, 2, 2, False),
        (128, 256, 5, 2, 2, True),
        (256, 512, 5, 2, 2, True),
        (512, 1024, 5, 2, 2, True),
    ],
    "cpu32": [(3, 32, 5, 2, 2, False), (32, 64, 5, 2, 2, True), (64, 128, 5, 2, 2, True)],
    "tutorial64": [
        (3, 64, 4, 2, 1, False),
        (64, 128, 4, 2, 1, True),
        (128, 256, 4, 2, 1, True),
        (256, 512, 4, 2, 1, True),
    ],
}
FLAT = {"imagenet32": 8192, "svhn32": 4096, "faces64": 16384, "cpu32": 2048, "tutorial64": 8192}

# z, units of its projection, gains of the first batch norm.
PROJECTIONS = {
    "imagenet32": (256, 8192, 8192),
    "svhn32": (100, 4096, 4096),
    "faces64": (100, 16384, 16384),
    "cpu32": (100, 2048, 2048),
    "tutorial64": (100, 8192, 512),
}
# Maps in, maps out, kernel, stride, padding, output padding, batch norm.
GENERATORS = {
    "imagenet32": [
        (512, 512, 3, 2, 1, 1, True),
        (512, 256, 3, 1, 1, 0, True),
        (256, 256, 3, 2, 1, 1, True),
        (256, 128, 3, 1, 1, 0, True),
        (128, 128, 3, 2, 1, 1, True),
        (128, 3, 3, 1, 1, 0, False),
    ],
    "svhn32": [(256, 128, 5, 2, 2, 1, True), (128, 64, 5, 2, 2, 1, True), (64, 3, 5, 2, 2, 1, False)],
    "faces64": [
        (1024, 512, 5, 2, 2, 1, True),
        (512, 256, 5, 2, 2, 1, True),
        (256, 128, 5, 2, 2, 1, True),
        (128, 3, 5, 2, 2, 1, False),
    ],
    "cpu32": [(128, 64, 5, 2, 2, 1, True), (64, 32, 5, 2, 2, 1, True), (32, 3, 5, 2, 2, 1, False)],
    "tutorial64": [
        (512, 256, 4, 2, 1, 0, True),
        (256, 128, 4, 2, 1, 0, True),
        (128, 64, 4, 2, 1, 0, True),
        (64, 3, 4, 2, 1, 0, False),
    ],
}
# Sides of the discriminator's maps for one image, and of the generator's from the projection to the image.
SIDES = {
    "imagenet32": [32, 16, 16, 8, 8, 4],
    "svhn32": [16, 8, 4],
    "faces64": [32, 16, 8, 4],
    "cpu32": [16, 8, 4],
    "tutorial64": [32, 16, 8, 4],
}
EPS = {"imagenet32": 1e-8, "svhn32": 1e-8, "faces64": 1e-8, "cpu32": 1e-8, "tutorial64": 1e-5}
IMAGE = {"imagenet32": 32, "svhn32": 32, "faces64": 64, "cpu32": 32, "tutorial64": 64}
NAMES = list(DISCRIMINATORS)


def build(kind, preset):
    with torch.device("meta"):
        network = kind(PRESETS[preset].network)
    return network.to_empty(device="cpu").requires_grad_(False)  # shapes only


def shapes(network):
    return [(name, tuple(parameter.shape)) for name, parameter in network.named_parameters()]


@pytest.mark.parametrize("preset", NAMES)
def test_every_parameter_of_the_discriminator(preset):
    expected = []
    for number, (maps_in, maps_out, kernel, _, _, norm) in enumerate(DISCRIMINATORS[preset], 1):
        expected.append((f"layers.conv{number}.conv.weight", (maps_out, maps_in, kernel, kernel)))
        if norm:
            expected.append((f"layers.conv{number}.norm.weight", (maps_out,)))
            expected.append((f"layers.conv{number}.norm.bias", (maps_out,)))
    expected.append(("output.weight", (1, FLAT[preset])))
    assert shapes(build(Discriminator, preset)) == expected


@pytest.mark.parametrize("preset", NAMES)
def test_every_parameter_of_the_generator(preset):
    nz, units, gains = PROJECTIONS[preset]
    expected = [("project.weight", (units, nz)), ("first_norm.weight", (gains,)), ("first_norm.bias", (gains,))]
    for number, (maps_in, maps_out, kernel, _, _, _, norm) in enumerate(GENERATORS[preset], 1):
        name = f"layers.deconv{number}.conv" if norm else "output"
        expected.append((f"{name}.weight", (maps_in, maps_out, kernel, kernel)))
        if norm:
            expected.append((f"layers.deconv{number}.norm.weight", (maps_out,)))
            expected.append((f"layers.deconv{number}.norm.bias", (maps_out,)))
    assert shapes(build(Generator, preset)) == expected


@pytest.mark.parametrize("preset", NAMES)
def test_strides_paddings_norms_and_slopes_of_the_discriminator(preset):
    network = build(Discriminator, preset)
    assert len(network.layers) == len(DISCRIMINATORS[preset])
    for layer, (_, _, kernel, stride, padding, norm) in zip(
        network.layers.values(), DISCRIMINATORS[preset], strict=True
    ):
        assert (layer.conv.kernel_size, layer.conv.stride, layer.conv.padding) == (
            (kernel, kernel),
            (stride, stride),
            (padding, padding),
        )
        assert (layer.conv.dilation, layer.conv.groups, layer.conv.padding_mode) == ((1, 1), 1, "zeros")
        assert (layer.norm is not None) == norm
        assert layer.norm is None or layer.norm.eps == EPS[preset]
        assert layer.activation.negative_slope == 0.2
        assert not layer.activation.inplace
    assert all(module.bias is None for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear))


@pytest.mark.parametrize("preset", NAMES)
def test_strides_paddings_and_norms_of_the_generator(preset):
    network = build(Generator, preset)
    convolutions = [*(layer.conv for layer in network.layers.values()), network.output]
    assert len(convolutions) == len(GENERATORS[preset])
    for convolution, (_, _, kernel, stride, padding, extra, _) in zip(convolutions, GENERATORS[preset], strict=True):
        assert convolution.kernel_size == (kernel, kernel)
        assert convolution.stride == (stride, stride)
        assert convolution.padding == (padding, padding)
        assert convolution.output_padding == (extra, extra)
        assert convolution.bias is None
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert [norm.eps for norm in norms] == [EPS[preset]] * len(GENERATORS[preset])
    assert network.project.bias is None
    assert not any(module.inplace for module in network.modules() if isinstance(module, nn.ReLU))


@pytest.mark.parametrize("preset", NAMES)
def test_sides_of_all_maps(preset):
    side = IMAGE[preset]
    maps = build(Discriminator, preset).activations(torch.empty(2, 3, side, side))
    widths = [maps_out for _, maps_out, *_ in DISCRIMINATORS[preset]]
    assert [tuple(block.shape) for block in maps.values()] == [
        (2, width, size, size) for width, size in zip(widths, SIDES[preset], strict=True)
    ]
    generator, seen = build(Generator, preset), []
    for layer in [*generator.layers.values(), generator.output]:
        layer.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0].shape[-1], output.shape[-1])))
    images = generator(torch.empty(2, PROJECTIONS[preset][0]))
    assert images.shape == (2, 3, side, side)
    # The generator mirrors the discriminator: the same sides, backwards.
    sides = [*reversed(SIDES[preset]), side]
    assert seen == list(pairwise(sides))


@pytest.mark.parametrize(
    ("preset", "count"), [("imagenet32", 28_672), ("svhn32", 7_168), ("cpu32", 3_584), ("demo", 1_792)]
)
def test_number_of_features_on_the_grid_of_the_paper(preset, count):
    maps = build(Discriminator, preset).activations(torch.empty(1, 3, 32, 32))
    assert sum(block.shape[1] * 4 * 4 for block in maps.values()) == count


@pytest.mark.parametrize("preset", NAMES)
def test_distribution_of_z(preset):
    gaussian = preset in ("svhn32", "tutorial64")
    assert PRESETS[preset].network.z == ("gaussian" if gaussian else "uniform")
