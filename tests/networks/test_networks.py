from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from dcgan_probe.gan import PRESETS
from dcgan_probe.networks import (
    NetworkConfig,
    build_discriminator,
    build_generator,
    draw_z,
    load_discriminator,
    load_generator,
)
from dcgan_probe.runtime import UserError

SMALL = NetworkConfig(
    image_size=16,
    nc=3,
    nz=6,
    z="uniform",
    ndf=4,
    ngf=5,
    multipliers=(1, 2, 3),
    strides=(1, 2, 2),
    kernel=3,
    eps=1e-3,  # large, so that a forgotten eps shows
    first_norm="unit",
)


def images(rows=6, size=16, channels=3, dtype=torch.float32):
    random = torch.Generator().manual_seed(0)
    return torch.rand((rows, channels, size, size), generator=random, dtype=dtype) * 2 - 1


def normalized(maps, weights, name, eps, axes=(0, 2, 3)):
    shape = [1, -1, *[1] * (maps.ndim - 2)]
    mean = maps.mean(axes, keepdim=True)
    variance = ((maps - mean) ** 2).mean(axes, keepdim=True)
    scaled = (maps - mean) / torch.sqrt(variance + eps)
    return scaled * weights[f"{name}.weight"].view(shape) + weights[f"{name}.bias"].view(shape)


@pytest.mark.parametrize("build", [build_discriminator, build_generator])
def test_weights_follow_the_authors_distributions(build):
    network = build(PRESETS["svhn32"].network, seed=0).requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            count = module.weight.numel()
            assert abs(module.weight.mean()) < 5 * 0.02 / count**0.5
            assert module.weight.std() == pytest.approx(0.02, rel=5 / (2 * count) ** 0.5)
            if count > 10_000:  # a normal distribution, not a uniform one of the same width
                assert module.weight.abs().max() > 3 * 0.02
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            count = module.weight.numel()
            assert abs(module.weight.mean() - 1) < 5 * 0.02 / count**0.5
            assert module.weight.std() == pytest.approx(0.02, rel=5 / (2 * count) ** 0.5)
            assert not module.bias.any()


@pytest.mark.parametrize("build", [build_discriminator, build_generator])
@pytest.mark.parametrize("first_norm", ["unit", "map"])
def test_nothing_is_left_uninitialized(build, first_norm):
    torch.utils.deterministic.fill_uninitialized_memory = True
    torch.use_deterministic_algorithms(True)  # fills new memory with NaN
    try:
        network = build(replace(SMALL, first_norm=first_norm), seed=1)
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(parameter.isfinite().all() for parameter in network.parameters())
    assert all(not tensor.is_meta for tensor in network.state_dict().values())
    buffers = dict(network.named_buffers())
    assert len(buffers) == 3 * sum(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in network.modules())
    for name, buffer in buffers.items():
        expected = {"running_mean": 0, "running_var": 1, "num_batches_tracked": 0}[name.rpartition(".")[2]]
        assert (buffer == expected).all(), name


@pytest.mark.parametrize("build", [build_discriminator, build_generator])
def test_same_seed_gives_the_same_weights_and_no_global_state_moves(build):
    before = torch.get_rng_state()
    first, again, other = build(SMALL, 7), build(SMALL, 7), build(SMALL, 8)
    load_discriminator(SMALL, build_discriminator(SMALL, 7).state_dict())
    load_generator(SMALL, build_generator(SMALL, 7).state_dict())
    draw_z(SMALL, 3, torch.Generator().manual_seed(0))
    assert torch.equal(before, torch.get_rng_state())
    for name, weight in first.named_parameters():
        assert torch.equal(weight, dict(again.named_parameters())[name])
        if not name.endswith("norm.bias"):
            assert not torch.equal(weight, dict(other.named_parameters())[name])


def test_discriminator_and_generator_draw_from_separate_streams():
    config = replace(SMALL, ngf=4)
    discriminator, generator = build_discriminator(config, 0), build_generator(config, 0)
    first, second = (
        {value for weight in network.parameters() for value in weight.flatten()[:3].tolist() if value}
        for network in (discriminator, generator)
    )
    assert not first & second


