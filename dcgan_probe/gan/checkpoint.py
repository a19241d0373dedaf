"""Checkpoint files of a training state, written whole or not at all.

Keys: ``discriminator``, ``generator`` (plain state dicts), ``optimizers``, ``position`` (real images seen by the
discriminator) and ``config``; ``average``, the moving average of the generator's weights, if the run keeps one.
Imported weights have no ``optimizers`` (None), may have no ``generator`` (None), and store their origin in
``imported``. The file loads with ``torch.load(path, weights_only=True)``.
"""

import errno
from pathlib import Path
from typing import Any

import torch

from ..runtime import UserError
from ..storage import ChangedFileError, opened_whole, whole_file

KEYS = frozenset({"discriminator", "generator", "optimizers", "position", "config"})


def save_checkpoint(path: str | Path, state: dict[str, Any]) -> None:
    """Write the checkpoint whole or not at all.

    Raises
    ------
    UserError
        If the disk is full; the previous checkpoint stays.
    """
    # Serialized to an open file, so that a full disk is reported as such and not as torch's own archive error.
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        torch.save(state, file)


def load_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU.

    Raises
    ------
    UserError
        If the file is missing, unreadable, corrupt or not a checkpoint of this project, or changes while it is read.
    """
    path = Path(path)
    try:
        with opened_whole(path) as file:
            stored = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError(f"there is no checkpoint {path}; train first, or name a run folder that holds one") from error
    except (ChangedFileError, MemoryError):
        raise
    except Exception as error:  # torch raises many types of exceptions on corrupt bytes
        # Errors of the system, not of the content: in a truncated file, torch seeks beyond the end (EINVAL).
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise UserError(f"{path} cannot be read ({error.strerror}); change its permissions, then rerun") from error
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"{path} is corrupt, or not a checkpoint ({reason}); restore it from a copy, or train in another folder"
        ) from error
    if not isinstance(stored, dict) or not set(stored) >= KEYS:
        missing = sorted(KEYS - set(stored)) if isinstance(stored, dict) else sorted(KEYS)
        raise UserError(f"{path} is not a checkpoint of dcgan-probe: missing {', '.join(missing)}")
    return stored
