"""Batch-norm statistics and features against a float64 forward pass in numpy, by image and window."""

import numpy as np
import pytest
import torch

from dcgan_probe.features import (
    REAL_RULES,
    DiscriminatorEncoder,
    EncoderOrigin,
    PixelEncoder,
    choose_layers,
    permuted_rows,
    real_statistics,
)
from dcgan_probe.images import ImageSet
from dcgan_probe.networks import build_discriminator
from dcgan_probe.runtime import UserError

CPU = torch.device("cpu")
ORIGIN = EncoderOrigin("dcgan", "tiny", "tiny", 20, 160, "runs/tiny", 3)


@pytest.fixture
def discriminator(tiny_config):
    """Return three layers on 16 x 16 images, whose gains, shifts and running statistics all differ."""
    config = tiny_config(image_size=16, multipliers=(1, 2, 2), strides=(1, 2, 2), kernel=3, eps=1e-3).network
    network = build_discriminator(config, 0)
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=random), alpha=0.2)
        for norm in network.norms().values():
            norm.running_mean.copy_(torch.randn(norm.running_mean.shape, generator=random))
            norm.running_var.copy_(torch.rand(norm.running_var.shape, generator=random) + 0.5)
    return network


def convolve(maps, weights, stride):
    padded = np.pad(maps, ((0, 0), (0, 0), (1, 1), (1, 1)))
    blocks = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nihwab,oiab->nohw", blocks, weights)


def activations(network, pixels, statistics):
    """Return the maps of each layer for uint8 pixels, and the mean and variance of each norm's input.

    ``statistics`` fixes mean and variance; None stands for those of the batch.
    """
    weights = {name: tensor.double().numpy() for name, tensor in network.state_dict().items()}
    maps, result, seen = pixels.astype(np.float64) / 127.5 - 1, {}, {}
    for number, stride in ((1, 1), (2, 2), (3, 2)):
        name = f"conv{number}"
        maps = convolve(maps, weights[f"layers.{name}.conv.weight"], stride)
        if number > 1:
            seen[name] = maps.mean((0, 2, 3)), maps.var((0, 2, 3))
            mean, variance = seen[name] if statistics is None else statistics[name]
            gain, shift = weights[f"layers.{name}.norm.weight"], weights[f"layers.{name}.norm.bias"]
            mean, variance, gain, shift = (vector[:, None, None] for vector in (mean, variance, gain, shift))
            maps = (maps - mean) / np.sqrt(variance + 1e-3) * gain + shift
        maps = np.maximum(maps, 0.2 * maps)
        result[name] = maps
    return result, seen


def pooled(maps, reduce=np.max):
    rows, channels, side, _ = maps.shape
    window = side // 4
    return reduce(maps.reshape(rows, channels, 4, window, 4, window), axis=(3, 5)).reshape(rows, -1)


