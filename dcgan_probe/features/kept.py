"""Takes a path, names and a way to compute tensors, gives those of the file or computes and keeps them; no meaning."""

from collections.abc import Callable, Collection
from io import BytesIO
from pathlib import Path

import torch

from ..storage import locked, read_bytes, set_aside, whole_file

Tensors = dict[str, torch.Tensor]


def kept_tensors(path: Path, names: Collection[str], compute: Callable[[], Tensors]) -> Tensors:
    """Give the tensors in a file; where it is missing, broken or foreign, compute them and write it whole.

    A broken or foreign file is kept under another name, with a warning.

    A second process that wants the same file waits, and then reads it.

    Parameters
    ----------
    names
        Of all that ``compute`` gives; a file of other names is foreign.

    Raises
    ------
    UserError
        If the file is there and cannot be opened, or the new one cannot be written.
    """
    with locked(path):
        tensors = _read(path)
        if tensors is not None and tensors.keys() == set(names):
            return tensors
        tensors = compute()
        # torch writes into memory, since it reports a full disk as an error of its own.
        content = BytesIO()
        torch.save(tensors, content)
        if path.exists():
            set_aside(path, f"does not hold {', '.join(sorted(names))}")
        with whole_file(path) as temporary:
            temporary.write_bytes(content.getbuffer())
    return tensors


def _read(path: Path) -> Tensors | None:
    """Read a file of tensors; None if it is missing or holds something else, since they can be computed again."""
    try:
        content = BytesIO(read_bytes(path))
    except FileNotFoundError:
        return None
    try:
        tensors = torch.load(content, weights_only=True)
    except MemoryError:
        raise
    except Exception:  # foreign bytes raise errors of many kinds in torch.load
        return None
    return tensors if isinstance(tensors, dict) else None
