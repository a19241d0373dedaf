"""Conversion between uint8 and signed pixels."""

import torch


def to_signed(images: torch.Tensor) -> torch.Tensor:
    """Map uint8 pixels, 0 to 255, to float32 in [-1, 1] by x / 127.5 - 1, for any shape."""
    return images.float().div(127.5).sub(1)


def from_signed(signed: torch.Tensor) -> torch.Tensor:
    """Map floats in [-1, 1] to uint8 pixels, 0 to 255, for any shape; values are clamped and rounded to the nearest."""
    return signed.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
