"""Numbers of a tick against small cases by hand, and the proof that taking them leaves the run as it was."""

from copy import deepcopy

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from dcgan_probe.gan import TrainState
from dcgan_probe.gan.batches import Batch
from dcgan_probe.gan.diagnostics import (
    Diagnostics,
    dead_filters,
    diversity,
    gradient_norm,
    oscillating_filters,
    response,
)
from dcgan_probe.gan.fixed_noise import FixedNoise
from dcgan_probe.networks import draw_z

CPU = torch.device("cpu")


def signed(tiny_images, rows=8):
    return torch.from_numpy(tiny_images(rows).images).float() / 127.5 - 1


def test_gradient_norms_are_those_of_the_last_updates(tiny_config, tiny_images, monkeypatch):
    config, real = tiny_config(weight_decay=0.1), signed(tiny_images)
    state, z = TrainState(config, CPU), torch.linspace(-1, 1, 32).reshape(8, 4)
    monkeypatch.setattr(TrainState, "_z", lambda self, update: z)
    before = deepcopy(state.discriminator), deepcopy(state.generator)
    assert gradient_norm(state.discriminator) == 0.0
    state.step(real)

    def norm(loss, network):
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        return torch.cat([gradient.flatten() for gradient in gradients]).norm().item()

    discriminator, generator = (network.train() for network in before)
    fake = generator(z)
    ones = torch.ones(8)
    loss = binary_cross_entropy_with_logits(discriminator(real), ones)
    loss = loss + binary_cross_entropy_with_logits(discriminator(fake.detach()), 0 * ones)
    # Without the penalty, which is Adam's business.
    assert gradient_norm(state.discriminator) == pytest.approx(norm(loss, discriminator), rel=1e-4)
    updated = deepcopy(state.discriminator).train()
    loss = binary_cross_entropy_with_logits(updated(fake), ones)
    assert gradient_norm(state.generator) == pytest.approx(norm(loss, generator), rel=1e-3)


def test_diversity_is_a_ratio_of_mean_distances():
    corners = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]]).reshape(3, 1, 1, 2)  # distances 3, 4, 5
    pair = torch.tensor([[1.0, 1.0], [1.0, 3.0]]).reshape(2, 1, 1, 2)  # distance 2
    assert diversity(pair, corners) == pytest.approx(0.5)
    assert diversity(corners[[2, 0, 1]] + 7, corners) == pytest.approx(1.0)
    assert diversity(corners[[1, 1, 1]], corners) == 0.0


def test_dead_filters_are_never_positive_or_constant():
    maps = torch.randn(16, 8, 4, 4, generator=torch.Generator().manual_seed(0))
    assert dead_filters(maps) == 0.0
    maps[:, 0] = -0.2 * maps[:, 0].abs()  # on the leaking side everywhere
    maps[:, 1] = 0.7 + 0.001 * maps[:, 1]  # the same everywhere
    maps[:, 2] = -1.0
    maps[3, 2, 1, 1] = 5.0  # positive once
    maps[:, 3] *= 0.05  # small, and no constant
    assert dead_filters(maps) == pytest.approx(2 / 8)
    assert dead_filters(torch.zeros(4, 3, 2, 2)) == 1.0


def test_response_is_in_units_of_the_deviation_over_images():
    real = torch.tensor([0.0, 2.0]).reshape(2, 1, 1, 1).expand(2, 2, 3, 3)
    samples = real + torch.tensor([0.0, 1.0]).reshape(1, 2, 1, 1)
    # Second filter: 0, 2, 1, 3 on nine positions each, variance 45 / 35.
    assert response(samples, real).tolist() == pytest.approx([0.0, 1 / (45 / 35) ** 0.5])
    assert response(torch.ones(2, 1, 3, 3), torch.ones(2, 1, 3, 3)).tolist() == [0.0]


def test_oscillating_filters_swing_together():
    ticks = torch.arange(8)
    flip = (-1.0) ** ticks
    quiet = 0.02 * torch.randn(8, 10, generator=torch.Generator().manual_seed(1))
    assert oscillating_filters(quiet) == 0.0
    swinging = quiet.clone()
    swinging[:, 2] += flip
    swinging[:, 5] -= 0.5 * flip  # against the first, of the same mode
    swinging[:, 7] += 0.1 * flip  # too little
    swinging[:, 8] += torch.tensor([1.0, 1, -1, -1, 1, 1, -1, -1])  # of another mode
    assert oscillating_filters(swinging) == pytest.approx(0.2)
    drifting = quiet + torch.linspace(-1, 1, 8).unsqueeze(1)
    assert oscillating_filters(drifting) == 0.0


@pytest.mark.parametrize("updates", ["both", "alternate"])
def test_measuring_changes_nothing(tiny_config, tiny_images, updates):
    state, real = TrainState(tiny_config(updates=updates), CPU), signed(tiny_images)
    state.step(real)
    z = draw_z(state.config.network, 6, torch.Generator().manual_seed(0))
    diagnostics, random = Diagnostics(state, FixedNoise(z, None), Batch(real, None)), torch.get_rng_state()
    networks = (state.discriminator.eval(), state.generator.train())
    before = deepcopy(state.state_dict())
    gradients = [parameter.grad.clone() for network in networks for parameter in network.parameters()]
    found = [diagnostics.measure() for _ in range(8)]
    assert [row["oscillating_filters"] for row in found] == [None] * 7 + [0.0]
    assert found[0].items() - {("oscillating_filters", None)} <= found[7].items()
    for name in ("discriminator", "generator"):
        assert all(torch.equal(tensor, before[name][key]) for key, tensor in state.state_dict()[name].items())
    after = [parameter.grad for network in networks for parameter in network.parameters()]
    assert all(torch.equal(*pair) for pair in zip(gradients, after, strict=True))
    assert [network.training for network in networks] == [False, True]
    assert torch.equal(random, torch.get_rng_state())
