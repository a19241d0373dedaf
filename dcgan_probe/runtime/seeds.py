"""Independent seeds and random generators for named purposes."""

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
        Purpose of the random numbers, such as ``"svhn-1000", "report", draw``. Different purposes have independent
        streams.
    """
    # Integers of numpy and of Python denote the same purpose; "1" and 1 denote different purposes.
    parts = (f"str:{part}" if isinstance(part, str) else f"int:{int(part)}" for part in purpose)
    text = "\x1f".join([str(int(seed)), *parts])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def torch_generator(seed: int, *purpose: str | int, device: "torch.device | str" = "cpu") -> "torch.Generator":
    """Return a torch generator on ``device`` for one purpose; see ``derive_seed``."""
    import torch

    return torch.Generator(device=device).manual_seed(derive_seed(seed, *purpose))


def numpy_generator(seed: int, *purpose: str | int) -> "np.random.Generator":
    """Return a numpy generator for one purpose; see ``derive_seed``."""
    import numpy as np

    return np.random.default_rng(derive_seed(seed, *purpose))
