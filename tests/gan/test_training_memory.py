"""Memory of a training from its config: never more than torch takes, and refused before it is asked for."""

from dataclasses import replace

import pytest
import torch

from dcgan_probe import preset_config
from dcgan_probe.gan import PRESETS, TrainConfig, check_training_memory, training_memory
from dcgan_probe.networks import Discriminator, Generator
from dcgan_probe.runtime import UserError


def kept_values(network, images):
    """Count the numbers that torch keeps for the pass back through a network; no tensor twice."""
    kept = {}

    def keep(tensor):
        kept[tensor.data_ptr()] = tensor.numel()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = network(images)
        total = sum(kept.values())
    return output, total


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "conditional"])
def test_the_least_number_of_weights_is_nearly_the_number(name):
    network = PRESETS[name].network
    for changed in (network, replace(network, hidden=50), replace(network, resampling="max-pool", kernel=3)):
        with torch.device("meta"):
            networks = Discriminator(changed), Generator(changed)
        parameters = sum(weight.numel() for each in networks for weight in each.parameters())
        assert 0.97 * parameters < training_memory.least_parameters(changed) <= parameters


def test_the_maps_are_no_more_than_what_torch_keeps():
    network = PRESETS["demo"].network
    generator, discriminator = Generator(network), Discriminator(network)
    z = torch.rand(4, network.nz)
    images, first = kept_values(generator, z)
    _, second = kept_values(discriminator, images)
    assert 0.1 * (first + second) < 4 * training_memory.least_map_values(network) <= first + second


@pytest.mark.parametrize(
    "changes",
    [
        {"ndf": 10**8},
        {"ngf": 10**5},
        {"nz": 10**10},
        {"hidden": 10**9},
        {"batch_size": 10**8},
        {"multipliers": (1, 2, 10**8)},
        {"image_size": 2**16},
    ],
    ids=str,
)
def test_a_training_that_cannot_fit_is_refused_in_a_sentence(changes):
    with pytest.raises(
        UserError, match=r"needs about \d+\.\d GB of memory, but only \d+\.\d GB are available; use fewer maps"
    ):
        check_training_memory(preset_config("demo", **changes))


def test_ranks_share_the_maps_of_a_batch(monkeypatch):
    config = preset_config("demo", batch_size=1000)
    monkeypatch.setattr(training_memory, "available_memory", lambda: 3 * 10**7)
    with pytest.raises(UserError, match="a batch of 1,000"):
        check_training_memory(config)
    check_training_memory(config, ranks=10)


@pytest.mark.parametrize("images", [1e30, 10**13, 0.5])
def test_a_length_beyond_any_training_is_refused(images):
    with pytest.raises(UserError, match=r"expected a whole number of at most 1,000,000,000,000"):
        preset_config("demo", images=images)
    assert isinstance(preset_config("demo", images=10**12), TrainConfig)
