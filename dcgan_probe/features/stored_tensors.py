"""Tensors that are computed once and stored in a file."""

from collections.abc import Callable, Collection
from io import BytesIO
from pathlib import Path

import torch

from ..storage import locked, read_bytes, set_aside, whole_file

Tensors = dict[str, torch.Tensor]


def load_or_compute(path: Path, names: Collection[str], compute: Callable[[], Tensors]) -> Tensors:
    """Return the tensors in a file; if it is missing or invalid, compute the tensors and write the file.

    An invalid file is kept under another name, with a warning. A second process that needs the same file waits, and
    then reads it.

    Parameters
    ----------
    names
        Names of all tensors that ``compute`` returns; a file with other names is invalid.
    compute
        Function that returns the tensors by name.

    Raises
    ------
    UserError
        If the file exists and cannot be opened, or the new file cannot be written.
    """
    with locked(path):
        tensors = _read(path)
        if tensors is not None and tensors.keys() == set(names):
            return tensors
        tensors = compute()
        # Serialized in memory, since torch reports a full disk with an exception type of its own.
        content = BytesIO()
        torch.save(tensors, content)
        if path.exists():
            set_aside(path, f"does not hold {', '.join(sorted(names))}")
        with whole_file(path) as temporary:
            temporary.write_bytes(content.getbuffer())
    return tensors


def _read(path: Path) -> Tensors | None:
    """Read a file of tensors; None if it is missing or invalid, since the tensors can be computed again."""
    try:
        content = BytesIO(read_bytes(path))
    except FileNotFoundError:
        return None
    try:
        tensors = torch.load(content, weights_only=True)
    except MemoryError:
        raise
    except Exception:  # torch.load raises exceptions of many types on corrupt bytes
        return None
    return tensors if isinstance(tensors, dict) else None
