import numpy as np
import pytest
import torch

from dcgan_probe.gan import Run, TrainState, train
from dcgan_probe.gan.moving_average import MovingAverage
from dcgan_probe.networks import build_generator

CPU = torch.device("cpu")


def test_average_is_the_weighted_sum_over_all_steps(tiny_config):
    network = tiny_config().network
    steps = [build_generator(network, seed) for seed in range(4)]
    average = MovingAverage(steps[0], step_images=8, half_life=24)
    for generator in steps[1:]:
        average.update(generator)
    keep = 2 ** (-8 / 24)
    shares = np.array([keep**3, (1 - keep) * keep**2, (1 - keep) * keep, 1 - keep])
    assert shares.sum() == pytest.approx(1)
    for name, weight in average.network.named_parameters():
        expected = sum(
            share * generator.get_parameter(name).double() for share, generator in zip(shares, steps, strict=True)
        )
        torch.testing.assert_close(weight.double(), expected, rtol=1e-5, atol=1e-7)


def test_after_a_half_life_half_of_the_start_is_left(tiny_config):
    network = tiny_config().network
    start, other = build_generator(network, 0), build_generator(network, 1)
    average = MovingAverage(start, step_images=10, half_life=100)
    for _ in range(10):
        average.update(other)
    expected = (start.project.weight + other.project.weight) / 2
    torch.testing.assert_close(average.network.project.weight, expected.detach(), rtol=1e-5, atol=1e-7)


def test_average_changes_nothing_in_training(tiny_config):
    batch = torch.rand(8, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    plain, averaged = TrainState(tiny_config(), CPU), TrainState(tiny_config(ema=50), CPU)
    for _ in range(3):
        plain.step(batch)
        averaged.step(batch)
    for name, weight in plain.generator.state_dict().items():
        assert torch.equal(weight, averaged.generator.state_dict()[name])
    assert not torch.equal(averaged.sampler.project.weight, averaged.generator.project.weight)


def test_a_run_with_an_average_samples_from_it_and_resumes_it(tmp_path, tiny_config, tiny_images):
    config, images = tiny_config(ema=50, images=80), tiny_images()
    train(config, images, tmp_path / "whole", device=CPU)
    stops = iter([False, False, True])
    assert train(config, images, tmp_path / "parts", device=CPU, should_stop=lambda: next(stops)) == "interrupted"
    train(config, images, tmp_path / "parts", device=CPU)
    whole, parts = Run(tmp_path / "whole"), Run(tmp_path / "parts")
    for name, weight in whole.generator().state_dict().items():
        assert torch.equal(weight, parts.generator().state_dict()[name])
        assert torch.equal(weight, whole.load()["average"][name])
    assert not torch.equal(whole.generator().project.weight, whole.load()["generator"]["project.weight"])


def test_half_of_the_images_are_mirrored_and_the_same_ones_each_time(tiny_config):
    state = TrainState(tiny_config(flips=True, batch_size=400), CPU)
    real = torch.rand(400, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    flipped = state._flipped(real)
    mirrored = (flipped == real.flip(3)).flatten(1).all(1)
    untouched = (flipped == real).flatten(1).all(1)
    assert bool((mirrored ^ untouched).all())
    assert 150 < int(mirrored.sum()) < 250
    assert torch.equal(state._flipped(real), flipped)
    state.position += 400
    assert not torch.equal(state._flipped(real), flipped)


def test_flips_reach_the_discriminator(tiny_config):
    batch = torch.rand(8, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    plain, flipping = TrainState(tiny_config(), CPU), TrainState(tiny_config(flips=True), CPU)
    handed_over = TrainState(tiny_config(), CPU)
    found = flipping.step(batch)
    expected = handed_over.step(TrainState(tiny_config(flips=True), CPU)._flipped(batch))
    assert torch.equal(found.d_loss, expected.d_loss)
    assert not torch.equal(found.d_loss, plain.step(batch).d_loss)
