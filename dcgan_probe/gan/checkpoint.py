"""Takes a training state's dictionary and a path, gives one whole checkpoint file; knows no run folder.

Keys: ``discriminator``, ``generator`` (plain state dicts), ``optimizers``, ``position`` (real images seen by the
discriminator) and ``config``; ``average``, the moving average of the generator's weights, where one is kept. Imported
weights have no ``optimizers`` (None), maybe no ``generator`` (None), and tell in ``imported`` where they come from. It
loads with ``torch.load(path, weights_only=True)``.
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
        If the disk is full; the checkpoint before stays.
    """
    # Serialised to an open file, so that a full disk is reported as such and not as torch's own archive error.
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        torch.save(state, file)


def load_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU.

    Raises
    ------
    UserError
        If the file is missing, cannot be read, is damaged, not a checkpoint of this project, or changes meanwhile.
    """
    path = Path(path)
    try:
        with opened_whole(path) as file:
            stored = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise UserError(f"there is no checkpoint {path}; train first, or name a run folder that holds one") from error
    except (ChangedFileError, MemoryError):
        raise
    except Exception as error:  # foreign bytes make torch fail in many ways
        # Of the system, not of the content; torch seeks to where a file that was cut off has no byte.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise UserError(f"{path} cannot be read ({error.strerror}); allow that, then rerun") from error
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"{path} is corrupt, or not a checkpoint ({reason}); restore it from a copy, or train in another folder"
        ) from error
    if not isinstance(stored, dict) or not set(stored) >= KEYS:
        missing = sorted(KEYS - set(stored)) if isinstance(stored, dict) else sorted(KEYS)
        raise UserError(f"{path} is not a checkpoint of dcgan-probe: missing {', '.join(missing)}")
    return stored
