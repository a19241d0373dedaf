import torch

from dcgan_probe.images import from_signed, to_signed

LEVELS = torch.arange(256, dtype=torch.uint8).reshape(4, 1, 8, 8)


def test_the_range_is_minus_one_to_one():
    signed = to_signed(LEVELS)
    assert signed.dtype == torch.float32
    assert signed.shape == LEVELS.shape
    assert (signed.flatten()[0], signed.flatten()[255]) == (-1, 1)
    exact = LEVELS.double() * 2 / 255 - 1
    assert (signed - exact).abs().max() < 1e-7


def test_every_level_comes_back_also_in_half_precision():
    assert torch.equal(from_signed(to_signed(LEVELS)), LEVELS)
    assert torch.equal(from_signed(to_signed(LEVELS).half()), LEVELS)


def test_values_are_rounded_and_clamped():
    signed = torch.tensor([-3.0, -1.004, -0.9941, 0.0, 1.002, 7.0])
    assert from_signed(signed).tolist() == [0, 0, 1, 128, 255, 255]
