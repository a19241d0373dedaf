"""Losses and updates against a plain second implementation: float64, autograd on probabilities, Adam by its formula."""

import pytest
import torch
from torch.nn.functional import binary_cross_entropy

from dcgan_probe.gan import TrainState, discriminator_loss, generator_loss, state
from dcgan_probe.networks import draw_z, load_discriminator, load_generator
from dcgan_probe.runtime import torch_generator

CPU = torch.device("cpu")


def logits(seed):
    return torch.randn(50, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 3


def test_losses_are_cross_entropies_of_probabilities():
    real, fake = logits(0), logits(1)
    ones, zeros = torch.ones(50, dtype=torch.float64), torch.zeros(50, dtype=torch.float64)
    expected = binary_cross_entropy(real.sigmoid(), ones) + binary_cross_entropy(fake.sigmoid(), zeros)
    torch.testing.assert_close(discriminator_loss(real, fake), expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(generator_loss(fake), binary_cross_entropy(fake.sigmoid(), ones), rtol=1e-12, atol=0)


def test_losses_stay_exact_where_probabilities_round_to_0_and_1():
    far = torch.tensor([200.0])
    assert generator_loss(-far) == 200
    assert discriminator_loss(-far, far) == 400
    assert discriminator_loss(far, -far) == 0


class PlainAdam:
    """Adam by its formula, with the L2 penalty added to the gradient first (coupled, as the authors do)."""

    def __init__(self, weights, config):
        self.weights, self.config, self.count = list(weights), config, 0
        self.first = [torch.zeros_like(weight) for weight in self.weights]
        self.second = [torch.zeros_like(weight) for weight in self.weights]

    def step(self, loss):
        gradients = torch.autograd.grad(loss, self.weights)
        self.count += 1
        beta1, beta2, count = self.config.beta1, 0.999, self.count
        for weight, gradient, m, v in zip(self.weights, gradients, self.first, self.second, strict=True):
            gradient = gradient + self.config.weight_decay * weight.detach()
            m.copy_(beta1 * m + (1 - beta1) * gradient)
            v.copy_(beta2 * v + (1 - beta2) * gradient**2)
            step = self.config.lr * (m / (1 - beta1**count)) / ((v / (1 - beta2**count)).sqrt() + 1e-8)
            weight.data -= step


def plain_training(config, batches):
    """Train as the paper says, with a z of its own for each update that needs one; give both state dicts."""
    start = TrainState(config, CPU)
    d = load_discriminator(config.network, start.discriminator.state_dict()).double().train()
    g = load_generator(config.network, start.generator.state_dict()).double().train()
    d_adam, g_adam = PlainAdam(d.parameters(), config), PlainAdam(g.parameters(), config)
    losses, position = [], 0

    def z(update):
        return draw_z(config.network, 8, torch_generator(config.seed, "z", update, position)).double()

    def update_d(real, fake):
        real, fake = d(real).sigmoid(), d(fake.detach()).sigmoid()
        loss = binary_cross_entropy(real, torch.ones_like(real)) + binary_cross_entropy(fake, torch.zeros_like(fake))
        d_adam.step(loss)
        return loss.item(), real.mean().item(), fake.mean().item()

    def update_g(fake):
        probability = d(fake).sigmoid()
        loss = binary_cross_entropy(probability, torch.ones_like(probability))
        g_adam.step(loss)
        return loss.item()

    for real in batches:
        if config.updates == "both":
            fake = g(z("both"))
            d_loss, d_real, d_fake = update_d(real, fake)
            g_loss = update_g(fake)
        else:
            g_loss = update_g(g(z("generator")))
            d_loss, d_real, d_fake = update_d(real, g(z("discriminator")))
        losses.append((d_loss, g_loss, d_real, d_fake))
        position += 8
    return d.state_dict(), g.state_dict(), losses


def real_batches(count):
    random = torch.Generator().manual_seed(9)
    return [torch.rand((8, 3, 8, 8), generator=random, dtype=torch.float64) * 2 - 1 for _ in range(count)]


@pytest.mark.parametrize("updates", ["both", "alternate"])
def test_steps_against_a_plain_implementation(tiny_config, monkeypatch, updates):
    # A penalty and a learning rate large enough to show in three steps.
    config = tiny_config(updates=updates, weight_decay=0.3, lr=0.01)
    training = TrainState(config, CPU)
    training.discriminator.double()
    training.generator.double()
    monkeypatch.setattr(state, "draw_z", lambda *arguments: draw_z(*arguments).double())
    batches = real_batches(3)
    found = [training.step(batch) for batch in batches]
    d, g, losses = plain_training(config, batches)
    # The losses themselves are computed in float32.
    for row, expected in zip(found, losses, strict=True):
        values = [float(value) for value in (row.d_loss, row.g_loss, row.d_real, row.d_fake)]
        assert values == pytest.approx(expected, rel=1e-5)
    assert training.position == 24
    for network, expected in ((training.discriminator, d), (training.generator, g)):
        for name, tensor in network.state_dict().items():
            torch.testing.assert_close(tensor, expected[name], rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.parametrize(("updates", "forwards"), [("both", 1), ("alternate", 2)])
def test_number_of_forward_passes(tiny_config, updates, forwards):
    training, seen = TrainState(tiny_config(updates=updates), CPU), []
    training.generator.register_forward_hook(lambda *arguments: seen.append("g"))
    training.discriminator.register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    training.step(real_batches(1)[0].float())
    assert seen.count("g") == forwards
    # Real and generated images pass the discriminator separately, a batch each.
    assert [size for size in seen if size != "g"] == [8, 8, 8]


def test_both_clocks_begin_with_their_own_network(tiny_config):
    for updates, expected in (("both", ["d", "g"]), ("alternate", ["g", "d"])):
        training, order = TrainState(tiny_config(updates=updates), CPU), []
        training._d_optimizer.register_step_post_hook(lambda *arguments, order=order: order.append("d"))
        training._g_optimizer.register_step_post_hook(lambda *arguments, order=order: order.append("g"))
        training.step(real_batches(1)[0].float())
        assert order == expected


def test_an_update_of_one_network_leaves_the_other_alone(tiny_config):
    training = TrainState(tiny_config(updates="alternate"), CPU)
    kept = []
    training._g_optimizer.register_step_post_hook(
        lambda *arguments: kept.extend(weight.detach().clone() for weight in training.discriminator.parameters())
    )
    start = [weight.detach().clone() for weight in training.discriminator.parameters()]
    training.step(real_batches(1)[0].float())
    assert all(torch.equal(a, b) for a, b in zip(start, kept, strict=True))
    assert all(weight.requires_grad for weight in training.discriminator.parameters())


def test_step_leaves_the_global_random_state_alone(tiny_config):
    before = torch.get_rng_state()
    TrainState(tiny_config(), CPU).step(real_batches(1)[0].float())
    assert torch.equal(before, torch.get_rng_state())


def test_seeds_and_positions_give_different_z(tiny_config):
    draws = []
    for seed, position in ((0, 0), (0, 8), (1, 0)):
        training = TrainState(tiny_config(seed=seed), CPU)
        training.position = position
        draws += [training._z("both"), training._z("generator")]
    assert len({tuple(draw.flatten().tolist()) for draw in draws}) == 6


@pytest.mark.parametrize("updates", ["both", "alternate"])
def test_uint8_images_are_shown_as_signed_ones(tiny_config, tiny_images, updates):
    pixels = torch.from_numpy(tiny_images(8).images)
    config = tiny_config(updates=updates, flips=True)
    given, signed = TrainState(config, CPU), TrainState(config, CPU)
    for _ in range(2):
        found, expected = given.step(pixels), signed.step(pixels.float() / 127.5 - 1)
        assert torch.equal(found.d_loss, expected.d_loss)
    weights, others = given.discriminator.state_dict(), signed.discriminator.state_dict()
    assert all(torch.equal(weight, others[name]) for name, weight in weights.items())
