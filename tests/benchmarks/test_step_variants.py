"""Every variant of a step that is timed computes the product's step."""

import sys
from pathlib import Path

import pytest
import torch

from dcgan_probe.gan import TrainState

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CPU = torch.device("cpu")


@pytest.fixture
def variants(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.delitem(sys.modules, "step_variants", raising=False)
    import step_variants

    return step_variants


@pytest.mark.parametrize("resampling", ["stride", "max-pool"])
@pytest.mark.parametrize("output_bias", [False, True])
def test_padded_channels_change_nothing(variants, tiny_config, tiny_images, resampling, output_bias):
    config = tiny_config(resampling=resampling, norm="none" if output_bias else "all-but-ends")
    plain, padded = TrainState(config, CPU), TrainState(config, CPU)
    variants.pad_channels(padded)
    pixels = torch.from_numpy(tiny_images(8).images)
    for _ in range(2):
        expected, found = plain.step(pixels), padded.step(pixels)
        torch.testing.assert_close(found.d_loss, expected.d_loss)
        torch.testing.assert_close(found.g_loss, expected.g_loss)
    assert padded.discriminator.state_dict().keys() == plain.discriminator.state_dict().keys()
    first = padded.discriminator.layers["conv1"].conv
    maps = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(first(maps), torch.nn.Conv2d.forward(first, maps))


def test_transposed_convolutions_are_padded_too(variants):
    conv = torch.nn.ConvTranspose2d(5, 3, 5, 2, 2, 1)
    maps = torch.rand(2, 5, 4, 4)
    found = variants.padded_transposed_convolution(conv, maps)
    torch.testing.assert_close(found, conv(maps))
    found.sum().backward()
    assert conv.weight.grad.shape == conv.weight.shape


def test_norms_are_compiled_with_their_activations(variants, tiny_config, tiny_images, monkeypatch):
    def compile_eagerly(function, **settings):
        compiled.append(function)
        return function

    compiled = []
    monkeypatch.setattr(torch, "compile", compile_eagerly)
    state = TrainState(tiny_config(), CPU)
    variants.compile_norms(state)
    assert [type(function.__self__).__name__ for function in compiled] == [
        "ConvolutionLayer", "ConvolutionLayer", "TransposedLayer",
    ]  # fmt: skip
    calls = []
    for layer in (*state.discriminator.layers.values(), *state.generator.layers.values()):
        monkeypatch.setattr(layer, "activated", lambda maps, to=layer.activated: calls.append(0) or to(maps))
    state.step(torch.from_numpy(tiny_images(8).images))
    assert len(calls) == 3 * 2 + 1
