import numpy as np
import pytest
import torch
from torch.nn import functional

from dcgan_probe.evaluation import Setting, count_steps, draw_setting, predict, train_supervised
from dcgan_probe.evaluation.supervised.training import batches, build_supervised, estimate_statistics, supervised_step
from dcgan_probe.gan import PRESETS
from dcgan_probe.images import load_images, to_signed

CPU = torch.device("cpu")


@pytest.fixture
def tiny(tiny_config):
    return tiny_config(eps=1e-3).network  # large, so that a forgotten eps shows


def by_hand(weights, signed, eps, statistics=None):
    """Return the flattened last maps of the tiny network, and the maps before its batch normalization."""
    maps = functional.conv2d(signed, weights["layers.conv1.conv.weight"], stride=2, padding=2)
    maps = torch.where(maps > 0, maps, 0.2 * maps)
    before = functional.conv2d(maps, weights["layers.conv2.conv.weight"], stride=2, padding=2)
    mean, variance = statistics or (before.mean((0, 2, 3)), before.var((0, 2, 3), correction=0))
    maps = (before - mean.view(-1, 1, 1)) / torch.sqrt(variance.view(-1, 1, 1) + eps)
    maps = maps * weights["layers.conv2.norm.weight"].view(-1, 1, 1) + weights["layers.conv2.norm.bias"].view(-1, 1, 1)
    return torch.where(maps > 0, maps, 0.2 * maps).flatten(1), before


def test_the_network_has_the_discriminators_layers_and_one_output_a_class():
    network = build_supervised(PRESETS["cpu32"].network, 10, seed=0)
    convolutions = 3 * 32 * 25 + 32 * 64 * 25 + 64 * 128 * 25
    norms, output = 2 * 64 + 2 * 128, 4 * 4 * 128 * 10 + 10
    assert sum(weight.numel() for weight in network.parameters()) == convolutions + norms + output
    assert network.layers.conv3.conv.weight.detach().std() == pytest.approx(0.02, rel=0.02)
    assert (network.output.bias == 0).all()


def test_one_step_is_that_of_adam_on_the_cross_entropy_after_dropout(tiny):
    network = build_supervised(tiny, 3, seed=0).train()
    signed = torch.rand((6, 3, 8, 8), generator=torch.Generator().manual_seed(1)) * 2 - 1
    labels = torch.tensor([0, 1, 2, 0, 1, 1])
    weights = {name: weight.detach().clone().requires_grad_() for name, weight in network.named_parameters()}
    units, _ = by_hand(weights, signed, 1e-3)
    kept = torch.rand(units.shape, generator=torch.Generator().manual_seed(5)) >= 0.4
    logits = (units * kept / 0.6) @ weights["output.weight"].T + weights["output.bias"]
    (torch.logsumexp(logits, 1) - logits[torch.arange(6), labels]).mean().backward()

    optimizer = torch.optim.Adam(network.parameters(), lr=0.01, weight_decay=0.1)
    supervised_step(network, optimizer, signed, labels, 0.4, torch.Generator().manual_seed(5))
    for name, weight in network.named_parameters():
        gradient = weights[name].grad + 0.1 * weights[name]
        # Adam's first step: both moments, corrected, are those of this gradient alone.
        expected = weights[name] - 0.01 * gradient / (gradient.abs() + 1e-8)
        torch.testing.assert_close(weight, expected.detach(), rtol=1e-3, atol=2e-5)


