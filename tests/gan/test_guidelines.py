"""Runs whose networks break a guideline: trained, interrupted, continued and sampled as any other."""

import pytest
import torch

from dcgan_probe.gan import Run, train
from dcgan_probe.gan.sampling import draw_samples
from dcgan_probe.networks import build_discriminator, build_generator

CPU = torch.device("cpu")
BROKEN = [
    {"resampling": "max-pool", "kernel": 3},
    {"norm": "none"},
    {"norm": "all"},
    {"hidden": 5},
    {"leak": 0.0},
    {"output": "sigmoid"},
]


@pytest.mark.parametrize("changes", BROKEN, ids=str)
def test_every_weight_is_trained_and_an_interruption_changes_nothing(changes, tiny_config, tiny_images, tmp_path):
    config = tiny_config(images=32, lr=0.01, **changes)
    train(config, tiny_images(), tmp_path / "whole", device=CPU)
    answers = iter([False, True])
    train(config, tiny_images(), tmp_path / "parts", device=CPU, should_stop=lambda: next(answers))
    assert Run(tmp_path / "parts").position() == 16
    train(config, tiny_images(), tmp_path / "parts", device=CPU)
    whole, parts = (Run(tmp_path / name).load() for name in ("whole", "parts"))
    for name, build in (("discriminator", build_discriminator), ("generator", build_generator)):
        for key, before in build(config.network, config.seed).named_parameters():
            assert not torch.equal(before, whole[name][key]), key
        assert all(torch.equal(tensor, parts[name][key]) for key, tensor in whole[name].items())
    drawn = draw_samples(Run(tmp_path / "whole"), 4, device=CPU)
    assert drawn.images.shape == (4, 3, 8, 8)
    assert drawn.images.std() > 0
