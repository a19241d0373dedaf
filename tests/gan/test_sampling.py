from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from dcgan_probe.gan import draw_samples, generate, numbered, preset_config, train
from dcgan_probe.gan.run import Run
from dcgan_probe.images import ImageSet
from dcgan_probe.networks import build_generator
from dcgan_probe.runtime import UserError, torch_generator

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    pixels = np.random.default_rng(0).integers(0, 256, (32, 3, 32, 32), dtype=np.uint8)
    config = preset_config("demo", ndf=4, ngf=4, nz=8, batch_size=16, images=32)
    train(config, ImageSet(pixels, None, "noise", "train", "made up"), folder, device=CPU)
    return Run(folder)


def test_samples_have_the_announced_shapes(run):
    drawn = draw_samples(run, 5, seed=3, device=CPU)
    assert drawn.images.shape == (5, 3, 32, 32)
    assert drawn.images.dtype == np.uint8
    assert drawn.z.shape == (5, 8)
    assert drawn.z.dtype == np.float32
    assert np.abs(drawn.z).max() <= 1.0


def test_a_sample_does_not_depend_on_the_others(run):
    few, many = draw_samples(run, 3, seed=1, device=CPU), draw_samples(run, 300, seed=1, device=CPU)
    np.testing.assert_array_equal(few.z, many.z[:3])
    assert np.abs(few.images.astype(int) - many.images[:3]).max() <= 1  # rounding of a differently blocked product


@dataclass
class Untrained:
    """A run whose generator has learned nothing."""

    z: str
    nz: int

    def generator(self):
        network = preset_config("demo").network
        return build_generator(replace(network, ngf=2, nz=self.nz, z=self.z), 0)


@pytest.mark.parametrize(("z", "nz"), [("gaussian", 100), ("gaussian", 3), ("uniform", 100), ("uniform", 3)])
def test_a_number_names_one_z_however_many_are_drawn(z, nz):
    """Torch draws the last numbers of an uneven count again, and fewer than 16 in another way."""
    many = draw_samples(Untrained(z, nz), 1100, seed=1, device=CPU).z
    for count in (1, 5, 33, 1025):
        np.testing.assert_array_equal(draw_samples(Untrained(z, nz), count, seed=1, device=CPU).z, many[:count])
    for numbers in ([0], [2], [6, 1024, 1], [1099, 7]):
        np.testing.assert_array_equal(numbered(Untrained(z, nz), numbers, seed=1, device=CPU).z, many[numbers])


def test_uniform_z_are_the_stream_of_the_seed():
    expected = torch.rand((1100, 7), generator=torch_generator(5, "sample")) * 2 - 1
    np.testing.assert_array_equal(draw_samples(Untrained("uniform", 7), 1100, seed=5, device=CPU).z, expected)


def test_another_seed_draws_other_samples(run):
    assert not np.array_equal(draw_samples(run, 3, seed=1, device=CPU).z, draw_samples(run, 3, seed=2, device=CPU).z)


def test_no_sample_is_refused(run):
    with pytest.raises(UserError, match="got 0 samples, expected at least 1"):
        draw_samples(run, 0, device=CPU)


def test_generate_uses_the_running_statistics():
    network = replace(preset_config("demo").network, ngf=4, nz=8)
    generator = build_generator(network, 0)
    generator.first_norm.running_mean.fill_(3.0)
    z = torch.zeros(2, 8)
    generator.eval()
    with torch.no_grad():
        expected = ((generator(z) + 1) * 127.5).round().to(torch.uint8).numpy()
    np.testing.assert_array_equal(generate(generator.train(), z, CPU), expected)
