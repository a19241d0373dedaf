"""Short hashes of the content of arrays, tensors and settings."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

LENGTH = 16  # hexadecimal digits, 64 bits


def fingerprint_blocks(shape: tuple[int, ...], blocks: Iterable[np.ndarray], *others: np.ndarray | None) -> str:
    """Hash an array given as consecutive blocks of rows, followed by further arrays.

    The hash does not depend on the sizes of the blocks.

    Parameters
    ----------
    shape
        Shape of the array.
    blocks
        Blocks of its rows, in order.
    *others
        Further arrays; None is hashed as an absent array.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    digest = hashlib.sha256(f"{tuple(int(size) for size in shape)}".encode())
    for block in blocks:
        digest.update(np.ascontiguousarray(block).data)
    for other in others:
        digest.update(b"none" if other is None else f"{other.dtype}{other.shape}".encode())
        if other is not None:
            digest.update(np.ascontiguousarray(other).data)
    return digest.hexdigest()[:LENGTH]


def fingerprint_rows(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Hash each row of an array given as consecutive blocks, uint64 (N,); equal rows have equal hashes."""
    digests = [
        hashlib.blake2b(row.data, digest_size=8).digest()
        for block in blocks
        for row in np.ascontiguousarray(block).reshape(len(block), -1)
    ]
    return np.frombuffer(b"".join(digests), np.uint64)


def fingerprint_tensors(tensors: Mapping[str, "torch.Tensor"]) -> str:
    """Hash named tensors, such as a state dict, by names, dtypes, shapes and bytes: 16 hexadecimal digits."""
    import torch

    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:LENGTH]


def fingerprint_settings(settings: Mapping[str, Any]) -> str:
    """Hash a mapping that is serializable as JSON, independent of the order of its keys: 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:LENGTH]