def test_nothing_is_dropped_at_prediction_and_the_statistics_are_those_of_the_training_images(tiny, tiny_images):
    images, setting = tiny_images(rows=20), Setting(1e-2, 0.0, 0.7, 10)
    network = train_supervised(images.images, images.labels, setting, tiny, classes=3, seed=0, device=CPU)
    weights = {name: weight.detach() for name, weight in network.named_parameters()}
    _, before = by_hand(weights, to_signed(torch.from_numpy(images.images)), 1e-3)
    axes = (0, 2, 3)
    torch.testing.assert_close(network.layers.conv2.norm.running_mean, before.mean(axes), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(network.layers.conv2.norm.running_var, before.var(axes), rtol=1e-4, atol=1e-5)
    others = tiny_images(rows=9, seed=1).images
    statistics = before.mean(axes), before.var(axes)
    units, _ = by_hand(weights, to_signed(torch.from_numpy(others)), 1e-3, statistics)
    expected = (units @ weights["output.weight"].T + weights["output.bias"]).argmax(1)
    assert (predict(network, others) == expected.numpy()).all()
    assert predict(network, others).dtype == np.int64


def test_statistics_average_the_batches_of_one_pass(tiny, tiny_images):
    pixels = torch.from_numpy(tiny_images(rows=300).images)
    network = build_supervised(tiny, 3, seed=0).train()
    network.last_maps(to_signed(pixels[:50]))  # the running averages of training are replaced
    estimate_statistics(network, pixels, seed=4)
    weights = {name: weight.detach() for name, weight in network.named_parameters()}
    mean = by_hand(weights, to_signed(pixels), 1e-3)[1].mean((0, 2, 3))
    # 256 of the 300 images, so nearly the mean of all, and far from that of the first 50 or of an untouched 0.
    torch.testing.assert_close(network.layers.conv2.norm.running_mean, mean, rtol=0.1, atol=5e-4)
    assert network.layers.conv2.norm.num_batches_tracked == 2


def test_it_learns_twenty_glyphs_by_heart():
    glyphs = load_images("glyphs:100", "train").subset(np.arange(20))
    config = PRESETS["demo"].network
    setting = Setting(2e-3, 0.0, 0.2, 60)
    network = train_supervised(glyphs.images, glyphs.labels, setting, config, classes=10, seed=0, device=CPU)
    assert (predict(network, glyphs.images) == glyphs.labels).all()


def test_the_seed_decides_every_weight_and_no_global_random_state_is_used(tiny, tiny_images):
    images, setting = tiny_images(), Setting(1e-3, 1e-4, 0.5, 5)

    def train(seed):
        network = train_supervised(images.images, images.labels, setting, tiny, classes=3, seed=seed, device=CPU)
        return torch.cat([weight.detach().flatten() for weight in network.state_dict().values()])

    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = train(3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    assert torch.equal(train(3), first)
    assert not torch.equal(train(4), first)


def test_batches_are_full_and_go_through_every_image_in_each_pass():
    made = torch.stack(list(batches(192, 4, seed=0)))
    assert made.shape == (6, 128)
    for each in made.flatten().split(192):
        assert each.sort().values.tolist() == list(range(192))
    first, second, *_ = made.flatten().split(192)
    assert not torch.equal(first, second)
    assert [len(rows) for rows in batches(20, 3, seed=0)] == [20] * 3
    assert count_steps(1000, 10) == len(list(batches(1000, 10, 0))) == 78


def test_the_rate_falls_to_nothing(tiny, tiny_images, monkeypatch):
    rates = []
    monkeypatch.setattr(
        "dcgan_probe.evaluation.supervised.training.supervised_step",
        lambda network, optimizer, *rest: rates.append(optimizer.param_groups[0]["lr"]),
    )
    images = tiny_images(rows=20)
    train_supervised(images.images, images.labels, Setting(0.4, 0.0, 0.5, 4), tiny, classes=3, seed=0, device=CPU)
    assert rates == pytest.approx([0.4, 0.3, 0.2, 0.1])


def test_settings_have_the_documented_distributions():
    drawn = [draw_setting(0, number) for number in range(2000)]
    rates = np.array([setting.learning_rate for setting in drawn])
    assert 1e-4 <= rates.min() < 1.1e-4
    assert 9e-3 < rates.max() <= 1e-2
    # A log-uniform value lies below the geometric mean of its ends half the time: within five standard errors.
    assert abs((rates < 1e-3).mean() - 0.5) < 5 * 0.5 / 2000**0.5
    passes = np.array([setting.passes for setting in drawn])
    assert passes.min() == 10
    assert passes.max() == 150
    assert abs((passes < (10 * 150) ** 0.5).mean() - 0.5) < 5 * 0.5 / 2000**0.5
    decays = np.array([setting.weight_decay for setting in drawn])
    assert abs((decays == 0).mean() - 0.25) < 5 * (0.25 * 0.75 / 2000) ** 0.5
    assert abs((decays[decays > 0] < 1e-4).mean() - 0.5) < 5 * 0.5 / 1500**0.5
    dropouts = np.array([setting.dropout for setting in drawn])
    assert abs(dropouts.mean() - 0.4) < 5 * 0.8 / 12**0.5 / 2000**0.5


def test_a_setting_depends_on_seed_and_number_only():
    assert draw_setting(3, 5) == draw_setting(3, 5)
    assert len({draw_setting(seed, number) for seed in (3, 4) for number in range(10)}) == 20
