"""Takes uint8 images as tensors, gives signed ones and back: the one place where the pixel range changes."""

import torch


def to_signed(images: torch.Tensor) -> torch.Tensor:
    """Map uint8 0 to 255 to float32 -1 to 1, x / 127.5 - 1, at any shape."""
    return images.float().div(127.5).sub(1)


def from_signed(signed: torch.Tensor) -> torch.Tensor:
    """Map floats -1 to 1 to uint8 0 to 255, rounded to the nearest; what lies outside is clamped."""
    return signed.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