@pytest.mark.parametrize("training", [True, False])
def test_discriminator_against_a_forward_pass_by_hand(training):
    network = build_discriminator(SMALL, 0).double().train(training)
    for name, buffer in network.named_buffers():
        if "running" in name:
            buffer.copy_(torch.linspace(0.5, 1.5, len(buffer)))
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    signed, expected = images(dtype=torch.float64), {}
    maps = signed
    for number, stride in ((1, 1), (2, 2), (3, 2)):
        maps = functional.conv2d(maps, weights[f"layers.conv{number}.conv.weight"], stride=stride, padding=1)
        norm = f"layers.conv{number}.norm"
        if number > 1 and training:
            maps = normalized(maps, weights, norm, 1e-3)
        elif number > 1:
            mean, variance = (weights[f"{norm}.running_{kind}"].view(1, -1, 1, 1) for kind in ("mean", "var"))
            gain, shift = (weights[f"{norm}.{kind}"].view(1, -1, 1, 1) for kind in ("weight", "bias"))
            maps = (maps - mean) / torch.sqrt(variance + 1e-3) * gain + shift
        maps = torch.where(maps > 0, maps, 0.2 * maps)
        expected[f"conv{number}"] = maps
    logit = (maps.flatten(1) * weights["output.weight"]).sum(1)
    with torch.no_grad():
        found = network.activations(signed)
        assert list(found) == ["conv1", "conv2", "conv3"]
        for name, maps in expected.items():
            torch.testing.assert_close(found[name], maps, rtol=1e-9, atol=1e-12)
        result = network(signed)
    assert result.shape == (6,)
    torch.testing.assert_close(result, logit, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("first_norm", ["unit", "map"])
def test_generator_against_a_forward_pass_by_hand(first_norm):
    config = replace(SMALL, first_norm=first_norm)
    network = build_generator(config, 0).double().train()
    weights = {name: value.clone() for name, value in network.state_dict().items()}
    z = draw_z(config, 6, torch.Generator().manual_seed(1)).double()
    projected = z @ weights["project.weight"].T
    if first_norm == "unit":
        maps = normalized(projected, weights, "first_norm", 1e-3, axes=(0,)).reshape(6, 15, 4, 4)
    else:
        maps = normalized(projected.reshape(6, 15, 4, 4), weights, "first_norm", 1e-3)
    maps = maps.clamp(min=0)
    for number, stride in ((1, 2), (2, 2), (3, 1)):
        name = f"layers.deconv{number}.conv.weight" if number < 3 else "output.weight"
        maps = functional.conv_transpose2d(maps, weights[name], stride=stride, padding=1, output_padding=stride - 1)
        if number < 3:
            maps = normalized(maps, weights, f"layers.deconv{number}.norm", 1e-3).clamp(min=0)
    with torch.no_grad():
        found = network(z)
    assert found.shape == (6, 3, 16, 16)
    torch.testing.assert_close(found, torch.tanh(maps), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kernel", [3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_generator_restores_the_side_for_every_kernel_and_stride(kernel, stride):
    if (kernel, stride) == (4, 1):
        pytest.skip("refused")
    config = replace(SMALL, kernel=kernel, multipliers=(1, 1), strides=(2, stride), image_size=12, nc=1)
    maps = build_discriminator(config, 0).activations(images(2, 12, 1))
    assert maps["conv2"].shape == (2, 4, 6 // stride, 6 // stride)
    assert build_generator(config, 0)(torch.zeros(2, 6)).shape == (2, 1, 12, 12)


def test_z_has_the_range_and_moments_of_its_distribution():
    config = replace(SMALL, nz=100)
    z = draw_z(config, 1000, torch.Generator().manual_seed(0))
    assert z.shape == (1000, 100)
    assert z.dtype == torch.float32
    assert -1 <= z.min() < -0.999
    assert 0.999 < z.max() <= 1
    assert abs(z.mean()) < 0.01
    assert z.var() == pytest.approx(1 / 3, rel=0.01)
    z = draw_z(replace(config, z="gaussian"), 1000, torch.Generator().manual_seed(0))
    assert abs(z.mean()) < 0.02
    assert z.var() == pytest.approx(1, rel=0.02)
    assert z.abs().max() > 3.5


def test_loaded_network_is_a_copy_of_the_weights():
    trained = build_discriminator(SMALL, 0)
    loaded = load_discriminator(SMALL, trained.state_dict())
    for name, tensor in trained.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[name])
    with torch.no_grad():
        loaded.layers["conv1"].conv.weight.zero_()
    assert trained.layers["conv1"].conv.weight.abs().sum() > 0


def test_weights_of_another_network_are_refused():
    other = build_discriminator(replace(SMALL, ndf=8), 0)
    with pytest.raises(
        UserError, match=r"got weights of another network, expected weights of NetworkConfig\(.*size mismatch"
    ):
        load_discriminator(SMALL, other.state_dict())
    with pytest.raises(UserError, match=r"got weights of another network.*Missing key"):
        load_generator(SMALL, other.state_dict())
    with pytest.raises(UserError, match="got weights of another network"):
        load_generator(SMALL, "text")


@pytest.mark.parametrize(
    ("change", "option", "text"),
    [
        ({"strides": (2, 2)}, "strides", "got 3 multipliers and 2 strides, expected equal numbers"),
        ({"strides": (0, 2, 2)}, "strides", r"got strides \(0, 2, 2\), expected 1 or 2 for each layer"),
        ({"strides": (4, 1, 1)}, "strides", r"got strides \(4, 1, 1\), expected 1 or 2 for each layer"),
        ({"multipliers": (1, 0, 1)}, "multipliers", r"got multipliers \(1, 0, 1\), expected at least 1 each"),
        ({"multipliers": (), "strides": ()}, "strides", "got 0 multipliers and 0 strides"),
        ({"nc": 2}, "nc", "got 2 image channels, expected 1 or 3"),
        ({"kernel": 7}, "kernel", "got a kernel of 7, expected 3, 4 or 5"),
        ({"kernel": 4}, "kernel", r"got a kernel of 4 with strides \(1, 2, 2\), expected a kernel of 3 or 5, or"),
        ({"z": "normal"}, "z", "got z 'normal', expected uniform or gaussian"),
        ({"nz": 0}, "nz", "got nz 0, expected at least 1"),
        ({"ndf": -1}, "ndf", "got ndf -1, expected at least 1"),
        ({"ngf": 0}, "ngf", "got ngf 0, expected at least 1"),
        ({"eps": 0.0}, "eps", "got eps 0.0, expected a small number above 0"),
        ({"eps": float("nan")}, "eps", "got eps nan, expected a small number above 0"),
        ({"first_norm": "layer"}, "first_norm", "got first norm 'layer', expected unit or map"),
        ({"image_size": 30}, "image_size", "got images of 30 pixels, expected a multiple of 4"),
        ({"image_size": 0}, "image_size", "got images of 0 pixels, expected a multiple of 4"),
    ],
)
def test_impossible_architectures_are_refused(change, option, text):
    with pytest.raises(UserError, match=text) as caught:
        replace(SMALL, **change)
    assert caught.value.parameter == option