@pytest.mark.parametrize(
    ("rows", "batches"), [(300, [(0, 128), (128, 256)]), (256, [(0, 128), (128, 256)]), (50, [(0, 50)])]
)
@pytest.mark.parametrize("rule", REAL_RULES)
def test_real_statistics_are_the_authors_rule(discriminator, tiny_images, rows, batches, rule):
    images = tiny_images(rows, size=16)
    # Pixels grow with the row, so other weights of batches or rows after the last full batch would change the result.
    images.images[:] = images.images // 2 + (np.arange(rows) * 120 // rows).astype(np.uint8)[:, None, None, None]
    order = np.arange(rows) if rule == "real" else permuted_rows(rows)
    seen = [activations(discriminator, images.images[order[start:stop]], None)[1] for start, stop in batches]
    found, done = real_statistics(discriminator, images, CPU, rule=rule), []
    assert list(found) == ["conv2", "conv3"]
    for name, (mean, variance) in found.items():
        np.testing.assert_allclose(mean, np.mean([batch[name][0] for batch in seen], axis=0), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(variance, np.mean([batch[name][1] for batch in seen], axis=0), rtol=1e-4)
        assert mean.dtype == variance.dtype == torch.float32
    real_statistics(discriminator, images, CPU, done.append)
    assert done == [stop for _, stop in batches]


def test_the_order_of_the_rows_moves_the_statistics_of_consecutive_rows_alone(discriminator):
    brightness = np.repeat([20, 90, 160, 230], 256)
    noise = np.random.default_rng(4).integers(-20, 21, (1024, 3, 16, 16))
    pixels = (brightness[:, None, None, None] + noise).astype(np.uint8)
    by_class = ImageSet(pixels, None, "sorted", "train", "made by a test")
    shuffled = by_class.subset(np.random.default_rng(5).permutation(1024))

    def variance(images, rule):
        return real_statistics(discriminator, images, CPU, rule=rule)["conv2"][1].mean().item()

    expected = variance(shuffled, "real")
    assert variance(by_class, "real-permuted") == pytest.approx(expected, rel=0.02)
    assert variance(shuffled, "real-permuted") == pytest.approx(expected, rel=0.02)
    assert variance(by_class, "real") < 0.7 * expected


def state_of(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def test_settings_contain_broken_guidelines_that_change_no_weight(tiny_config):
    def settings(**changes):
        network = build_discriminator(tiny_config(**changes).network, 0)
        return DiscriminatorEncoder(network, ORIGIN, statistics=None, grid=2, device=CPU).settings

    followed = settings()
    # No other keys, so that features in caches of earlier versions are found.
    assert set(followed) == {"encoder", "weights", "strides", "eps", "batch_norm", "layers", "grid", "pool"}
    for change in ({"resampling": "max-pool"}, {"leak": 0.0}, {"output": "sigmoid"}):
        broken = settings(**change)
        assert broken["weights"] == followed["weights"]
        assert broken == {**followed, **change}
    for change in ({"norm": "none"}, {"norm": "all"}, {"hidden": 3}):
        assert settings(**change)["weights"] != followed["weights"]


def test_statistics_belong_to_the_normalized_layers(tiny_config, tiny_images):
    images = tiny_images()
    for norm, layers in (("none", []), ("all-but-ends", ["conv2"]), ("all", ["conv1", "conv2"])):
        network = build_discriminator(tiny_config(norm=norm, hidden=3).network, 0)
        statistics = real_statistics(network, images, CPU)
        assert list(statistics) == layers
        encoder = DiscriminatorEncoder(network, ORIGIN, statistics=statistics, grid=2, device=CPU)
        found = encoder.encode(images.images)
        assert found.shape == (20, (4 + 8) * 4)
        # A row depends only on its image.
        np.testing.assert_allclose(encoder.encode(images.images[3:5]), found[3:5], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_unchanged(discriminator, tiny_images, training):
    discriminator.train(training)
    images, before, random = tiny_images(20, size=16), state_of(discriminator), torch.get_rng_state()
    statistics = real_statistics(discriminator, images, CPU)
    encoder = DiscriminatorEncoder(discriminator, ORIGIN, statistics=statistics, device=CPU)
    first, second = encoder.encode(images.images), encoder.encode(images.images)
    assert np.array_equal(first, second)
    after = discriminator.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
    assert discriminator.training == training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in discriminator.parameters())
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in discriminator.modules())
    assert torch.equal(random, torch.get_rng_state())


def test_features_and_statistics_have_full_float32_precision(discriminator, tiny_images, monkeypatch):
    # On a GPU and a CPU, features differ only by the order of sums, and have the same key.
    allowed, images, forward = [], tiny_images(20, size=16), type(discriminator).activations

    def noting(network, *given):
        allowed.append(torch.backends.cudnn.allow_tf32)
        return forward(network, *given)

    monkeypatch.setattr(type(discriminator), "activations", noting)
    encoder = DiscriminatorEncoder(discriminator, ORIGIN, statistics=None, device=CPU)
    before = torch.backends.cudnn.allow_tf32
    allowed.clear()
    encoder.encode(images.images)
    real_statistics(discriminator, images, CPU)
    assert (before, allowed, torch.backends.cudnn.allow_tf32) == (True, [False, False], True)


def test_later_training_does_not_reach_an_encoder(discriminator, tiny_images):
    images = tiny_images(8, size=16).images
    encoder = DiscriminatorEncoder(discriminator, ORIGIN, statistics=None, device=CPU)
    before = encoder.encode(images)
    with torch.no_grad():
        for parameter in discriminator.parameters():
            parameter.zero_()
    assert np.array_equal(encoder.encode(images), before)


@pytest.mark.parametrize("rule", ["real", "running"])
@pytest.mark.parametrize(("pool", "reduce"), [("max", np.max), ("avg", np.mean)])
def test_features_against_a_forward_pass_by_hand(discriminator, tiny_images, rule, pool, reduce):
    images = tiny_images(20, size=16)
    statistics = real_statistics(discriminator, images, CPU) if rule == "real" else None
    fixed = statistics or {name: (norm.running_mean, norm.running_var) for name, norm in discriminator.norms().items()}
    fixed = {name: tuple(vector.double().numpy() for vector in pair) for name, pair in fixed.items()}
    maps, _ = activations(discriminator, images.images, fixed)
    encoder = DiscriminatorEncoder(discriminator, ORIGIN, statistics=statistics, pool=pool, device=CPU)
    found = encoder.encode(images.images)
    assert found.dtype == np.float32
    assert encoder.layers == {"conv1": (0, 64), "conv2": (64, 192), "conv3": (192, 320)}
    expected = np.concatenate([pooled(block, reduce) for block in maps.values()], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    # A row depends only on its image.
    np.testing.assert_allclose(encoder.encode(images.images[7:9]), found[7:9], rtol=1e-5, atol=1e-6)


def test_chosen_layers_are_the_columns_of_all(discriminator, tiny_images):
    images = tiny_images(20, size=16).images
    whole = DiscriminatorEncoder(discriminator, ORIGIN, statistics=None, device=CPU)
    part = DiscriminatorEncoder(discriminator, ORIGIN, statistics=None, layers=["3", "conv1"], device=CPU)
    assert part.layers == {"conv1": (0, 64), "conv3": (64, 192)}
    found, expected = part.encode(images), whole.encode(images)
    for name, (start, stop) in part.layers.items():
        np.testing.assert_allclose(found[:, start:stop], expected[:, slice(*whole.layers[name])], rtol=1e-5, atol=1e-6)


def test_a_flipped_view_of_the_images_is_accepted(discriminator, tiny_images):
    images = tiny_images(6, size=16).images
    encoder = DiscriminatorEncoder(discriminator, ORIGIN, statistics=None, device=CPU)
    np.testing.assert_allclose(encoder.encode(images[::-1]), encoder.encode(images)[::-1], rtol=1e-5, atol=1e-6)


def test_images_of_another_shape_are_refused(discriminator, tiny_images):
    encoder = DiscriminatorEncoder(discriminator, ORIGIN, statistics=None, device=CPU)
    encoder.check(tiny_images(size=16))
    for shape in ({"size": 8}, {"size": 16, "channels": 1}):
        with pytest.raises(
            UserError, match=r"tiny has images of .*, but this network takes 3 x 16 x 16; make"
        ) as caught:
            encoder.check(tiny_images(**shape))
        assert caught.value.parameter == "dataset"


NAMES = ("conv1", "conv2", "conv3")


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        (None, NAMES),
        (["all"], NAMES),
        ("all", NAMES),
        (["conv3", "conv1"], ("conv1", "conv3")),
        (["2"], ("conv2",)),
        (("3", "conv3", "1"), ("conv1", "conv3")),
        ("conv2,3", ("conv2", "conv3")),
    ],
)
def test_layers_by_name_and_number(asked, chosen):
    assert choose_layers(asked, NAMES) == chosen


@pytest.mark.parametrize(
    ("asked", "unknown"), [(["conv4"], "conv4"), (["0", "conv1", "x"], "0, x"), ([], "(none named)"), (["4"], "4")]
)
def test_unknown_layers_are_refused_by_name(asked, unknown):
    with pytest.raises(UserError) as caught:
        choose_layers(asked, NAMES)
    assert str(caught.value) == f"unknown layer {unknown}: expected all, or some of conv1, conv2, conv3 (or 1 to 3)"
    assert caught.value.parameter == "layers"


def test_pixels_are_signed_and_flat(tiny_images):
    images = tiny_images(4, size=2)
    encoder = PixelEncoder(3, 2, 2)
    found = encoder.encode(images.images)
    np.testing.assert_allclose(found, images.images.reshape(4, 12).astype(np.float64) / 127.5 - 1, atol=1e-6)
    assert found.dtype == np.float32
    assert encoder.layers == {"pixels": (0, 12)}
    encoder.check(images)
    with pytest.raises(UserError, match=r"tiny has images of .* but this encoder is for images of \(3, 2, 2\)"):
        encoder.check(tiny_images(size=3))
