"""Takes a path and a way to compute tensors, gives them from the file or computes and keeps them; knows no meaning."""

from collections.abc import Callable
from pathlib import Path

import torch

from ..storage import locked, whole_file

Tensors = dict[str, torch.Tensor]


def kept_tensors(path: Path, compute: Callable[[], Tensors]) -> Tensors:
    """Give the tensors in a file; where it is missing or broken, compute them and write it, whole or not at all.

    A second process that wants the same file waits, and then reads it.
    """
    with locked(path):
        tensors = _read(path)
        if tensors is not None:
            return tensors
        tensors = compute()
        with whole_file(path) as temporary, open(temporary, "wb") as file:
            torch.save(tensors, file)
    return tensors


def _read(path: Path) -> Tensors | None:
    """Read a file of tensors; None if it is missing or broken, since they can be computed again."""
    try:
        return torch.load(path, weights_only=True)
    except Exception:  # foreign bytes raise errors of many kinds in torch.load
        return None
