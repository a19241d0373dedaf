"""Features and batch-norm statistics on the device of ``--device`` (the CPU without a GPU) against the CPU's."""

import numpy as np
import pytest
import torch

from dcgan_probe.features import REAL_RULES, DiscriminatorEncoder, EncoderOrigin, real_statistics
from dcgan_probe.networks import build_discriminator

pytestmark = pytest.mark.gpu

CPU = torch.device("cpu")
ORIGIN = EncoderOrigin("dcgan", "tiny", "tiny", 300, 160, "runs/tiny", 3)


@pytest.fixture
def discriminator(tiny_config):
    """Return three layers on 16 x 16 images, whose gains and shifts all differ."""
    config = tiny_config(image_size=16, multipliers=(1, 2, 2), strides=(1, 2, 2), kernel=3, eps=1e-3).network
    network = build_discriminator(config, 0)
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=random), alpha=0.2)
    return network


@pytest.mark.parametrize("pool", ["max", "avg"])
def test_features_and_their_key_are_those_of_the_cpu(device, discriminator, tiny_images, pool):
    images = tiny_images(300, size=16)
    statistics = real_statistics(discriminator, images, CPU)
    here, there = (
        DiscriminatorEncoder(discriminator, ORIGIN, statistics=statistics, pool=pool, device=where)
        for where in (CPU, device)
    )
    assert there.settings == here.settings
    assert there.layers == here.layers
    expected, found = here.encode(images.images), there.encode(images.images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("rule", REAL_RULES)
def test_statistics_are_those_of_the_cpu(device, discriminator, tiny_images, rule):
    images = tiny_images(1300, size=16)  # ten batches; eight are copied from the device at once
    expected = real_statistics(discriminator, images, CPU, rule=rule)
    found = real_statistics(discriminator.to(device), images, device, rule=rule)
    assert list(found) == list(expected) == ["conv2", "conv3"]
    for name, (mean, variance) in found.items():
        assert mean.device.type == variance.device.type == "cpu"
        np.testing.assert_allclose(mean, expected[name][0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(variance, expected[name][1], rtol=1e-4)


def test_released_weights_need_no_running_statistics(device, discriminator, tiny_images):
    images = tiny_images(300, size=16)
    expected = real_statistics(discriminator, images, CPU)
    for norm in discriminator.norms().values():
        norm.running_mean.fill_(torch.nan)
        norm.running_var.fill_(torch.nan)
    for name, (mean, variance) in real_statistics(discriminator, images, device).items():
        np.testing.assert_allclose(mean, expected[name][0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(variance, expected[name][1], rtol=1e-4)
