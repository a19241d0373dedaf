import numpy as np
import pytest
import torch

from dcgan_probe.features import DiscriminatorEncoder, EncoderOrigin
from dcgan_probe.images import to_signed
from dcgan_probe.investigations import (
    as_images,
    concentration,
    feature_saliency,
    likeness,
    score_saliency,
    seen_pixels,
    selectivity,
    strongest,
    with_rule,
)
from dcgan_probe.networks import build_discriminator

CPU = torch.device("cpu")


def network_of(tiny_config, **changes):
    """Return a discriminator in float64, its batch norm with statistics that are not those of a fresh one."""
    network = build_discriminator(tiny_config(**changes).network, 0).double().eval()
    random = torch.Generator().manual_seed(1)
    for layer in network.layers.values():
        layer.conv.weight.data.normal_(0, 0.5, generator=random)
    for norm in network.norms().values():
        norm.running_mean.normal_(0, 0.5, generator=random)
        norm.running_var.uniform_(0.5, 2.0, generator=random)
    return network


def draw_signed(rows, seed=2):
    return torch.rand((rows, 3, 8, 8), generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def by_hand(rule, leak, x, W1, W2, unit):
    """Return the signal at the pixels of a net of two products and two activations, rule by rule, and its output."""
    below = W1 @ x
    above = W2 @ np.where(below > 0, below, leak * below)
    signal = np.zeros(len(above))
    signal[unit] = 1.0
    for before, weights in ((above, W2), (below, W1)):
        if rule in ("guided", "deconvolution"):
            signal = np.maximum(signal, 0)
        if rule in ("guided", "gradient"):
            signal = np.where(before > 0, 1.0, leak) * signal
        signal = weights.T @ signal
    return signal, np.where(above > 0, above, leak * above)[unit]


@pytest.mark.parametrize("leak", [0.2, 0.0])
@pytest.mark.parametrize("rule", ["guided", "gradient", "deconvolution"])
def test_two_layers_by_hand(tiny_config, rule, leak):
    """Images of one pixel: of each kernel only its center matters, so that a convolution is a product."""
    config = tiny_config(
        image_size=1, multipliers=(1, 1), strides=(1, 1), kernel=3, norm="none", leak=leak, ndf=6
    ).network
    network = build_discriminator(config, 0).double().eval()
    random = np.random.default_rng(0)
    W1, W2, x = random.normal(size=(6, 3)), random.normal(size=(6, 6)), random.normal(size=3)
    for layer, weights in zip(network.layers.values(), (W1, W2), strict=True):
        layer.conv.weight.data.zero_()
        layer.conv.weight.data[:, :, 1, 1] = torch.from_numpy(weights)
    for unit in range(6):
        signed = torch.from_numpy(x).reshape(1, 3, 1, 1)
        saliency, peaks, _ = feature_saliency(with_rule(network, rule), "conv2", signed, [unit])
        expected, activation = by_hand(rule, leak, x, W1, W2, unit)
        np.testing.assert_allclose(saliency.numpy().ravel(), expected, rtol=0, atol=1e-12)
        np.testing.assert_allclose(peaks.numpy(), [activation], rtol=1e-12)


@pytest.mark.parametrize("changes", [{}, {"resampling": "max-pool"}, {"leak": 0.0}, {"output": "sigmoid"}])
def test_the_plain_gradient_agrees_with_finite_differences(tiny_config, changes):
    network = network_of(tiny_config, **changes)
    signed, features, step = draw_signed(2), [3, 6], 1e-6
    saliency, *_ = feature_saliency(with_rule(network, "gradient"), "conv2", signed, features)

    def peak(image, feature):
        with torch.no_grad():
            return network.activations(image[None])["conv2"][0, feature].max().item()

    for i, feature in enumerate(features):
        for place in ((0, 1, 2), (2, 4, 4), (1, 7, 0)):
            more, less = signed[i].clone(), signed[i].clone()
            more[place] += step
            less[place] -= step
            expected = (peak(more, feature) - peak(less, feature)) / (2 * step)
            assert saliency[i][place].item() == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("resampling", ["stride", "max-pool"])
def test_rules_differ_in_the_signal_alone_and_leave_the_network_as_it_was(tiny_config, resampling):
    network = network_of(tiny_config, resampling=resampling)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    signed = draw_signed(3)
    results = [
        feature_saliency(with_rule(network, rule), "conv2", signed, [0, 1, 2]) for rule in ("guided", "gradient")
    ]
    assert not torch.allclose(results[0][0], results[1][0])
    expected = network.activations(signed)["conv2"]
    for _, peaks, _ in results:
        torch.testing.assert_close(peaks, torch.stack([expected[i, i].max() for i in range(3)]))
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert all(parameter.requires_grad and parameter.grad is None for parameter in network.parameters())


def test_an_image_does_not_depend_on_the_others(tiny_config):
    network = with_rule(network_of(tiny_config), "guided")
    together, *_ = feature_saliency(network, "conv2", draw_signed(4), [5, 1, 5, 2])
    alone, *_ = feature_saliency(network, "conv2", draw_signed(4)[2:3], [5])
    torch.testing.assert_close(together[2:3], alone)


def test_the_first_layer_sees_its_own_window_only(tiny_config):
    """The first position of a 5x5 kernel with stride 2 and padding 2 sees pixels 0 to 2 each way."""
    network = network_of(tiny_config)
    signed = torch.zeros(1, 3, 8, 8, dtype=torch.float64)
    weights = network.layers["conv1"].conv.weight[1].detach()  # (3, 5, 5)
    signed[0, :, :3, :3] = weights[:, 2:, 2:]
    saliency, *_ = feature_saliency(with_rule(network, "guided"), "conv1", signed, [1])
    torch.testing.assert_close(saliency[0, :, :3, :3], weights[:, 2:, 2:])
    assert not saliency[0, :, 3:].any()
    assert not saliency[0, :, :, 3:].any()


def test_the_strongest_images_by_brute_force():
    peaks = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    found = strongest(peaks, 4)
    for feature in range(3):
        by_score = sorted(range(50), key=lambda row: -peaks[row, feature])
        assert found[:, feature].tolist() == by_score[:4]
    assert strongest(peaks, 80).shape == (50, 3)


def test_what_stands_out():
    column = np.array([0.0, 0.0, 0.0, 4.0])
    peaks = np.stack([column, np.ones(4)], axis=1)
    np.testing.assert_allclose(selectivity(peaks, 1), [3 / np.sqrt(3), 0.0])


def test_concentration_of_spread_and_of_single_pixels():
    spread, single, none, window = np.ones((3, 4, 4)), np.zeros((3, 4, 4)), np.zeros((3, 4, 4)), np.zeros((3, 4, 4))
    single[1, 2, 3] = -7.0
    window[:, :2, :2] = 1.0  # spread over the four pixels that it sees
    found = concentration(np.stack([spread, single, none, window]), np.array([16, 16, 16, 4]))
    np.testing.assert_allclose(found, [0.25, 1.0, 0.25, 0.25])


@pytest.mark.parametrize("resampling", ["stride", "max-pool"])
@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_pixels_seen_are_those_that_change_the_position(tiny_config, resampling, layer):
    """With NaN in one pixel at a time, just the positions that see it are NaN."""
    network = network_of(tiny_config, resampling=resampling, image_size=16, norm="none")
    images = torch.zeros(256, 3, 16, 16, dtype=torch.float64)
    images.flatten(2)[torch.arange(256), :, torch.arange(256)] = torch.nan
    with torch.no_grad():
        reached = network.activations(images)[layer][:, 0].isnan()  # (pixels, h, w)
    positions = np.argwhere(np.ones(reached.shape[1:], bool))
    np.testing.assert_array_equal(seen_pixels(network, layer, positions), reached.sum(dim=0).flatten().numpy())


def test_the_position_that_is_explained_is_that_of_the_peak(tiny_config):
    network, signed = network_of(tiny_config), draw_signed(3)
    _, peaks, places = feature_saliency(with_rule(network, "guided"), "conv1", signed, [0, 1, 2])
    with torch.no_grad():
        maps = network.activations(signed)["conv1"]
    for i, (row, column) in enumerate(places.tolist()):
        assert maps[i, i, row, column] == peaks[i]


def test_likeness_of_the_same_and_of_other_pixels():
    random = np.random.default_rng(0)
    saliency = random.normal(size=(2, 3, 16, 16))
    np.testing.assert_allclose(likeness(saliency, -2 * saliency), 1.0)
    assert np.abs(likeness(saliency, random.normal(size=saliency.shape))).max() < 0.3
    np.testing.assert_array_equal(likeness(saliency, np.zeros_like(saliency)), 0.0)


def test_each_picture_is_scaled_by_its_own_largest_number():
    saliency = np.zeros((2, 1, 2, 2))
    saliency[0, 0, 0, 0], saliency[0, 0, 1, 1] = -0.5, 0.25
    pictures = as_images(saliency)
    assert pictures.dtype == np.uint8
    assert pictures[0, 0].tolist() == [[0, 128], [128, 191]]
    assert (pictures[1] == 128).all()


def encoder_of(tiny_config, layers=None):
    network = build_discriminator(tiny_config().network, 0)
    for layer in network.layers.values():
        layer.conv.weight.data *= 20
    origin = EncoderOrigin("random", "", "", 0, 0, "", 0)
    return DiscriminatorEncoder(network, origin, statistics=None, layers=layers, grid=2, device=CPU)


def test_the_parts_of_a_score_add_up_to_what_contrast_does_to_it(tiny_config, tiny_images):
    """The derivative of the score as each pixel moves away from the image's mean color is the sum of all parts."""
    encoder, images = encoder_of(tiny_config), tiny_images(rows=4).images
    coefficients = np.random.default_rng(0).normal(size=encoder.layers["conv2"][1])
    parts = score_saliency(encoder, coefficients, images, CPU)
    assert parts.shape == (4, 8, 8)
    encoder.network.double()
    signed = to_signed(torch.from_numpy(images)).double()
    contrast, step = signed - signed.mean(dim=(2, 3), keepdim=True), 1e-6

    def score(share):
        return encoder.features_of(signed + share * contrast).numpy() @ coefficients

    expected = (score(step) - score(-step)) / (2 * step)
    np.testing.assert_allclose(parts.sum(axis=(1, 2)), expected, rtol=1e-3, atol=1e-3)


def test_a_probe_looks_no_further_than_its_features_do(tiny_config, tiny_images):
    """The first cell of conv1 on a 2x2 grid has 2x2 positions, which see pixels 0 to 4 each way."""
    encoder = encoder_of(tiny_config, layers=["conv1"])
    coefficients = np.zeros(encoder.layers["conv1"][1])
    coefficients[0] = 1.0
    parts = score_saliency(encoder, coefficients, tiny_images(rows=20).images, CPU)
    assert not parts[:, 5:].any()
    assert not parts[:, :, 5:].any()
    assert parts.any()
