"""Networks that break one of the paper's guidelines, against forward passes and properties written out by hand."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch.nn import functional

from dcgan_probe.gan import PRESETS, TrainConfig
from dcgan_probe.networks import NetworkConfig, build_discriminator, build_generator, draw_z
from dcgan_probe.runtime import UserError
from dcgan_probe.storage import fingerprint_settings

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


@dataclass(frozen=True)
class Expected:
    """Properties of a network, written out by hand: none is computed from a config."""

    pooled: bool = False
    d_norms: tuple[int, ...] = (2, 3)
    """Numbers of D's layers with batch normalization."""
    g_norms: tuple[str, ...] = ("first_norm", "layers.deconv1.norm", "layers.deconv2.norm")
    biases: bool = False
    hidden: bool = False
    slope: float = 0.2
    sigmoid: bool = False


CASES = {
    "as in the paper": ({}, Expected()),
    "max-pooling": ({"resampling": "max-pool"}, Expected(pooled=True)),
    "no batch norm": ({"norm": "none"}, Expected(d_norms=(), g_norms=(), biases=True)),
    "batch norm everywhere": (
        {"norm": "all"},
        Expected(d_norms=(1, 2, 3), g_norms=(*Expected.g_norms, "output_norm")),
    ),
    "hidden layer": ({"hidden": 7}, Expected(hidden=True)),
    "ReLU": ({"leak": 0.0}, Expected(slope=0.0)),
    "sigmoid": ({"output": "sigmoid"}, Expected(sigmoid=True)),
    "all at once": (
        {"resampling": "max-pool", "norm": "none", "hidden": 7, "leak": 0.0, "output": "sigmoid"},
        Expected(pooled=True, d_norms=(), g_norms=(), biases=True, hidden=True, slope=0.0, sigmoid=True),
    ),
}
cases = pytest.mark.parametrize(("changes", "expected"), CASES.values(), ids=CASES)


def normalized(maps, weights, name):
    axes = (0, *range(2, maps.ndim))
    shape = [1, -1, *[1] * (maps.ndim - 2)]
    mean = maps.mean(axes, keepdim=True)
    scaled = (maps - mean) / torch.sqrt(((maps - mean) ** 2).mean(axes, keepdim=True) + 1e-3)
    return scaled * weights[f"{name}.weight"].view(shape) + weights[f"{name}.bias"].view(shape)


def with_spread_parameters(network):
    """Return the network in float64, with different biases and gains, and its weights by name."""
    random = torch.Generator().manual_seed(2)
    network = network.double().train().requires_grad_(False)
    for parameter in network.parameters():
        parameter.add_(torch.randn(parameter.shape, generator=random, dtype=torch.float64), alpha=0.3)
    return network, {name: value.clone() for name, value in network.state_dict().items()}


