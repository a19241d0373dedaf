"""Takes a seed and the names of what it is for, gives an independent seed; knows no global random state."""

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Derive the seed of one purpose, in [0, 2**63).

    Parameters
    ----------
    seed
        The user's seed.
    *purpose
        What the numbers are for, such as ``"svhn-1000", "report", draw``. Different purposes give independent streams.
    """
    # An integer of numpy names the same purpose as Python's; "1" and 1 are two.
    parts = (f"str:{part}" if isinstance(part, str) else f"int:{int(part)}" for part in purpose)
    text = "\x1f".join([str(int(seed)), *parts])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def torch_generator(seed: int, *purpose: str | int, device: "torch.device | str" = "cpu") -> "torch.Generator":
    """Make a torch generator on ``device`` for one purpose."""
    import torch

    return torch.Generator(device=device).manual_seed(derive_seed(seed, *purpose))


def numpy_generator(seed: int, *purpose: str | int) -> "np.random.Generator":
    """Make a numpy generator for one purpose."""
    import numpy as np

    return np.random.default_rng(derive_seed(seed, *purpose))