@cases
def test_discriminator_by_hand(changes, expected):
    network, weights = with_spread_parameters(build_discriminator(replace(SMALL, **changes), 0))
    signed = torch.rand((6, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    maps, activations = (signed + 1) / 2 if expected.sigmoid else signed, {}
    for number, stride in ((1, 1), (2, 2), (3, 2)):
        name = f"layers.conv{number}"
        bias = weights[f"{name}.conv.bias"] if expected.biases and number > 1 else None
        step = 1 if expected.pooled else stride
        maps = functional.conv2d(maps, weights[f"{name}.conv.weight"], bias, step, padding=1)
        if number in expected.d_norms:
            maps = normalized(maps, weights, f"{name}.norm")
        maps = torch.where(maps > 0, maps, expected.slope * maps)
        if expected.pooled and stride == 2:
            maps = maps.unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2))
        activations[f"conv{number}"] = maps
    units = maps.flatten(1)
    if expected.hidden:
        units = units @ weights["hidden.product.weight"].T
        units = units + weights["hidden.product.bias"] if expected.biases else normalized(units, weights, "hidden.norm")
        units = torch.where(units > 0, units, expected.slope * units)
    found = network.activations(signed)
    assert list(found) == list(activations)
    for name, maps in activations.items():
        torch.testing.assert_close(found[name], maps, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(network(signed), (units * weights["output.weight"]).sum(1), rtol=1e-9, atol=1e-12)
    assert list(network.norms()) == [f"conv{number}" for number in expected.d_norms]


@cases
@pytest.mark.parametrize("first_norm", ["unit", "map"])
def test_generator_by_hand(changes, expected, first_norm):
    config = replace(SMALL, first_norm=first_norm, **changes)
    network, weights = with_spread_parameters(build_generator(config, 0))
    z = units = draw_z(config, 6, torch.Generator().manual_seed(1)).double()

    def shifted(values, name, norm):
        """Normalize, or add the bias that replaces the normalization, or return the values unchanged."""
        if norm in expected.g_norms:
            return normalized(values, weights, norm)
        if expected.biases and norm != "output_norm":
            return values + weights[f"{name}.bias"].view(1, -1, *[1] * (values.ndim - 2))
        return values

    if expected.hidden:
        units = units @ weights["hidden.product.weight"].T
        if expected.biases:
            units = (units + weights["hidden.product.bias"]).clamp(min=0)
        else:
            units = normalized(units, weights, "hidden.norm").clamp(min=0)
    units = units @ weights["project.weight"].T
    if first_norm == "unit" or expected.biases:
        maps = shifted(units, "project", "first_norm").reshape(6, 15, 4, 4)
    else:
        maps = shifted(units.reshape(6, 15, 4, 4), "project", "first_norm")
    maps = maps.clamp(min=0)
    for number, stride in ((1, 2), (2, 2), (3, 1)):
        layer = f"layers.deconv{number}" if number < 3 else "output"
        name, norm = (f"{layer}.conv", f"{layer}.norm") if number < 3 else (layer, "output_norm")
        if expected.pooled and stride == 2:
            name += ".1"
            maps = maps.repeat_interleave(2, 2).repeat_interleave(2, 3)
            # A transposed convolution of stride 1 is a convolution with the flipped kernel.
            maps = functional.conv2d(maps, weights[f"{name}.weight"].flip(2, 3).transpose(0, 1), padding=1)
        else:
            maps = functional.conv_transpose2d(
                maps, weights[f"{name}.weight"], stride=stride, padding=1, output_padding=stride - 1
            )
        maps = shifted(maps, name, norm)
        maps = maps.clamp(min=0) if number < 3 else maps
    pixels = 1 / (1 + torch.exp(-maps))
    expected_images = 2 * pixels - 1 if expected.sigmoid else torch.tanh(maps)
    torch.testing.assert_close(network(z), expected_images, rtol=1e-9, atol=1e-12)


@cases
def test_the_networks_have_the_expected_biases_only(changes, expected):
    """A layer without batch norm has a bias, except at the ends; no other layer has one."""
    networks = build_discriminator(replace(SMALL, **changes), 0), build_generator(replace(SMALL, **changes), 0)
    found = [{name for name in network.state_dict() if name.endswith(".bias")} for network in networks]
    discriminator = {f"layers.conv{number}.norm.bias" for number in expected.d_norms}
    generator = {f"{norm}.bias" for norm in expected.g_norms}
    if expected.biases:
        discriminator |= {"layers.conv2.conv.bias", "layers.conv3.conv.bias"}
        dot = ".1" if expected.pooled else ""
        generator |= {"project.bias", f"layers.deconv1.conv{dot}.bias", f"layers.deconv2.conv{dot}.bias"}
    if expected.hidden:
        own = {"hidden.product.bias" if expected.biases else "hidden.norm.bias"}
        discriminator, generator = discriminator | own, generator | own
    assert found == [discriminator, generator]


def test_hidden_layers_have_the_configured_units():
    config = replace(SMALL, hidden=7)
    weights = build_discriminator(config, 0).state_dict()
    assert weights["hidden.product.weight"].shape == (7, 12 * 4 * 4)
    assert weights["output.weight"].shape == (1, 7)
    weights = build_generator(config, 0).state_dict()
    assert weights["hidden.product.weight"].shape == (7, 6)
    assert weights["project.weight"].shape == (15 * 4 * 4, 7)


@pytest.mark.parametrize(
    ("change", "option", "text"),
    [
        ({"resampling": "mean"}, "resampling", "got resampling 'mean', expected stride or max-pool"),
        ({"norm": "layer"}, "norm", "got norm 'layer', expected all-but-ends or none or all"),
        ({"output": "relu"}, "output", "got output 'relu', expected tanh or sigmoid"),
        ({"hidden": -1}, "hidden", "got hidden -1, expected at least 0"),
        ({"classes": -1}, "classes", "got classes -1, expected at least 0"),
        ({"leak": -0.1}, "leak", r"got a leak of -0.1, expected 0 <= leak < 1 \(0 is ReLU\)"),
        ({"leak": 1.0}, "leak", "got a leak of 1.0, expected"),
        (
            {"kernel": 4, "strides": (2, 2, 2), "image_size": 32, "resampling": "max-pool"},
            "kernel",
            "got a kernel of 4 with max-pooling, expected a kernel of 3 or 5: all convolutions then have stride 1",
        ),
    ],
)
def test_impossible_variants_are_refused(change, option, text):
    with pytest.raises(UserError, match=text) as caught:
        replace(SMALL, **change)
    assert caught.value.parameter == option


def test_a_config_without_the_fields_of_the_guidelines_loads_with_their_defaults(tiny_config):
    config = tiny_config()
    stored = config.to_dict()
    for name in ("resampling", "norm", "hidden", "leak", "output", "classes", "affine"):
        del stored["network"][name]
    assert TrainConfig.from_dict(stored) == config
    assert config.differences(TrainConfig.from_dict(stored)) == []
    broken = tiny_config(norm="none")
    assert TrainConfig.from_dict(broken.to_dict()) == broken
    assert config.differences(broken) == ["network.norm: all-but-ends -> none"]


def test_hashes_of_networks_that_follow_the_guidelines_do_not_change():
    # Of asdict(NetworkConfig) when it had no other fields.
    assert fingerprint_settings(PRESETS["cpu32"].network.identity()) == "4dd1f5a7a836675b"
    hashes = {fingerprint_settings(replace(SMALL, **changes).identity()) for changes, _ in CASES.values()}
    assert len(hashes) == len(CASES)
